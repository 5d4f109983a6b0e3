"""What the Snakefile needs to know before any rule: the scale, the model, the papers."""

import fcntl
import json
import os
import re
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from shared.data.sources import mirror_folder
from shared.devices import gpus_at_hand
from shared.errors import UserError
from shared.settings import ROOT, ScaleSettings, load_settings, paper_ids

if TYPE_CHECKING:
    from snakemake.workflow import Workflow

DEFAULT_SCALE = "cpu"
KEYS = ("scale", "model")
CAPTIONS = ROOT / "shared" / "report" / "captions"


@dataclass(frozen=True)
class Setup:
    """A checked `--config`."""

    scale: str
    model: str | None  # the user's own, in place of the scale's
    papers: list[str]

    @property
    def run_name(self) -> str:
        """Folder under results/: runs of two scales, or of two models, never share a path."""
        slug = re.sub(r"[^A-Za-z0-9.]+", "-", self.model or "").strip("-")
        return f"{self.scale}+{slug}" if slug else self.scale

    @property
    def arguments(self) -> str:
        """Command-line arguments that say the same to a step."""
        said = ["--scale", self.scale, *(["--model", self.model] if self.model else [])]
        return shlex.join(said)  # a folder's name may hold a space

    @property
    def config(self) -> str:
        """The same as a `--config` for another Snakemake."""
        said = {"scale": self.scale, **({"model": self.model} if self.model else {})}
        return shlex.join(f"{name}={value}" for name, value in said.items())

    def settings(self, paper: str) -> ScaleSettings:
        return load_settings(paper, self.scale, self.model)


def checked(config: Mapping[str, str]) -> Setup:
    """The setup that `snakemake --config ...` asks for; a mistake ends in one line, before any job.

    Also puts this environment's programs first on the path, so that a rule's `python` is the
    one that runs Snakemake even where the environment is not activated.
    """
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    try:
        if unknown := set(config) - set(KEYS):
            raise UserError(f"unknown setting '{min(unknown)}'; settings: {', '.join(KEYS)}")
        setup = Setup(config.get("scale", DEFAULT_SCALE), config.get("model"), paper_ids())
        for paper in setup.papers:
            setup.settings(paper)
    except UserError as error:
        sys.exit(f"error: {error}")
    return setup


def only(settings: ScaleSettings, *keys: str) -> Callable[..., str]:
    """For a rule's `params`: the settings it depends on, so that others don't make it run again.

    A function, since Snakemake would take the braces in a plain text for wildcards.
    """
    return lambda wildcards: settings.model_dump_json(include=set(keys))


def table_in_report(name: str) -> dict[str, object]:
    """For `report(...)` of a table of the comparison: how Snakemake's own report shows it."""
    return {
        "caption": str(CAPTIONS / f"{name}.rst"),
        "category": "{paper}",
        "subcategory": "tables",
        "labels": {"table": name},
    }


def figures_in_report(paper: str) -> dict[str, object]:
    """For `report(directory(...))` of a paper's figures: how Snakemake's own report shows them."""

    def labels(wildcards: object, output: Sequence[str]) -> dict[str, str]:
        captions = json.loads(Path(output[0], "captions.json").read_text(encoding="utf-8"))
        return {"figure": wildcards.figure, "shows": captions.get(wildcards.figure, "")}

    return {
        "patterns": ["{figure}.png"],
        "caption": str(CAPTIONS / "figure.rst"),
        "category": paper,
        "subcategory": "figures",
        "labels": labels,
    }


def mirror_in_use(mirror: str | None) -> str:
    """For a rule's `params`: the mirror folder, so that a step runs again if it comes or goes."""
    try:
        return str(mirror_folder(mirror) or "")
    except UserError as error:
        sys.exit(f"error: {error}")


def lock_folder() -> None:
    """Let no second Snakemake run here at the same time; ends in one line if one does.

    Snakemake's own lock (off in our profiles) outlives a killed process and must be removed by
    hand. The operating system takes this one back whenever the process ends.
    """
    descriptor = os.open(Path(".snakemake", "running"), os.O_CREAT | os.O_RDWR)  # stays open
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"error: another snakemake is running in {Path.cwd()}; wait until it has ended")


def keep_freed_memory() -> None:
    """Let steps on a CPU keep the memory that they free, for what they need next.

    glibc gives each block of 32 MB and more back to the system, which clears its pages when it is
    asked for again: up to a sixth of the time of a training that copies embeddings at each step.
    Not to do so took up to 14 % more memory. Settings of a user's own are kept.
    """
    if not gpus_at_hand():
        os.environ.setdefault("MALLOC_MMAP_MAX_", "0")
        os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", str(2**40))


def wake_only_for_jobs(workflow: "Workflow") -> None:
    """Let the scheduler look for work when a job has ended; to be called when a run starts.

    With a limit of jobs in a time span, 100 a second unless told otherwise, Snakemake 9.27 looks at
    all waiting jobs and their files again each second, and once more a second after each job that
    has ended: in a run of an hour that took a sixth of a core. A limit that a user sets is kept.
    """
    limit = workflow.scheduling_settings.max_jobs_per_timespan
    if limit and (limit.max_jobs, limit.timespan) == (100, 1):
        workflow.scheduler.job_rate_limiter = None


def unknown_target(name: str) -> NoReturn:
    papers = ", ".join(paper_ids())
    others = "all, fetch, report, readme"
    sys.exit(f"error: unknown paper or target '{name}'; papers: {papers}; or: {others}")
