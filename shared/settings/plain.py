"""What pydantic finds wrong with a file of settings, as one line for whoever wrote the file."""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from pydantic import ValidationError

MOST = 60  # letters of what was found that are shown
NEAR = "did you mean"
PLAIN = (  # in pydantic's messages
    (r"^Value error, ", ""),
    (r"^Field required$", "found nothing, expected a value"),
    (r"^Input should be ", "expected "),
    (r"a valid dictionary( or instance of \w+)?|an object", "NAME: VALUE, one or more"),
    (r"a valid (integer)", r"an \1"),
    (r"a valid (\w+)", r"a \1"),
    (r", unable to parse.*", ""),
    (r"^\w+ should have (at (least|most) \d+ \w+).*, not (\d+)$", r"expected \1, found \3"),
)


def first(error: ValidationError, values: object) -> str:
    """The worst that is wrong with `values`, where it stands in them, and how much more there is.

    A misspelt key goes before all else, and a value that is there before one that is missing. Of a
    setting that may be of several kinds, the kind that it is counts.
    """
    found = sorted(error.errors(), key=_rank)
    places = [_path(one, values) for one in found]
    chosen = found[0]
    line = f"{places[0]}{': ' if places[0] else ''}{_plain(chosen['msg'])}{_shown(chosen)}"
    more = len({place for place in places if not places[0].startswith(place)})
    return f"{line} (and {more} more)" if more else line


def did_you_mean(name: object, known: Iterable[str], cutoff: float = 0.6, under: str = "") -> str:
    """`did you mean X?`, or nothing where none is as similar as `cutoff`, 0 to 1. under: is put
    before X, and not compared."""
    near = get_close_matches(str(name), list(known), n=1, cutoff=cutoff)
    return f"{NEAR} {under}{near[0]}?" if near else ""


def nearest(name: object, known: Iterable[str]) -> str:
    """`did you mean X?`, or what there is."""
    known = list(known)
    return did_you_mean(name, known) or f"known: {', '.join(known)}"


def _path(one: dict, values: object) -> str:
    """Where an error is, as the file has it: without the kinds that pydantic tried on the way, and
    with the `id` of what is in a list, if it has one."""
    names = []
    for part in one["loc"]:
        if isinstance(values, Mapping) and part in values:
            values, name = values[part], part
        elif isinstance(values, list) and isinstance(part, int) and part < len(values):
            values = values[part]
            name = values.get("id", part) if isinstance(values, Mapping) else part
        else:
            continue
        names.append(str(name))
    return ".".join([*names, *([one["loc"][-1]] if one["type"] == "missing" else [])])


def _rank(one: dict) -> tuple[bool, ...]:
    kind, message = one["type"], one["msg"]
    return (
        NEAR not in message,
        kind.endswith("_type"),
        "unknown key" in message,
        kind == "missing",
    )


def _plain(message: str) -> str:
    for pattern, words in PLAIN:
        message = re.sub(pattern, words, message)
    return " ".join(message.split())


def _shown(one: dict) -> str:
    """What was found, where it is short and the message does not say it."""
    value = one["input"]
    silent = one["type"] == "missing" or isinstance(value, Mapping | list)
    if silent or (value is not None and str(value) in one["msg"]):
        return ""
    return f", found {'nothing' if value is None else repr(value)[:MOST]}"
