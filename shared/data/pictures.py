"""Pictures: read from files with care, and drawn from code."""

import math
import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import IO

import matplotlib
from PIL import Image, ImageDraw, ImageFont

from shared.errors import UserError

MOST_PIXELS = 50_000_000  # 150 MB as RGB; a larger file is refused before it is unpacked
SMOOTH = 4  # a shape is drawn so many times larger and reduced, so that its edges are smooth

Point = tuple[float, float]


def open_picture(path: str | Path | IO[bytes]) -> Image.Image:
    """A picture file as RGB. Raises `UserError` if it is missing, broken or too large."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit is ours
            with Image.open(path) as image:
                if math.prod(image.size) > MOST_PIXELS:
                    width, height = image.size
                    raise UserError(
                        f"{path}: {width} x {height} pixels; expected at most {MOST_PIXELS:,}"
                    )
                return image.convert("RGB")
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; expected a picture") from None
    except Image.DecompressionBombError:
        raise UserError(f"{path}: too many pixels; expected at most {MOST_PIXELS:,}") from None
    except (OSError, SyntaxError, ValueError) as error:  # what Pillow raises for broken files
        raise UserError(f"{path}: not a readable picture ({error})") from None


@cache
def font(size: int, name: str = "DejaVuSans") -> ImageFont.FreeTypeFont:
    """A font that ships with matplotlib, the same on every machine."""
    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts/ttf" / f"{name}.ttf", size)


def placed(outline: Sequence[Point], centre: Point, radius: float, turn: float) -> list[Point]:
    """An outline within the unit circle, turned by `turn` degrees, at its place in the picture."""
    cosine, sine = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    return [
        (
            centre[0] + radius * (x * cosine - y * sine),
            centre[1] + radius * (x * sine + y * cosine),
        )
        for x, y in outline
    ]


def draw(
    size: int,
    background: str,
    shapes: Sequence[tuple[Sequence[Sequence[Point]], str]],
) -> Image.Image:
    """A square picture: polygons in their colours, later ones over earlier ones.

    shapes: (polygons, colour); coordinates in parts of the picture's side, from the top left.
    """
    image = Image.new("RGB", (size * SMOOTH, size * SMOOTH), background)
    pen = ImageDraw.Draw(image)
    for polygons, colour in shapes:
        for polygon in polygons:
            pen.polygon([(x * size * SMOOTH, y * size * SMOOTH) for x, y in polygon], fill=colour)
    return image.resize((size, size), Image.Resampling.BOX)


def regular(corners: int) -> list[Point]:
    """A regular polygon, one corner at the top; with many corners a disc."""
    return star(corners, 1.0)[::2]


def star(points: int, inner: float) -> list[Point]:
    """A star whose inner corners are at `inner` of its radius."""
    steps = [math.pi * (step / points - 0.5) for step in range(2 * points)]
    radii = [1.0, inner] * points
    return [(r * math.cos(a), r * math.sin(a)) for r, a in zip(radii, steps, strict=True)]
