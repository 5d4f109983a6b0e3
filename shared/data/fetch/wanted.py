"""What the settings of a paper need from elsewhere. Nothing is opened or asked here."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from shared.settings import ScaleSettings

Kind = Literal["model", "dataset"]
# hub:ORG/NAME@REVISION names a model, wherever it stands in a setting (classifier:hub:...); what is
# pinned without `hub:` is a data set.
_PINNED = re.compile(r'(hub:)?([^@\s":]+/[^@\s":]+)@([0-9a-f]{40})\b')


@dataclass(frozen=True)
class Repository:
    """A repository of the hub at one commit. `only`: patterns of file names; none: what a model is
    loaded from, or the whole data set."""

    kind: Kind
    id: str
    revision: str
    only: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.id}@{self.revision[:7]}"


@dataclass(frozen=True)
class SourceFiles:
    """Files of a source of `shared/data/sources.yaml`; none: all of them."""

    source: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class ByHand:
    """What can't be fetched, why, and what to do; and the source of which it is a file in a mirror,
    whether the catalogue has it or not, if it is one."""

    what: str
    why: str
    do: str
    source: str = ""


Wanted = Repository | SourceFiles | ByHand


def downloads(settings: ScaleSettings) -> list[Wanted]:
    """What the steps read from elsewhere: what the paper's settings say by a method of this name,
    or else the repositories that they name."""
    own = getattr(settings, "downloads", None)
    return own() if own else list(pinned(settings.model_dump_json()))


def pinned(settings: str) -> Iterator[Repository]:
    """Every repository that settings (as JSON) name with its revision, each once."""
    found = dict.fromkeys(match.groups() for match in _PINNED.finditer(settings))
    for hub, name, revision in found:
        yield Repository("model" if hub else "dataset", name, revision)
