"""What is looked at before the first job: a GPU, optional packages, the endpoint, room on the disk.
Each in a line."""

import re
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from shared.errors import UserError
from shared.models.devices import gpus_at_hand, multiplies_bf16
from shared.models.spec import is_endpoint
from shared.settings import REHEARSAL, ScaleSettings
from shared.workflow.setup import Setup

_ENDPOINT = re.compile(r'"((?:\w+:)*api:[^"]+)"')
_PACKAGES = {"eval": "lm_eval", "vllm": "vllm"}  # extra of pyproject.toml: what it installs
_BF16 = re.compile('"precision":"bf16"')


def look(setup: Setup, words: Sequence[str]) -> None:
    """Prints a line for each thing that this machine lacks for what was asked, also for a plan
    (`-n`); ends in one where nothing can be done without. words: of the command."""
    if setup.scale == REHEARSAL or "--report" in words:
        return
    named = {*words} & {*setup.papers, *setup.left_out}
    papers = [paper for paper in setup.papers if paper in named or not named]
    of = {paper: list(setup.each(paper)) for paper in papers}
    settings = [each for own in of.values() for each in own]
    try:
        lines = [*_gpu(setup.scale, settings), *_packages(of), *_endpoint(setup.model, settings)]
    except UserError as error:
        sys.exit(f"error: {error}")
    for line in lines:
        print(f"note: {line}", file=sys.stderr)


def _gpu(scale: str, settings: Iterable[ScaleSettings]) -> Iterable[str]:
    asked = [each for each in settings if each.resources.gpu or _trains_on_gpu(each)]
    if asked and not gpus_at_hand():
        emulated = not multiplies_bf16() and any(
            _BF16.search(each.model_dump_json()) for each in asked
        )
        ends = "; those in bf16, which this processor lacks, end at once" if emulated else ""
        # Two cores reach 0.3e12 operations a second (docs/bench.md), an H100 989e12
        yield (
            f"scale {scale} asks for a GPU and there is none: its steps run on the CPU, hundreds to"
            f" thousands of times as long as the hours of an H100 that"
            f" `python -m shared.planning.plan --scale {scale}` counts{ends}"
        )


def _trains_on_gpu(settings: ScaleSettings) -> bool:
    return bool(settings.training_resources and settings.training_resources.gpu)


def _packages(settings: Mapping[str, Iterable[ScaleSettings]]) -> Iterable[str]:
    for paper, own in settings.items():
        for extra in sorted({extra for each in own for extra in each.extras()}):
            if find_spec(package := _PACKAGES[extra]) is None:
                yield (
                    f"{paper} has steps that need {package}, which is not installed, and fail"
                    f' without; run: pip install ".[{extra}]"'
                )


def _endpoint(own: str | None, settings: Iterable[ScaleSettings]) -> Iterable[str]:
    """Raises `UserError` where the user's own model is behind an endpoint that is not there."""
    named = [name for each in settings for name in _ENDPOINT.findall(each.model_dump_json())]
    if not named:
        return
    from shared.chat.reachable import unreachable  # httpx, which few runs need

    if not (why := unreachable()):
        return
    if is_endpoint(own):
        raise UserError(f"model={own}: {why}")
    several = f" and {len(set(named)) - 1} more" if len(set(named)) > 1 else ""
    yield f"{why}; without it every step fails that asks {named[0]}{several}"


def say_room(workflow: object, folder: Path, keep_models: bool) -> None:
    """Prints `room` of the jobs that are to run, all of which a dry run calls finished at last."""
    jobs = workflow.dag.needrun_jobs(exclude_finished=False) if workflow.dag else ()
    if said := room(jobs, folder, keep_models):
        print(f"note: {said}", file=sys.stderr)


def room(jobs: Iterable[object], folder: Path, keep_models: bool) -> str | None:
    """What to say of too little room on the disk for the jobs of a run, by their rules: for all
    models that are kept, or for the largest step."""
    sizes = [(_disk(job), any("/models/" in path for path in job.output)) for job in jobs]
    models = sum(size for size, model in sizes if model) if keep_models else 0
    wanted = max([models, *(size for size, _ in sizes)], default=0)
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free / 1e6
    if wanted <= free:
        return None
    return (
        f"{there}: {free / 1000:,.1f} GB are free, and this run may take up to"
        f" {wanted / 1000:,.1f} GB by its rules (keep_models=false needs less)"
    )


def _disk(job: object) -> int:
    size = job.resources.get("disk_mb")
    return size if isinstance(size, int) else 0
