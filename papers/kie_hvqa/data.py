"""Build the data of KIE-HVQA: documents with spoiled characters, and what of them can be read.

    python -m papers.kie_hvqa.data --scale cpu --out results/cpu/kie_hvqa/data \\
        --record results/cpu/kie_hvqa/runs/data.json

Writes `<part>.parquet` for the parts clean, cold_start, reinforcement, test and undegraded, a row
a field of a document:

    id, subset, dataset    which field, and the name of its subset in tables
    question, image        about the field; a PNG, of the field's line or of the whole document
    tags, answer           its characters with their classes, hidden ones named; the JSON answer
    kinds, strengths       what was done to each character, "" and 0 for nothing

The official test set, if a scale has one, takes the place of the generated test rows. No value
that is tested is trained on. `sources.json` has what was made or read, and how much of it is used.
"""

import hashlib
import io
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from papers.kie_hvqa.notation import Character, parse_tags, true_answer, write_answer, write_tags
from papers.kie_hvqa.official import read_official
from papers.kie_hvqa.settings import SUBSET_NAMES, Settings, Spoiling
from shared.data import documents
from shared.data.degradation import KINDS, Degradation, degrade, legibility
from shared.data.documents import crop
from shared.data.step import make_data
from shared.errors import one_line_errors
from shared.files import atomic, write_json

DRAWN = {
    "nutrition": ("NUTRITION FACTS", documents.nutrition_label),
    "receipt": ("RECEIPT", documents.receipt),
    "card": ("IDENTITY CARD", documents.card),
}
# Shares of the subsets in the printed averages (see audit in paper.yaml), as in the test set.
SHARES = {"nutrition": 78 / 429, "receipt": 256 / 429, "card": 95 / 429}
COLUMNS = [
    "id", "subset", "dataset", "question", "image", "tags", "answer", "kinds", "strengths",
]  # fmt: skip


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def drawn(
    value: str, spoiling: Spoiling | None, rng: np.random.Generator
) -> list[Degradation | None]:
    """What to do to each character of a value; at least one of them stays clear."""
    if spoiling is None:
        return [None] * len(value)
    classes = rng.choice(
        ["partly", "hidden", "clear"],
        size=len(value),
        p=[spoiling.partly, spoiling.hidden, 1 - spoiling.partly - spoiling.hidden],
    )
    classes[rng.integers(len(value))] = "clear"
    strengths = {"partly": spoiling.partly_strength, "hidden": spoiling.hidden_strength}
    kinds = list(KINDS)
    return [
        None
        if kind == "clear"
        else Degradation(kinds[rng.integers(len(kinds))], round(rng.uniform(*strengths[kind]), 3))
        for kind in classes
    ]


def rows_of(
    subset: str, settings: Settings, spoiling: Spoiling | None, rng: np.random.Generator
) -> Iterator[dict]:
    """The rows of one new document of a subset: one a field, each spoiled on its own."""
    title, values = DRAWN[subset]
    document = documents.render(title, values(rng), settings.fonts, rng)
    for field in document.fields:
        done = drawn(field.value, spoiling, rng)
        pixels = degrade(document.pixels, field.boxes, done, rng)
        characters = [
            Character(letter, legibility(each))
            for letter, each in zip(field.value, done, strict=True)
        ]
        yield {
            "subset": subset,
            "dataset": SUBSET_NAMES[subset],
            "question": f"What is the {field.name.lower()}?",
            "image": png(crop(pixels, field.line) if settings.reads == "lines" else pixels),
            "tags": write_tags(characters, reveal=True),
            "answer": write_answer(true_answer(characters)),
            "kinds": [each.kind if each else "" for each in done],
            "strengths": [each.strength if each else 0.0 for each in done],
            "value": field.value,
        }


def part(
    name: str,
    sizes: Mapping[str, int],
    settings: Settings,
    spoiling: Spoiling | None,
    avoid: set[str],
) -> pd.DataFrame:
    """`sizes` rows of each subset, none with a value in `avoid`."""
    rows = []
    for subset, size in sizes.items():
        key = f"{settings.data_seed} {name} {subset}".encode()
        rng = np.random.default_rng(list(hashlib.sha256(key).digest()))
        found: list[dict] = []
        while len(found) < size:
            made = rows_of(subset, settings, spoiling, rng)
            found += [row for row in made if row.pop("value") not in avoid]
        rows += [row | {"id": f"{name}/{subset}/{i:05d}"} for i, row in enumerate(found[:size])]
    return pd.DataFrame(rows, columns=COLUMNS)


def shared_out(size: int) -> dict[str, int]:
    """Rows of each subset of a part for training, in the shares of the test set."""
    sizes = {subset: int(share * size) for subset, share in SHARES.items()}
    sizes["receipt"] += size - sum(sizes.values())
    return sizes


def build(settings: Settings, out: Path) -> None:
    """Write all parts into the folder `out`."""
    sizes, sources = settings.sizes, []
    tested = {
        "test": part("test", sizes.test, settings, settings.spoiling, set()),
        "undegraded": part("undegraded", shared_out(sizes.undegraded), settings, None, set()),
    }
    avoid = {_value(tags) for frame in tested.values() for tags in frame["tags"]}
    trained = {
        "clean": part("clean", shared_out(sizes.clean), settings, None, avoid),
        "cold_start": part(
            "cold_start", shared_out(sizes.cold_start), settings, settings.spoiling, avoid
        ),
        "reinforcement": part(
            "reinforcement", shared_out(sizes.reinforcement), settings, settings.spoiling, avoid
        ),
    }
    if settings.official:
        tested["test"], source = read_official(settings.official)
        sources.append(source)
    sources.append(
        {
            "id": "documents",
            "revision": f"seed {settings.data_seed}",
            "licence": "generated by this project; fonts DejaVu (free)",
            "route": ["generated"],
            "rows": {name: len(frame) for name, frame in (tested | trained).items()},
        }
    )
    for name, frame in (tested | trained).items():
        with atomic(out / f"{name}.parquet") as temporary:
            frame.to_parquet(temporary, index=False)
        print(f"{name}: {len(frame)} rows", file=sys.stderr)
    write_json(out / "sources.json", sources)


def _value(tags: str) -> str:
    return "".join(character.text for character in parse_tags(tags))


def main() -> None:
    make_data(__doc__, "kie_hvqa", build)


if __name__ == "__main__":
    one_line_errors(main)
