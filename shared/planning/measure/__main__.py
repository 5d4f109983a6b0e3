"""Run a few steps of a paper's jobs at its own size, with random weights and nothing downloaded.

    python -m shared.planning.measure r_tuning --scale paper
    python -m shared.planning.measure roleref --scale paper --variant lora
    python -m shared.planning.measure r_tuning --scale paper --layers 1     where memory is small

Prints and records the peak memory and the tokens a second of training and of writing replies, on
whatever device is here, in the precision of the settings (on a CPU in float32);
`python -m shared.planning.plan` reads the records. With --layers N, N and 2 N layers are measured,
and all of them extrapolated along a straight line. What can't fit is said with what it would need.
"""

import argparse
import re
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import torch

from shared.errors import UserError, one_line_errors
from shared.models.devices import own_device
from shared.planning.measure.architecture import RECORDS, Architecture, architectures, of_model
from shared.planning.measure.memory import gigabytes
from shared.planning.measure.speed import Job, Measured, extrapolated, measure, need, training_job
from shared.runner.records import write_run
from shared.settings import ROOT, ScaleSettings, Strict, load_settings
from shared.training.settings import Training

PROMPT_TOKENS = 256  # of a prompt for a reply, where a training has longer sequences


def trainings(settings: Strict, path: tuple[str, ...] = ()) -> dict[str, Training]:
    """Every training of the settings, by its path: training, variants.lora.training, ..."""
    if isinstance(settings, Training):
        return {".".join(path): settings}
    parts = settings.items() if isinstance(settings, dict) else iter(settings)
    return {
        name: training
        for key, value in parts
        if isinstance(value, Strict | dict)
        for name, training in trainings(value, (*path, str(key))).items()
    }


def chosen(settings: ScaleSettings, variant: str | None) -> tuple[str, Training]:
    """The training of a variant, or with this path; by default the first of the settings."""
    found = trainings(settings)
    if not found:
        raise UserError("this paper trains nothing at this scale")
    if variant is None:
        return next(iter(found.items()))
    for path in (variant, f"variants.{variant}.training"):
        if path in found:
            return path, found[path]
    common = [path for path in found if not path.startswith("variants.")]
    if variant in getattr(settings, "variants", {}) and common:
        return common[0], found[common[0]]
    known = [*found, *getattr(settings, "variants", {})]
    raise UserError(f"no training or variant '{variant}'; there are: {', '.join(known)}")


def jobs(
    settings: ScaleSettings, variant: str | None, of: Architecture, length: int | None
) -> list[Job]:
    path, training = chosen(settings, variant)
    asked = min(length or training.max_length, PROMPT_TOKENS)
    fitting = getattr(settings, "batch_tokens", 16_384) // (asked + of.picture_tokens)
    batch = max(1, min(getattr(settings, "batch_size", 1), fitting))
    return [
        Job("replies", of, asked, batch, precision=settings.precision),
        training_job(f"training ({path})", of, training, length),
    ]


def measure_job(job: Job, layers: int | None, device: str, gpus: int) -> dict:
    """The record of one job. Raises `UserError` if it doesn't fit, saying what it would need."""
    of, whole = job.architecture, need(job, job.architecture.layers)
    if layers is None:
        found, measured = measure(job, of.layers, device), [of.layers]
    else:
        few, more = (measure(job, count, device) for count in (layers, 2 * layers))
        found, measured = extrapolated(few, more, of.layers), [layers, 2 * layers]
    print(_line(job, found, measured), flush=True)
    return {
        "what": job.what,
        "length": job.tokens,
        "batch": job.batch,
        "layers": of.layers,
        "measured_layers": measured,
        "extrapolated": layers is not None,
        "needed_bytes": whole.bytes,
        "needed_bytes_a_gpu": whole.bytes / max(1, gpus),
        **{name: value for name, value in asdict(found).items() if name != "layers"},
        "tokens_per_second": _speeds(job, found),
    }


def _speeds(job: Job, found: Measured) -> dict[str, float]:
    """Tokens a second."""
    read = job.tokens * job.batch / found.seconds
    if job.training:
        return {"trained": read}
    return {"read": read, "written": job.batch / found.seconds_a_token}


def _line(job: Job, found: Measured, layers: list[int]) -> str:
    speeds = ", ".join(f"{value:,.1f} {verb}" for verb, value in _speeds(job, found).items())
    how = "measured"
    if layers != [found.layers]:
        how = f"extrapolated from {' and '.join(map(str, layers))} layers"
    return (
        f"{job.what}: {job.batch} x {job.tokens} tokens, {found.layers} layers: "
        f"{gigabytes(found.peak_bytes)} at most; tokens a second: {speeds} ({how})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paper")
    parser.add_argument("--scale", default="paper")
    parser.add_argument("--variant", help="a variant, or a training of the settings; the first one")
    parser.add_argument("--architecture", choices=architectures(), help="in place of the paper's")
    parser.add_argument("--layers", type=int, help="measure so many, and twice as many")
    parser.add_argument("--length", type=int, help="tokens a sequence, in place of max_length")
    parser.add_argument("--batch", type=int, help="sequences at once, in place of the settings'")
    arguments = parser.parse_args()
    started = time.perf_counter()
    settings = load_settings(arguments.paper, arguments.scale)
    if arguments.architecture:
        of = architectures()[arguments.architecture]
    else:
        of = of_model(getattr(settings, "model", None))
    if arguments.layers is not None and not 1 <= 2 * arguments.layers <= of.layers:
        raise UserError(f"--layers {arguments.layers}: expected 1 to {of.layers // 2}")
    device = own_device()
    if device == "cpu" and arguments.layers is None:
        print(
            "no GPU here: all layers may take hours; minutes: --layers 1 --length 64 --batch 1",
            file=sys.stderr,
        )
    torch.set_float32_matmul_precision("high")
    made, refused = [], []
    for job in jobs(settings, arguments.variant, of, arguments.length):
        if arguments.batch:
            job = replace(job, batch=arguments.batch)
        try:
            made.append(measure_job(job, arguments.layers, device, settings.resources.gpu))
        except UserError as error:
            refused.append(str(error))
    name = torch.cuda.get_device_name() if device == "cuda" else "cpu"
    if made:
        path = _record_path(arguments, of, name)
        write_run(
            path,
            started,
            settings=settings.model_dump(mode="json"),
            paper=arguments.paper,
            scale=arguments.scale,
            architecture=of.name,
            device=name,
            jobs=made,
        )
        print(f"recorded in {path.relative_to(ROOT)}")
    if refused:
        sys.exit("\n".join(f"error: {arguments.paper}: {of.name}: {line}" for line in refused))


def _record_path(arguments: argparse.Namespace, of: Architecture, device: str) -> Path:
    parts = [arguments.scale, arguments.paper, arguments.variant or "first", of.name, device]
    name = "-".join(parts) + (f"-{arguments.layers}-layers" if arguments.layers else "")
    return RECORDS / f"{re.sub(r'[^A-Za-z0-9.+-]+', '_', name)}.json"


if __name__ == "__main__":
    one_line_errors(main)
