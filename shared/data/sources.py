"""Public data files by SHA-256: from a local mirror folder, the hub cache, or the hub."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from huggingface_hub import hf_hub_download
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled
from pydantic import StringConstraints

from shared.errors import UserError
from shared.files import sha256
from shared.settings import ROOT, Strict

VARIABLE = "REPLICATIONS_MIRROR"
BESIDE = ROOT.parent / "shared" / "mirror"  # a mirror next to the repository needs no setting

Route = Literal["mirror", "hub cache", "hub"]
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
    """A file of a source, from the mirror, the hub cache or the hub, in this order.

    A file that is in the mirror with other bytes is an error: it never falls through to the hub.
    Raises `UserError` for a wrong checksum, or if no way leads to the file.
    """
    folder = mirror_folder(mirror)
    if folder and (folder / file).is_file():
        found = Fetched(folder / file, "mirror")
    elif source.hub:
        found = _from_hub(source, file, folder)
    else:
        raise _nowhere(source, file, folder, "it has no copy there that could be confirmed")
    digest = sha256(found.path)
    if digest != source.files[file]:
        raise UserError(
            f"{found.path} ({source.id}, from the {found.route}): sha256 is {digest}, "
            f"expected {source.files[file]}"
        )
    return found


def _from_hub(source: Source, file: str, folder: Path | None) -> Fetched:
    wanted = {
        "repo_id": source.hub.repo,
        "filename": str(PurePosixPath(source.hub.folder) / PurePosixPath(file).name),
        "repo_type": "dataset",
        "revision": source.hub.revision,
    }
    try:
        return Fetched(Path(hf_hub_download(**wanted, local_files_only=True)), "hub cache")
    except LocalEntryNotFoundError:
        pass  # not downloaded yet
    try:
        return Fetched(Path(hf_hub_download(**wanted)), "hub")
    except (HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled) as error:
        raise _nowhere(source, file, folder, " ".join(str(error).split())) from None


def _nowhere(source: Source, file: str, folder: Path | None, hub: str) -> UserError:
    tried = f"no {folder / file}" if folder else "none set"
    upstream = PurePosixPath(source.folder) / PurePosixPath(file).name
    return UserError(
        f"{source.id}: {file} not found; mirror: {tried}; hub: {hub}; put {upstream} of GitHub "
        f"{source.upstream} at {source.revision} into a mirror folder as {file} and set {VARIABLE} "
        "to that folder"
    )
