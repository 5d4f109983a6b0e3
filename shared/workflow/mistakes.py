"""Mistakes in a command that Snakemake passes over, or answers in words of its own."""

import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from snakemake.logging import logger
from snakemake_interface_logger_plugins.common import LogEvent

from shared.errors import UserError
from shared.settings.plain import did_you_mean

PROFILES = ("--workflow-profile", "--profile")
NO_TARGET = "a rule with wildcards is no target; ask for a paper, or for a file such as {}"
KILLED = (
    "error: the step was killed before it could say why: by the system, most likely because memory"
    " ran out (`dmesg` tells), or by someone; fewer jobs at a time need less: snakemake -c1"
)
PROFILE_FOLDER = Path("profiles")


def check_command(words: Sequence[str], cores: int | None) -> None:
    """Raises `UserError` for a profile that is not there and for no cores, with which Snakemake
    waits for ever."""
    for option in PROFILES:
        folder = _value(option, words)
        ours = option == PROFILES[0]  # which may be named without its folder; others lie elsewhere
        places = [Path(str(folder)), *([PROFILE_FOLDER / str(folder)] if ours else [])]
        if folder in (None, "none") or any(path.exists() for path in places):
            continue
        if ours or "/" in folder:
            there = ", ".join(sorted(str(path) for path in PROFILE_FOLDER.iterdir()))
            raise UserError(f"{option}: no folder {folder}; there are {there}")
    if cores is not None and cores < 1:
        raise UserError(f"--cores: found {cores}, expected at least 1, or all")


def explain(known: Callable[[], Iterable[str]], left_out: Mapping[str, str]) -> None:
    """Let what Snakemake says of a target that nothing makes be one line that says what is near,
    and a job that ends without a word be one that the system killed.

    left_out: paper -> why it is not in the run.
    """
    explained = Explained(known, left_out)
    for handler in logger.handlers:
        handler.addFilter(explained)


class Explained(logging.Filter):
    """Rewrites some messages, and lets all pass. known: what can be asked for."""

    def __init__(self, known: Callable[[], Iterable[str]], left_out: Mapping[str, str]):
        super().__init__()
        self.known, self.left_out = known, left_out

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "event", None) is LogEvent.JOB_ERROR:
            for path in map(Path, record.log or ()):
                _say_killed(path)
        asked = re.search(r"No rule to produce (\S+)", str(record.msg))
        if getattr(record, "exception", "") == "MissingRuleException" and asked:
            record.msg = f"error: {unknown(asked[1], self.known(), self.left_out)}"
        if "Target rules may not contain wildcards" in str(record.msg):
            record.msg = f"error: {NO_TARGET.format(next(iter(self.known()), ''))}"
        return True


def _say_killed(log: Path) -> None:
    """A step that fails says why; the system lets none say that it was killed."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if not log.exists() or not log.stat().st_size:
        log.write_text(f"{KILLED}\n", encoding="utf-8")


def unknown(target: str, known: Iterable[str], left_out: Mapping[str, str] = {}) -> str:
    """What to say of a target that nothing makes."""
    if why := next((left_out[part] for part in Path(target).parts if part in left_out), None):
        return f"nothing makes {target}: {why}"
    if "=" in target:
        return f"'{target}' is no target; settings follow --config: snakemake --config {target}"
    listed = "`snakemake --list` says what there is"
    hint = did_you_mean(target, known, cutoff=0.8) or listed
    return f"nothing makes {target}; {hint}"


def _value(option: str, words: Sequence[str]) -> str | None:
    for place, word in enumerate(words):
        if word == option and place + 1 < len(words):
            return words[place + 1]
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
    return None
