"""The forest plot: the effect of every claim with its interval, and the paper's own, as a PNG."""

import io
import textwrap
from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.lines import Line2D
from PIL import Image

from shared.files import atomic
from shared.plots.style import INK
from shared.report.cards import SPAN, Strip
from shared.report.formats import number

COLOURS = {"holds": "#0B6B4D", "fails": "#9C2F12", "inconclusive": "#A36F00", "one run": "#A36F00"}
PAPER, LETTERS = "#5A3D8A", 88  # letters of a claim
ROW, WIDTH, HEADS = 0.14, 9.4, 3  # inches; rows from a paper's last claim to the next one's first


def draw(papers: Sequence[tuple[str, Sequence[Strip]]], path: Path) -> None:
    """`papers`: name and claims of each that has some; nothing is written without any."""
    papers = [(name, strips) for name, strips in papers if strips]
    if not papers:
        return
    rows = sum(len(strips) + HEADS - 1 for _, strips in papers) + 2
    fig, axes = plt.subplots(figsize=(WIDTH, ROW * rows + 0.9))
    fig.subplots_adjust(left=0.55, right=0.985, top=1 - 0.35 / fig.get_figheight(), bottom=0)
    at = 0.0
    for name, strips in papers:
        at += HEADS - 1
        axes.text(-1.21, at, name, transform=axes.get_yaxis_transform(), weight="bold", fontsize=9)
        for strip in strips:
            at += 1
            _claim(axes, strip, at)
    says = "Each claim's effect in points, with its 95 % interval; right of zero as claimed"
    fig.text(0.01, 1 - 0.2 / fig.get_figheight(), says, fontsize=8.5, va="center")
    axes.axvline(50, color=INK, linewidth=0.8)
    axes.set(ylim=(at + 4.5, 0.5), xlim=(-1, 101), yticks=[])
    ticks = (-SPAN, -SPAN // 2, 0, SPAN // 2, SPAN)
    axes.set_xticks([0, 25, 50, 75, 100], [number(x, 0, signed=True) for x in ticks])
    axes.tick_params(top=True, labeltop=True, labelsize=8)
    axes.grid(axis="x", alpha=0.4)
    for side in ("left", "right"):
        axes.spines[side].set_visible(False)
    _legend(fig)
    drawn = io.BytesIO()
    fig.savefig(drawn, format="png", dpi=110)
    plt.close(fig)
    with atomic(path) as temporary, Image.open(drawn) as image:  # in few colours a third as large
        few = image.convert("RGB").quantize(128, method=Image.Quantize.FASTOCTREE)
        few.save(temporary, format="PNG", optimize=True)


def _claim(axes, strip: Strip, at: float) -> None:
    colour = COLOURS[strip.row.verdict]
    text = textwrap.shorten(f"{strip.claim.id}  {strip.claim.text}", LETTERS, placeholder=" …")
    axes.text(-1.21, at, text, transform=axes.get_yaxis_transform(), fontsize=6.8, va="center")
    if strip.paper:
        axes.plot(strip.paper, [at, at], color=PAPER, linewidth=2.6, alpha=0.25)
        axes.plot(strip.paper[0], at, marker="D", markersize=3.4, color=PAPER, fillstyle="none")
    if strip.low is not None:
        axes.plot([strip.low, strip.high], [at, at], color=colour, linewidth=1.2)
    filled = "full" if strip.row.verdict in ("holds", "fails") else "none"
    axes.plot(strip.value, at, marker="o", markersize=4, color=colour, fillstyle=filled)


def _legend(fig) -> None:
    def mark(colour: str, filled: str, text: str, marker: str = "o") -> Line2D:
        return Line2D([], [], color=colour, marker=marker, fillstyle=filled, label=text)

    fig.legend(
        handles=[
            mark(COLOURS["holds"], "full", "holds"),
            mark(COLOURS["fails"], "full", "fails"),
            mark(COLOURS["one run"], "none", "undecided"),
            mark(PAPER, "none", "the paper's own lead, smallest to largest", "D"),
        ],
        loc="lower right",
        ncols=4,
        fontsize=8,
        frameon=False,
    )
