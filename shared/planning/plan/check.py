"""What every job of a paper needs, by count, and whether its resources give that: memory of a GPU,
main memory, hours."""

import importlib
import math
from collections.abc import Iterator
from dataclasses import dataclass

from shared.planning.measure.memory import gigabytes
from shared.planning.plan.held import Job
from shared.planning.plan.hours import gpu_hours
from shared.planning.plan.needs import Need, of_stage
from shared.settings import ScaleSettings, load_models

# Of one with 80 GB. It has 85 by this measure: the rest is for CUDA, its libraries, and the gaps
# that its allocator leaves.
GPU = 80e9
PROCESS = 3e9  # bytes of main memory that a process has for its libraries, CUDA's among them


@dataclass(frozen=True)
class Fit:
    """A job with the stage at which it needs the most on a GPU, and its need of main memory.
    gpu, host: bytes that its resources give, on each GPU and on each node. hours: of all GPUs
    together, by arithmetic, 0 if that is not known; limit: what the rule gives."""

    paper: str
    model: str
    job: Job
    need: Need
    needed_host: float
    gpu: float
    host: float
    hours: float = 0.0
    limit: float = math.inf

    @property
    def fits(self) -> bool:
        within = self.hours <= self.limit
        return self.need.gpu <= self.gpu and self.needed_host <= self.host and within

    @property
    def name(self) -> str:
        return ", ".join(filter(None, (self.job.rule, self.model, self.job.variant)))

    def __str__(self) -> str:
        on_host = f"{gigabytes(self.needed_host)} of main memory of {gigabytes(self.host)}"
        return (
            f"{self.paper}, {self.name}: needs {gigabytes(self.need.gpu)} of a GPU of "
            f"{gigabytes(self.gpu)} ({self.need}), {on_host}, about {self.hours:,.1f} GPU-hours of"
            f" {self.limit:,.0f}"
        )


def fits(paper: str, scale: str) -> Iterator[Fit]:
    """Of every job of a paper that holds a model, at a scale."""
    jobs = importlib.import_module(f"papers.{paper}.memory").jobs
    for settings in load_models(paper, scale):
        for job in jobs(settings):
            yield fit(paper, settings, job)


def fit(paper: str, settings: ScaleSettings, job: Job) -> Fit:
    given = (job.train and settings.training_resources) or settings.resources
    processes = max(1, given.gpu) if job.train else 1
    stages = [of_stage(stage, processes) for stage in job.stages]
    on_node = max(1, processes // given.nodes)
    return Fit(
        paper,
        settings.name,
        job,
        max(stages, key=lambda need: need.gpu),
        max(need.host for need in stages) + on_node * PROCESS + job.host_gb * 1e9,
        GPU if given.gpu else 0,
        given.mem_mb * 1e6,
        gpu_hours(job) or 0.0,
        given.runtime / 60 * max(1, given.gpu),
    )


def report(paper: str, scale: str) -> tuple[str, list[str]]:
    """A line on all jobs of a paper, and a line for each that does not fit."""
    every = list(fits(paper, scale))
    if not every:
        return f"{paper}, {scale}: no job holds a model", []
    failed = [str(each) for each in every if not each.fits]
    fullest = max(every, key=lambda each: each.need.gpu)
    said = f"{len(every) - len(failed)} of {len(every)} kinds of jobs fit; the most is"
    return (
        f"{paper}, {scale}: {said} {gigabytes(fullest.need.gpu)} of a GPU ({fullest.name})",
        failed,
    )
