"""Figures as they are embedded in the page."""

import base64
import io
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from shared.errors import UserError
from shared.plots.words import Words
from shared.report.collect import Picture
from shared.report.items import item_title


class FigureView(NamedTuple):
    name: str
    title: str
    caption: str
    data: str  # base64 of the WebP
    width: int
    height: int
    png: str  # links
    pdf: str  # "" without one


def figure_views(
    pictures: Iterable[Picture], words: Words, link: Callable[[Path], str], embedded: bool
) -> list[FigureView]:
    """`link` gives the address of a file; `embedded`: with the picture itself."""
    with ThreadPoolExecutor() as threads:  # the encoder lets other threads run
        return list(threads.map(lambda picture: _figure(picture, words, link, embedded), pictures))


def _figure(
    picture: Picture, words: Words, link: Callable[[Path], str], embedded: bool
) -> FigureView:
    try:
        with Image.open(picture.path) as image:
            data = _webp(image) if embedded else ""
            width, height = image.size
    except OSError as error:  # also of Pillow, for what is no picture
        raise UserError(f"{picture.path}: not a whole picture ({error})") from None
    pdf = picture.path.with_suffix(".pdf")
    return FigureView(
        name=picture.name,
        title=item_title(picture.name),
        caption=words.prose(picture.caption),
        data=data,
        width=width,
        height=height,
        png=link(picture.path),
        pdf=link(pdf) if pdf.is_file() else "",
    )


def _webp(image: Image.Image) -> str:
    """The same pixels in lossless WebP, about a third of a PNG's size."""
    encoded = io.BytesIO()
    image.save(encoded, "WEBP", lossless=True, method=2, quality=20)
    return base64.b64encode(encoded.getvalue()).decode("ascii")
