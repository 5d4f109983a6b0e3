"""Which setting makes a step run again: `training.learning_rate: 0.001 → 0.0003`.

Snakemake shows the parameters of a rule as they were and as they are, each a text of all settings
that its step reads.
"""

import ast
import json
import logging
import re
from collections.abc import Iterator

from snakemake.logging import logger

SAID = "Params have changed since last execution: "
_TEXT = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")  # as Python writes one
_TEXTS = rf"(<nothing exclusive>|(?:(?:{_TEXT.pattern}),?)*)"
_CHANGED = re.compile(rf"{SAID}[\w ]+: before: {_TEXTS} now: {_TEXTS} ?")
_HASH = re.compile(r"[0-9a-f]{16}")
LONGEST = 60  # characters of a value that are shown
ABSENT = "nothing"


def explain_reasons() -> None:
    """Let Snakemake say which settings have changed, wherever it says why a step runs again."""
    for handler in logger.handlers:
        handler.addFilter(_shorten)


def _shorten(record: logging.LogRecord) -> bool:
    if isinstance(reason := getattr(record, "reason", None), str):
        record.reason = shortened(reason)
    return True


def shortened(reason: str) -> str:
    """What Snakemake gives as the reason of a job, with what has changed in place of all values."""

    def changes(found: re.Match) -> str:
        before, now = ([ast.literal_eval(t) for t in _TEXT.findall(found[i])] for i in (1, 2))
        return SAID + ", ".join(dict.fromkeys(_changes(before, now)))

    return _CHANGED.sub(changes, reason)


def changed(reason: str) -> str:
    """The changed settings of such a reason; empty where none has changed."""
    return reason.partition(SAID)[2].partition("; ")[0]


def _changes(before: list[str], now: list[str]) -> Iterator[str]:
    """The changes between the parameters of a rule, which have no names."""
    if any(map(_HASH.fullmatch, now)):
        yield "code"
    ours = [_settings(text) for text in now]
    for text in before:
        then = _settings(text)
        near = max(ours, key=lambda each: len(set(each) & set(then)), default={})
        if then and set(near) & set(then):
            yield from _differences(then, near)
        elif not _HASH.fullmatch(text):
            yield f"{_short(text)} is gone"
    if not before:
        yield from (_short(text) for text in now if not _HASH.fullmatch(text))


def _settings(text: str) -> dict:
    """Of a parameter that is settings: of one model, or of several models in a line each."""
    try:
        each = [json.loads(line) for line in text.splitlines()]
    except ValueError:
        return {}
    if not all(isinstance(one, dict) for one in each):
        return {}
    return each[0] if len(each) == 1 else {str(one.get("name")): one for one in each}


def _differences(before: object, now: object, name: str = "") -> Iterator[str]:
    if isinstance(before, dict) and isinstance(now, dict):
        for key in dict.fromkeys([*before, *now]):
            below = f"{name}.{key}" if name else key
            yield from _differences(before.get(key, ABSENT), now.get(key, ABSENT), below)
    elif before != now:
        yield f"{name}: {_short(before)} → {_short(now)}"


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())  # of a prompt with several lines one
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
