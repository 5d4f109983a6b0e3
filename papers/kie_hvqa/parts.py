"""The parts of the data as the data step wrote them, a row a field of a document."""

import io
from collections.abc import Mapping
from pathlib import Path

from PIL import Image

from shared.comparison.scores import read_scores

TESTS = ("test", "undegraded")


def read_part(data: Path, name: str) -> list[dict]:
    """data: the folder that `papers.kie_hvqa.data` wrote."""
    return read_scores(data / f"{name}.parquet", ()).to_dict("records")


def read_tests(data: Path) -> list[dict]:
    return [row for name in TESTS for row in read_part(data, name)]


def picture(row: Mapping) -> Image.Image:
    return Image.open(io.BytesIO(row["image"])).convert("RGB")
