"""What a run shows on a terminal: a line that changes, and one that stays for each finished paper.

Snakemake's own ten lines a job are in its log (`.snakemake/log/`). They are shown where there is no
terminal, in a dry run, and with `--verbose`. Everywhere but in a dry run the end says once more
what came of each paper and what failed.
"""

import logging
import re
import shutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from snakemake.logging import logger
from snakemake_interface_logger_plugins.common import LogEvent

from shared.errors import UserError
from shared.files import read_csv
from shared.workflow.expected import seconds_of
from shared.workflow.mistakes import KILLED
from shared.workflow.reasons import changed

TAIL = 2000  # bytes of a log that are looked at
BAR = re.compile(r"([\d.,]+/[\d.,]+) \[.*, +([^]]+)\]")  # 120/512 [00:10<00:32, 12.1prompt/s]
SHOWN = 12  # lines of a failed step's log
INTERRUPTED = "interrupted: run the same command again; what was finished is kept"


@dataclass
class Job:
    """name: as a reader would call it; expected: seconds."""

    name: str
    rule: str
    paper: str
    log: Path | None
    expected: float
    started: float = field(default_factory=time.monotonic)


class Live(logging.Handler):
    """Draws what Snakemake's log events say.

    took: expected seconds by record. command: what runs a target again. file: the terminal.
    """

    def __init__(self, results: Path, took: Mapping[str, float], command: str, file: TextIO):
        super().__init__()
        self.results, self.took, self.command, self.file = results, took, command, file
        self.running: dict[int, Job] = {}
        self.done = self.total = self.failed = 0
        self.left = 0.0  # seconds of one core's steps that are not finished
        self.interrupted = False
        self.came: dict[str, str] = {}  # paper, or the report of all -> what came of it
        self.broke: list[str] = []  # steps that failed
        self.reasons: set[tuple[str, str]] = set()  # that were said
        self.began = time.monotonic()
        self.ended = threading.Event()
        self.drawing = threading.RLock()

    def begin(self, outputs: Iterable[Iterable[str]]) -> None:
        """Says how much there is to do, and draws from now on. outputs: of each job."""
        every = [seconds_of(each, self.took) for each in outputs]
        self.total, self.left = len(every), sum(every)
        self.say(f"{self.total} steps, about {duration(self.left / 2)} on two cores")
        threading.Thread(target=self._draw_on, daemon=True).start()

    def end(self, said: str) -> None:
        """What came of each paper, which may have scrolled by, and the last words; after an
        interruption these are others."""
        self.ended.set()
        took = duration(time.monotonic() - self.began)
        for line in [*self.came.values(), *self.broke]:
            self.say(line)
        self.say(INTERRUPTED if self.interrupted else f"{said} after {took}")

    def emit(self, record: logging.LogRecord) -> None:
        known: dict[LogEvent, Callable[[logging.LogRecord], None]] = {
            LogEvent.JOB_INFO: self._started,
            LogEvent.JOB_FINISHED: self._finished,
            LogEvent.JOB_ERROR: self._failed,
        }
        event = getattr(record, "event", None)
        with self.drawing:
            if event in known:
                known[event](record)
            elif "Terminating processes on user request" in str(record.msg):
                self.interrupted = True
            elif str(record.msg).startswith("Nothing to be done"):
                self.say("nothing to do: all is there and up to date")
            elif record.levelno >= logging.WARNING and not self.interrupted and not self.failed:
                self.say(str(record.msg))

    def say(self, text: str) -> None:
        """Lines that stay, above the one that changes."""
        with self.drawing:
            self.file.write(f"\r\033[K{text}\n")
            self.file.flush()

    def line(self) -> str:
        """What changes: steps, time left, what runs and how far it is."""
        now = time.monotonic()
        spent = sum(min(now - job.started, job.expected) for job in self.running.values())
        left = max(self.left - spent, 0) / max(1, len(self.running))
        each = [f"{job.name}{_how_far(job.log)}" for job in self.running.values()]
        time_left = f"about {duration(left)} left" if left else "nearly done"
        counted = f"{self.done}/{self.total} {duration(now - self.began)}, {time_left}"
        return " | ".join([counted, *each])

    def _draw_on(self) -> None:
        while not self.ended.wait(1):
            with self.drawing:
                width = shutil.get_terminal_size().columns - 1
                self.file.write(f"\r\033[K{self.line()[:width]}")
                self.file.flush()

    def _started(self, record: logging.LogRecord) -> None:
        log = Path(record.log[0]) if record.log else None
        paper = record.wildcards.get("paper") or _paper_of(record.output, self.results)
        expected = seconds_of(record.output, self.took)
        name = _name(record.rule_name, paper, log)
        self.running[record.jobid] = Job(name, record.rule_name, paper, log, expected)
        why = changed(getattr(record, "reason", ""))
        if why and (paper, why) not in self.reasons:
            self.reasons.add((paper, why))
            self.say(f"{paper} runs again: {why}")

    def _finished(self, record: logging.LogRecord) -> None:
        job = self.running.pop(record.job_id, None)
        self.done += 1
        if job:
            self.left -= job.expected
            if job.rule == "report":
                self._came("report", f"the report: {self.results / 'report.html'}")
            if job.rule == "page":
                page = self.results / job.paper / "report.html"
                counted = verdicts(self.results / job.paper / "claims.csv")
                self._came(job.paper, f"{job.paper}: {counted} · {page}")

    def _came(self, of: str, line: str) -> None:
        self.came[of] = line
        self.say(line)

    def _failed(self, record: logging.LogRecord) -> None:
        job = self.running.pop(record.jobid, None)
        if self.interrupted or not job:
            return
        self.failed += 1
        why = (_text(job.log).splitlines()[-SHOWN:] if job.log else []) or [KILLED]
        target = record.output[0] if record.output else record.rule_name
        again = f"{self.command} -- {target}"
        head, last = f"failed: {job.name} ({job.log})", f"again: {again}"
        self.broke.append(f"{head}\n  {last}")
        self.say("\n  ".join([head, *why, last]))


class Plain(Live):
    """Says what came of a paper when it is done, and the end, in plain lines: for where Snakemake
    shows its own, in a log among others."""

    def begin(self, outputs: Iterable[Iterable[str]]) -> None:
        pass

    def say(self, text: str) -> None:
        if self.ended.is_set() or text in self.came.values():
            print(text, file=self.file, flush=True)


def watch(workflow: object, results: Path, took: Mapping[str, float], config: str) -> Live | None:
    """Show the run in our way from here on, or, where it is shown in Snakemake's own, what came of
    each paper and the end; None where nothing runs or little should be said."""
    output = workflow.output_settings
    if output.dryrun or output.quiet or output.debug_dag or not workflow.is_main_process:
        return None
    ours = sys.stderr.isatty() and not output.verbose
    shown = (Live if ours else Plain)(results, took, f"snakemake --config {config}", sys.stderr)
    for handler in list(logger.handlers) if ours else ():
        if getattr(handler, "stream", None) in (sys.stderr, sys.stdout):
            logger.removeHandler(handler)
    logger.addHandler(shown)
    return shown


def verdicts(claims: Path) -> str:
    """How many claims of a paper got which verdict, of the reading that counts."""
    try:
        every = [row for _, row in read_csv(claims, ("ours", "protocol", "verdict"), others=True)]
    except UserError as error:
        return str(error)
    rows = [row for row in every if not row["ours"]]
    there = {row["protocol"] for row in rows}
    first = next((name for name in ("corrected", "official") if name in there), "")
    found = Counter(row["verdict"] for row in rows if row["protocol"] in (first, ""))
    return ", ".join(f"{number} {verdict}" for verdict, number in found.most_common())


def duration(seconds: float) -> str:
    """In the two units that matter: `40 s`, `12 min`, `1 h 20 min`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _name(rule: str, paper: str, log: Path | None) -> str:
    """`r_tuning train-vanilla-s0`: the end of the log's path says more than the rule."""
    return f"{paper} {log.stem}".strip() if log else rule


def _paper_of(output: Iterable[str], results: Path) -> str:
    """The folder below the results that an output lies in; "" for one that lies in none."""
    for path in map(Path, output):
        if path.is_relative_to(results) and len(path.relative_to(results).parts) > 1:
            return path.relative_to(results).parts[0]
    return ""


def _how_far(log: Path | None) -> str:
    """What the last line of a log says that tells of progress (`shared.runner.progress`)."""
    for said in reversed(_text(log).splitlines() if log else []):
        if bar := BAR.search(said):
            return f": {bar[1]}, {bar[2]}"
        if said.startswith("training: "):
            return said.removeprefix("training")
    return ""


def _text(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
