"""How much of each kind of degradation a reader stands: the numbers in `shared.data.degradation`.

    python -m tools.calibrate_degradation

One character of a line is spoiled, and RapidOCR reads the line. Printed is, for each kind, the
share of its full effect at which three of four such characters are read, and one of five: found by
halving, on the same lines each time. Fewer than one of five can't be asked for: of "$12.5?" a
reader guesses what it does not see. Some ten minutes of a core.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from rapidocr import RapidOCR
from tqdm import tqdm

from shared.data import documents
from shared.data.degradation import KINDS
from shared.data.documents import crop
from shared.metrics.edit_distance import align

FONTS = ["DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono"]
LINES = 150
LEVELS = (0.75, 0.20)
HALVINGS = 6
READER = {"use_det": False, "use_cls": False}


@dataclass(frozen=True)
class Line:
    """The pixels of a line's document, and which character of which field is to be spoiled."""

    pixels: np.ndarray
    field: documents.Field
    place: int


def lines(count: int, seed: int) -> list[Line]:
    """Lines of all three kinds of documents in turn."""
    rng = np.random.default_rng(seed)
    makers = [documents.nutrition_label, documents.receipt, documents.card]
    made = []
    for number in range(count):
        values = makers[number % len(makers)](rng)
        document = documents.render("DOCUMENT", values, FONTS, rng)
        field = document.fields[rng.integers(len(document.fields))]
        made.append(Line(document.pixels, field, int(rng.integers(len(field.value)))))
    return made


def share_read(engine: RapidOCR, of: list[Line], kind: str, effect: float) -> float:
    """The share of the spoiled characters that the engine finds in their place."""
    rng, read = np.random.default_rng(0), 0
    for line in of:
        pixels = line.pixels.copy()
        letter = crop(pixels, line.field.boxes[line.place])
        letter[:] = KINDS[kind](letter, effect, rng)
        grey = crop(pixels, line.field.line)
        text = "".join(engine(np.stack([grey] * 3, axis=-1), **READER).txts or ())
        found = [made for wanted, made in align(list(line.field.value), text) if wanted is not None]
        read += found[line.place] == line.field.value[line.place]
    return read / len(of)


def crossing(share: Callable[[float], float], level: float) -> float:
    """Where a falling function of 0..1 passes a level."""
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if share(middle) > level else (low, middle)
    return (low + high) / 2


def reader() -> RapidOCR:
    quiet = READER | {"log_level": "error"}
    return RapidOCR(params={f"Global.{name}": value for name, value in quiet.items()})


def main() -> None:
    engine, of = reader(), lines(LINES, seed=1)
    for kind in tqdm(KINDS, unit="kind", disable=None):
        share = partial(share_read, engine, of, kind)
        read, hidden = (crossing(share, level) for level in LEVELS)
        print(f'"{kind}": ({read:.2f}, {hidden:.2f}),', flush=True)


if __name__ == "__main__":
    main()
