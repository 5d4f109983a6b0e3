"""Mistakes in a command that Snakemake passes over, or answers in words of its own."""

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

from snakemake.logging import logger

from shared.errors import UserError

PROFILES = ("--workflow-profile", "--profile")


def check_command(words: Sequence[str], cores: int | None) -> None:
    """Raises `UserError` for a profile that is not there and for no cores, with which Snakemake
    waits for ever."""
    for option in PROFILES:
        folder = _value(option, words)
        if folder not in (None, "none") and "/" in folder and not Path(folder).exists():
            there = ", ".join(sorted(str(path) for path in Path("profiles").iterdir()))
            raise UserError(f"{option}: no folder {folder}; there are {there}")
    if cores is not None and cores < 1:
        raise UserError(f"--cores: found {cores}, expected at least 1, or all")


def explain_targets(known: Callable[[], Iterable[str]]) -> None:
    """Let what Snakemake says of a target that nothing makes be one line that says what is near."""
    explained = Explained(known)
    for handler in logger.handlers:
        handler.addFilter(explained)


class Explained(logging.Filter):
    """Rewrites one message, and lets all pass. known: what can be asked for."""

    def __init__(self, known: Callable[[], Iterable[str]]):
        super().__init__()
        self.known = known

    def filter(self, record: logging.LogRecord) -> bool:
        asked = re.search(r"No rule to produce (\S+)", str(record.msg))
        if getattr(record, "exception", "") == "MissingRuleException" and asked:
            record.msg = f"error: {unknown(asked[1], self.known())}"
        return True


def unknown(target: str, known: Iterable[str]) -> str:
    """What to say of a target that nothing makes."""
    if "=" in target:
        return f"'{target}' is no target; settings follow --config: snakemake --config {target}"
    near = get_close_matches(target, list(known), n=1, cutoff=0.8)
    hint = f"did you mean {near[0]}?" if near else "`snakemake --list` says what there is"
    return f"nothing makes {target}; {hint}"


def _value(option: str, words: Sequence[str]) -> str | None:
    for place, word in enumerate(words):
        if word == option and place + 1 < len(words):
            return words[place + 1]
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
    return None
