"""One recognisable look for every figure, and files that are the same bytes for the same input."""

import textwrap
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import matplotlib
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from shared.files import atomic


class Look(NamedTuple):
    """How a method is drawn, in every figure of every paper."""

    colour: str
    marker: str


# Okabe and Ito's colours, which stay apart in the common kinds of colour blindness. Methods that
# are drawn together also differ in lightness and marker, so the figures survive grey printing.
METHODS = {
    "R-Tuning": Look("#0072B2", "o"),
    "R-Tuning-R": Look("#56B4E9", "s"),
    "R-Tuning-U": Look("#009E73", "D"),
    "Vanilla": Look("#E69F00", "^"),
    "Vanilla-C": Look("#D55E00", "v"),
    "Vanilla-U": Look("#CC79A7", "<"),
    "Pretrain-T": Look("#9A9A9A", "P"),
    "Pretrain-W": Look("#4D4D4D", "X"),
    "Min-loss": Look("#882255", "*"),
}

# Paul Tol's "muted" scheme, for names that have no fixed look.
FALLBACK = (
    Look("#332288", "o"),
    Look("#88CCEE", "s"),
    Look("#44AA99", "D"),
    Look("#117733", "^"),
    Look("#999933", "v"),
    Look("#DDCC77", "<"),
    Look("#CC6677", ">"),
    Look("#882255", "P"),
    Look("#AA4499", "X"),
    Look("#5C5C5C", "h"),
)

# What matplotlib would write into the files besides the picture: its version and the date.
METADATA = {
    "png": {"Software": None},
    "pdf": {"Creator": None, "Producer": None, "CreationDate": None},
}

RIGHT, WRONG = "#0072B2", "#D55E00"  # correct and wrong answers; D1 and D0
INK, FAINT = "#262626", "#D9D9D9"

FILES = ("look.mplstyle",)

matplotlib.use("Agg")  # figures are files: no display is needed or looked for
matplotlib.rcdefaults()  # a user's own matplotlibrc changes nothing
plt.style.use(Path(__file__).with_name(*FILES))


def look(name: str) -> Look:
    """The fixed look of a method; for an unknown name one that depends on the name alone."""
    return METHODS.get(name) or FALLBACK[_slot(name)]


def looks(names: Iterable[str]) -> dict[str, Look]:
    """Looks of the methods of one chart: unknown names get different looks while there are enough.

    Give all method names of a paper, not only those of the chart, and a method keeps its look
    from figure to figure even where two names would fall on the same one.
    """
    names = list(dict.fromkeys(names))
    chosen = {name: METHODS[name] for name in names if name in METHODS}
    free = [
        slot for slot in FALLBACK if slot.colour not in {look.colour for look in chosen.values()}
    ]
    for name in sorted(set(names) - set(chosen)):
        wanted = FALLBACK[_slot(name)]
        chosen[name] = wanted if wanted in free or not free else free[0]
        free = [slot for slot in free if slot != chosen[name]]
    return {name: chosen[name] for name in names}


def figure(
    rows: int = 1, columns: int = 1, *, size: tuple[float, float] = (4.2, 3.4), **options: object
) -> tuple[Figure, list[Axes]]:
    """A figure of `rows` × `columns` panels of `size` inches each, and its panels row by row.

    Further options go to `plt.subplots` (`sharex`, `sharey`, ...).
    """
    fig, axes = plt.subplots(
        rows,
        columns,
        figsize=(size[0] * columns, size[1] * rows),
        layout="constrained",
        squeeze=False,
        **options,
    )
    return fig, list(axes.flat)


def subject(fig: Figure, text: str) -> None:
    """What the whole figure is of, small above its panels, in as many lines as it needs."""
    lines = textwrap.fill(text, width=int(15 * fig.get_figwidth()))  # letters an inch at 8.5 pt
    fig.suptitle(lines, x=0.01, ha="left", fontsize=8.5, color="#5C5C5C")


def save(fig: Figure, folder: str | Path, name: str) -> list[Path]:
    """Write `folder/name.png` (160 dpi) and `.pdf`, close the figure, and give the two paths.

    The files carry no dates, so the same figure gives the same bytes.
    """
    paths = []
    for ending, metadata in METADATA.items():
        path = Path(folder) / f"{name}.{ending}"
        with atomic(path) as temporary:
            fig.savefig(temporary, format=ending, dpi=160, metadata=metadata)
        paths.append(path)
    plt.close(fig)
    return paths


def _slot(name: str) -> int:
    return zlib.crc32(name.encode()) % len(FALLBACK)
