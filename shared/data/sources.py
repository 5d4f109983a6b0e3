"""Public data files by SHA-256: from a local mirror folder, the hub, or where they were published.

What was downloaded once is not downloaded again. With HF_HUB_OFFLINE=1 nothing is downloaded.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

import httpx
from huggingface_hub import constants, hf_hub_download
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled
from pydantic import StringConstraints

from shared.errors import UserError
from shared.files import atomic, sha256
from shared.settings import ROOT, Strict

VARIABLE = "REPLICATIONS_MIRROR"
BESIDE = ROOT.parent / "shared" / "mirror"  # a mirror next to the repository needs no setting
DOWNLOADS = ROOT / "resources" / "downloads"
GITHUB = "https://raw.githubusercontent.com"
TIMEOUT_S = 20  # without a byte

Route = Literal["mirror", "hub cache", "hub", "download", "downloaded before"]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Commit = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]


class Hub(Strict):
    """A data set repository of the hub that holds the same bytes, under the same base names."""

    repo: str
    revision: Commit
    folder: str = ""


class Source(Strict):
    """One public data set, pinned. `files` maps a path in a mirror folder to its SHA-256."""

    id: str
    upstream: str  # GitHub owner/name
    revision: Commit
    folder: str  # of the files in the upstream repository
    licence: str
    note: str
    files: Mapping[str, Sha256]
    hub: Hub | None = None
    own_copy: bool = False  # sensitive: only ever read from a mirror folder of the user's own


@dataclass(frozen=True)
class Fetched:
    """A checked file and the way it came in."""

    path: Path
    route: Route


def mirror_folder(mirror: str | Path | None = None) -> Path | None:
    """The mirror in use: `mirror`, else $REPLICATIONS_MIRROR, else ../shared/mirror if it exists.

    Raises `UserError` if a mirror was asked for and is not a folder.
    """
    wanted = mirror or os.environ.get(VARIABLE)
    if not wanted:
        return BESIDE if BESIDE.is_dir() else None
    if not Path(wanted).is_dir():
        raise UserError(f"mirror {wanted}: no such folder; expected the folder of data files")
    return Path(wanted)


def fetch(source: Source, file: str, mirror: str | Path | None = None) -> Fetched:
    """A file of a source: from the mirror, else the hub, else the upstream commit.

    A file that is in the mirror with other bytes is an error: it never falls through to the next
    way. Raises `UserError` for a wrong checksum, or if no way leads to the file.
    """
    folder = mirror_folder(mirror)
    if folder and (folder / file).is_file():
        found = Fetched(folder / file, "mirror")
    else:
        tried = [f"mirror: {f'no {folder / file}' if folder else 'none set'}"]
        found = _downloaded(source, file, tried)
        if not found:
            raise _nowhere(source, file, tried)
    digest = sha256(found.path)
    if digest != source.files[file]:
        if found.route == "download":
            found.path.unlink()  # so that the next run downloads it again
        raise UserError(
            f"{found.path} ({source.id}, from the {found.route}): sha256 is {digest}, "
            f"expected {source.files[file]}"
        )
    return found


def _downloaded(source: Source, file: str, tried: list[str]) -> Fetched | None:
    """The file from elsewhere than a mirror; why not is added to `tried`."""
    if source.own_copy:
        tried.append("sensitive, so never downloaded")
        return None
    ways = [_from_hub, _from_github] if source.hub else [_from_github]
    for way in ways:
        try:
            return way(source, file)
        except (HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled) as error:
            tried.append(f"hub: {' '.join(str(error).split())}")
        except httpx.HTTPError as error:
            tried.append(f"GitHub: {' '.join(str(error).split())}")
    return None


def _from_hub(source: Source, file: str) -> Fetched:
    wanted = {
        "repo_id": source.hub.repo,
        "filename": str(PurePosixPath(source.hub.folder) / PurePosixPath(file).name),
        "repo_type": "dataset",
        "revision": source.hub.revision,
    }
    try:
        return Fetched(Path(hf_hub_download(**wanted, local_files_only=True)), "hub cache")
    except LocalEntryNotFoundError:
        return Fetched(Path(hf_hub_download(**wanted)), "hub")


def _from_github(source: Source, file: str) -> Fetched:
    path = DOWNLOADS / source.id / source.revision / PurePosixPath(file).name
    if path.is_file():
        return Fetched(path, "downloaded before")
    if constants.HF_HUB_OFFLINE:
        raise httpx.RequestError("switched off by HF_HUB_OFFLINE")
    url = f"{GITHUB}/{source.upstream}/{source.revision}/{_upstream(source, file)}"
    answer = httpx.stream("GET", url, timeout=TIMEOUT_S, follow_redirects=True)
    with atomic(path) as temporary, open(temporary, "wb") as part, answer as response:
        response.raise_for_status()
        for piece in response.iter_bytes():
            part.write(piece)
    return Fetched(path, "download")


def _upstream(source: Source, file: str) -> PurePosixPath:
    return PurePosixPath(source.folder) / PurePosixPath(file).name


def _nowhere(source: Source, file: str, tried: list[str]) -> UserError:
    return UserError(
        f"{source.id}: {file} not found; {'; '.join(tried)}; put {_upstream(source, file)} of "
        f"GitHub {source.upstream} at {source.revision} into a mirror folder as {file} and set "
        f"{VARIABLE} to that folder"
    )
