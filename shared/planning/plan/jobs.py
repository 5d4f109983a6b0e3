"""The jobs of a scale and what their rules ask for, as Snakemake's dry run lists them."""

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shared.errors import UserError
from shared.settings import ROOT, paper_ids

MOST_GPUS = 4096
SHARED = "shared"  # stands for a paper where a job belongs to all
_BLOCK = re.compile(r"^rule (\w+):\n((?:    .*\n)+)", re.MULTILINE)
_FIELD = re.compile(r"^    (\w+): (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Job:
    """record: the file in which the job writes what it took, if it does. gpus: on all nodes."""

    rule: str
    paper: str
    record: Path | None = None
    gpus: int = 0
    minutes: int | None = None  # at most
    mem_mb: int | None = None
    disk_mb: int | None = None
    wildcards: Mapping[str, str] = field(default_factory=dict)


def jobs_of(scale: str, **config: str | None) -> list[Job]:
    """Every job of a run of all papers from nothing; config: what else is said to Snakemake.
    Raises `UserError` if there is none."""
    asked = [str(Path(sys.executable).with_name("snakemake")), "all", "--dry-run", "--forceall"]
    # Of GPUs a job is shown to get no more than there are: let there be enough.
    asked += ["--resources", f"gpu={MOST_GPUS}", "--config", f"scale={scale}"]
    asked += [f"{name}={value}" for name, value in config.items() if value]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise UserError(lines[-1].removeprefix("error: ") if lines else "snakemake failed")
    return parse(done.stdout + done.stderr)


def parse(dry_run: str) -> list[Job]:
    return [_job(rule, dict(_FIELD.findall(block))) for rule, block in _BLOCK.findall(dry_run)]


def _job(rule: str, fields: dict[str, str]) -> Job:
    resources = dict(part.split("=", 1) for part in fields.get("resources", "").split(", ") if part)
    records = [name for name in fields.get("output", "").split(", ") if "/runs/" in name]
    wildcards = fields.get("wildcards", "")
    number = {name: int(value) for name, value in resources.items() if value.isdigit()}
    return Job(
        rule,
        _paper(rule, wildcards),
        Path(records[0]) if records else None,
        number.get("gpu", 0) * number.get("nodes", 1),
        number.get("runtime"),
        number.get("mem_mb"),
        number.get("disk_mb"),
        dict(part.split("=", 1) for part in wildcards.split(", ") if part),
    )


def _paper(rule: str, wildcards: str) -> str:
    named = re.search(r"\bpaper=(\w+)", wildcards)
    if named:
        return named[1]
    return next((paper for paper in paper_ids() if rule.startswith(f"{paper}_")), SHARED)
