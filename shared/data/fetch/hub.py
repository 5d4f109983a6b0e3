"""The one way in for what lies on the Hugging Face hub: pinned, checked, from its cache or the hub.

Files come to lie in the cache of huggingface_hub (HF_HOME), as its own downloads do; what is there
already is used. A file is compared with the hub's record at the pinned commit (SHA-256, or git's
own hash of a small one) and with `known.yaml`. Which files were found right is written beside them,
so that no job reads 16 GB only to check them again. With HF_HUB_OFFLINE=1 nothing is asked.
"""

import fcntl
import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

from huggingface_hub import HfApi, constants, hf_hub_download, hf_hub_url
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.file_download import repo_folder_name
from tqdm import tqdm

from shared.data.fetch.transfer import continue_file
from shared.data.fetch.wanted import Repository
from shared.errors import UserError
from shared.files import read_json, read_yaml, write_json

KNOWN = Path(__file__).with_name("known.yaml")
SPARE = 2**28  # bytes of a disk that are left free
# What a model is loaded from, all of it at the top of its repository.
WEIGHTS = (("*.safetensors", "consolidated*"), ("pytorch_model*.bin", ""))  # wanted, but not
BESIDES = ("*.json", "*.txt", "*.model", "*.jinja", "*.tiktoken")


@dataclass(frozen=True)
class Listed:
    """A file of a repository: size in bytes, and SHA-256 (64 digits) or git's blob id (40)."""

    size: int
    digest: str


@dataclass(frozen=True)
class Fetched:
    """A repository that is here, whole and checked."""

    folder: Path
    files: dict[str, Listed]
    new: int  # bytes that had to be downloaded

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files.values())


def local_folder(repository: Repository) -> Path:
    """Its folder; it is fetched if it is not here and the hub may be asked."""
    return here(repository) or fetch(repository).folder


def here(repository: Repository) -> Path | None:
    """Its folder, if it was fetched before and no file has changed since."""
    folder, record = _snapshot(repository), read_record(repository)
    if record and all(_is_checked(folder / name, at) for name, (_, at) in record.items()):
        return folder
    return None


def fetch(repository: Repository) -> Fetched:
    """Download what is not here yet, and check all of it.

    Raises `UserError`, in one line, if the hub is off or can't be reached, the repository is gated,
    or its revision is not there; if the disk is too small, the transfer breaks off, or a file is
    not what it should be.
    """
    if constants.HF_HUB_OFFLINE:
        raise UserError(
            f"{repository}: not here whole and checked, and the hub is off (HF_HUB_OFFLINE); "
            "where it is on, run `snakemake fetch` with the same --config"
        )
    try:
        files = _listed(repository)
        return Fetched(_snapshot(repository), files, _download(repository, files))
    except (HTTPError, EntryNotFoundError, OfflineModeIsEnabled) as error:
        raise UserError(f"{repository}: {_reason(repository, error)}") from None


def adopt(repository: Repository, write: Callable[[Path], None]) -> Path:
    """Put a repository that was made here where a download of it would lie, whole and checked.

    write: given the folder, which is not there yet, it writes the files. Gives the folder.
    """
    folder = _snapshot(repository)
    folder.parent.mkdir(parents=True, exist_ok=True)
    if not folder.is_dir():
        write(folder)
    files = [path for path in folder.rglob("*") if path.is_file() and path.name[0] != "."]
    rows = {
        str(path.relative_to(folder)): (path.stat().st_size, "", path.stat().st_mtime_ns)
        for path in files
    }
    write_json(_record_path(repository), rows)
    return folder


def read_record(repository: Repository) -> dict[str, tuple[Listed, int]] | None:
    """Files that were found right, and the time stamps (ns) they had then; None: never fetched."""
    path = _record_path(repository)
    if not path.is_file():
        return None
    rows = read_json(path)
    return {name: (Listed(size, digest), at) for name, (size, digest, at) in rows.items()}


@cache
def known(path: Path = KNOWN) -> dict[str, dict[str, dict]]:
    """`id@revision` → file → sha256 and perhaps bytes, of `known.yaml`."""
    return read_yaml(path)


def chosen(repository: Repository, names: list[str]) -> list[str]:
    """Of all files of a repository those that are wanted."""
    if repository.only:
        return [name for name in names if any(fnmatch(name, each) for each in repository.only)]
    if repository.kind == "dataset":
        return names
    top = [name for name in names if "/" not in name]
    for wanted, but_not in WEIGHTS:
        weights = [name for name in top if fnmatch(name, wanted) and not fnmatch(name, but_not)]
        if weights:
            break
    return weights + [name for name in top if any(fnmatch(name, each) for each in BESIDES)]


def _listed(repository: Repository) -> dict[str, Listed]:
    info = HfApi().repo_info(
        repository.id,
        repo_type=repository.kind,
        revision=repository.revision,
        files_metadata=True,
    )
    if info.sha != repository.revision:
        raise UserError(f"{repository}: the hub answers with commit {info.sha}")
    found = {}
    for each in info.siblings:
        digest = each.lfs.sha256 if each.lfs else each.blob_id
        found[each.rfilename] = Listed(each.size, digest)
    wanted = {name: found[name] for name in chosen(repository, list(found))}
    if not wanted:
        raise UserError(f"{repository}: holds no {' or '.join(repository.only) or 'weights'}")
    for name, facts in known().get(f"{repository.id}@{repository.revision}", {}).items():
        digest = wanted[name].digest if name in wanted else ""
        if len(digest) == 64 and digest != facts["sha256"]:
            raise UserError(
                f"{repository}: {name}: the hub's sha256 is {digest}, expected {facts['sha256']}"
            )
    return wanted


def _download(repository: Repository, files: dict[str, Listed]) -> int:
    """Bytes that came in; all files are here and right afterwards."""
    record, folder = read_record(repository) or {}, _snapshot(repository)
    unchecked = {
        name: file
        for name, file in files.items()
        if name not in record or not _is_checked(folder / name, record[name][1])
    }
    missing = {name: file for name, file in unchecked.items() if not (folder / name).is_file()}
    total = sum(file.size for file in missing.values())
    came = sum(_came(repository, file) for file in missing.values())
    _check_space(repository, total - came)
    options = {"unit": "B", "unit_scale": True, "disable": None}
    with tqdm(desc=str(repository), total=total, initial=came, **options) as bar:
        for name, file in missing.items():
            _download_one(repository, name, file, bar)
    for name, file in tqdm(unchecked.items(), desc="checking", unit="file", disable=None):
        _check(repository, name, file)
    rows = {
        name: (file.size, file.digest, (folder / name).stat().st_mtime_ns)
        for name, file in files.items()
    }
    write_json(_record_path(repository), rows)
    return total - came


def _download_one(repository: Repository, name: str, file: Listed, bar: tqdm) -> None:
    """The file into the cache, not yet checked: its bytes by us, its place by huggingface_hub."""
    kept = {"repo_type": repository.kind, "revision": repository.revision}
    blob, part = _blob(repository, file), _blob(repository, file, ".incomplete")
    with _alone(_storage(repository) / "checked" / f"{file.digest}.lock"):
        if not blob.is_file():
            try:
                continue_file(hf_hub_url(repository.id, name, **kept), part, file.size, bar.update)
            except UserError as error:
                raise UserError(f"{repository}: {name} {error}") from None
            part.rename(blob)
    hf_hub_download(repository.id, name, **kept)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Let only one process do this at a time: jobs that start together may want the same file."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with open(lock, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _check(repository: Repository, name: str, file: Listed) -> None:
    """Remove a file with other bytes, and raise `UserError`."""
    path = _snapshot(repository) / name
    facts = known().get(f"{repository.id}@{repository.revision}", {}).get(name)
    for expected in {file.digest, facts["sha256"]} if facts else {file.digest}:
        if (found := _digest(path, expected)) != expected:
            path.resolve().unlink()
            path.unlink(missing_ok=True)
            kind = "sha256" if len(expected) == 64 else "git's blob id"
            raise UserError(
                f"{repository}: {name}: {kind} is {found}, expected {expected}; it was removed: "
                "run again"
            )


def _digest(path: Path, like: str) -> str:
    """Hash of a file, of the kind that `like` is."""
    with open(path, "rb") as file:
        if len(like) == 64:
            return hashlib.file_digest(file, "sha256").hexdigest()
        content = file.read()  # git itself stores no large files
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _is_checked(path: Path, at: int) -> bool:
    return path.is_file() and path.stat().st_mtime_ns == at


def _check_space(repository: Repository, needed: int) -> None:
    folder = Path(constants.HF_HUB_CACHE)
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if needed > 0 and free < needed + SPARE:
        raise UserError(
            f"{repository}: {needed / 1e9:.1f} GB to download, and {free / 1e9:.1f} GB free in "
            f"{folder}; make space, or set HF_HOME to a folder on a larger disk"
        )


def _reason(repository: Repository, error: Exception) -> str:
    folder = "datasets/" if repository.kind == "dataset" else ""
    page = f"{constants.ENDPOINT}/{folder}{repository.id}"
    if isinstance(error, GatedRepoError):
        return (
            f"gated; accept its licence at {page} with your account, then set HF_TOKEN to a token "
            "of this account"
        )
    if isinstance(error, RepositoryNotFoundError):
        return f"{page} is not there, or is private: then set HF_TOKEN"
    if isinstance(error, RevisionNotFoundError):
        return f"{page} has no revision {repository.revision}"
    return f"{page}: {' '.join(str(error).split()) or type(error).__name__}"


def _came(repository: Repository, file: Listed) -> int:
    """Bytes of a file that are in the cache, under another revision or from a broken download."""
    paths = [_blob(repository, file, suffix) for suffix in ("", ".incomplete")]
    return next((path.stat().st_size for path in paths if path.is_file()), 0)


def _storage(repository: Repository) -> Path:
    name = repo_folder_name(repo_id=repository.id, repo_type=repository.kind)
    return Path(constants.HF_HUB_CACHE) / name


def _snapshot(repository: Repository) -> Path:
    return _storage(repository) / "snapshots" / repository.revision


def _blob(repository: Repository, file: Listed, suffix: str = "") -> Path:
    return _storage(repository) / "blobs" / f"{file.digest}{suffix}"


def _record_path(repository: Repository) -> Path:
    """One for each choice of files, since it says that all of the choice is here."""
    choice = hashlib.sha256("\0".join(repository.only).encode()).hexdigest()[:8]
    return _storage(repository) / "checked" / f"{repository.revision}-{choice}.json"
