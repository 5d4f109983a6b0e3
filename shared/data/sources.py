"""Public data files by SHA-256: from a local mirror folder, or from where they were published.

What was downloaded once is not downloaded again. With HF_HUB_OFFLINE=1 nothing is downloaded.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

import httpx
from huggingface_hub import constants
from pydantic import StringConstraints, model_validator

from shared.errors import UserError
from shared.files import atomic, sha256
from shared.settings import ROOT, Strict

VARIABLE = "REPLICATIONS_MIRROR"
STAGED = "REPLICATIONS_STAGED"  # a mirror of files made for a rehearsal, which have no checksum
BESIDE = ROOT.parent / "shared" / "mirror"  # a mirror next to the repository needs no setting
DOWNLOADS = ROOT / "resources" / "downloads"
GITHUB = "https://raw.githubusercontent.com"
TIMEOUT_S = 20  # without a byte

Route = Literal["mirror", "download", "downloaded before", "made for a rehearsal"]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Commit = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]


class Source(Strict):
    """One public data set, pinned. `files` maps a path in a mirror folder to its SHA-256, or to
    nothing where that is not known: then only the commit says which bytes are meant, if it is
    known."""

    id: str
    host: Literal["GitHub", "Hugging Face"] = "GitHub"
    upstream: str  # owner/name there; of Hugging Face a data set, read as the user's own copy
    revision: Commit | None = None
    folder: str = ""  # of the files in the upstream repository
    licence: str
    note: str
    files: Mapping[str, Sha256 | None]
    own_copy: bool = False  # sensitive: only ever read from a mirror folder of the user's own

    @model_validator(mode="after")
    def _has_a_way_in(self) -> "Source":
        if not self.own_copy and (self.host != "GitHub" or not self.revision):
            raise ValueError("without a revision on GitHub it must be own_copy")
        return self


@dataclass(frozen=True)
class Fetched:
    """A checked file, the way it came in, and its SHA-256."""

    path: Path
    route: Route
    sha256: str


def mirror_folder(mirror: str | Path | None = None) -> Path | None:
    """The mirror in use: a rehearsal's, else `mirror`, else $REPLICATIONS_MIRROR, else
    ../shared/mirror if it exists.

    Raises `UserError` if a mirror was asked for and is not a folder.
    """
    wanted = os.environ.get(STAGED) or mirror or os.environ.get(VARIABLE)
    if not wanted:
        return BESIDE if BESIDE.is_dir() else None
    if not Path(wanted).is_dir():
        said = "mirror, in paper.yaml" if wanted == mirror else VARIABLE
        raise UserError(f"{said}: no folder {wanted}; expected the folder of data files")
    return Path(wanted)


def fetch(source: Source, file: str, mirror: str | Path | None = None) -> Fetched:
    """A file of a source: from the mirror, else the upstream commit.

    A file that is in the mirror with other bytes is an error: it never falls through to the next
    way. Raises `UserError` for a wrong checksum, or if no way leads to the file.
    """
    if staged := os.environ.get(STAGED):
        return Fetched(Path(staged, file), "made for a rehearsal", sha256(Path(staged, file)))
    folder = mirror_folder(mirror)
    if folder and (folder / file).is_file():
        path, route = folder / file, "mirror"
    else:
        tried = f"mirror: {f'no {folder / file}' if folder else 'none set'}"
        if source.own_copy:
            raise _nowhere(source, file, f"{tried}; sensitive, so never downloaded")
        try:
            path, route = _from_github(source, file)
        except httpx.HTTPError as error:
            said = " ".join(str(error).split())
            raise _nowhere(source, file, f"{tried}; GitHub: {said}") from None
    digest = sha256(path)
    if source.files[file] not in (digest, None):
        if route == "download":
            path.unlink()  # so that the next run downloads it again
        raise UserError(
            f"{path} ({source.id}, from the {route}): sha256 is {digest}, "
            f"expected {source.files[file]}"
        )
    return Fetched(path, route, digest)


def _from_github(source: Source, file: str) -> tuple[Path, Route]:
    path = DOWNLOADS / source.id / source.revision / PurePosixPath(file).name
    if path.is_file():
        return path, "downloaded before"
    if constants.HF_HUB_OFFLINE:
        raise httpx.RequestError("switched off by HF_HUB_OFFLINE")
    url = f"{GITHUB}/{source.upstream}/{source.revision}/{_upstream(source, file)}"
    answer = httpx.stream("GET", url, timeout=TIMEOUT_S, follow_redirects=True)
    with atomic(path) as temporary, open(temporary, "wb") as part, answer as response:
        response.raise_for_status()
        for piece in response.iter_bytes():
            part.write(piece)
    return path, "download"


def _upstream(source: Source, file: str) -> PurePosixPath:
    return PurePosixPath(source.folder) / PurePosixPath(file).name


def _nowhere(source: Source, file: str, tried: str) -> UserError:
    at = f" at {source.revision}" if source.revision else ""
    return UserError(
        f"{source.id}: {file} not found; {tried}; put {_upstream(source, file)} of "
        f"{source.host} {source.upstream}{at} into a mirror folder as {file} and set "
        f"{VARIABLE} to that folder"
    )
