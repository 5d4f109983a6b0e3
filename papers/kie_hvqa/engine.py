"""What a user would take instead: RapidOCR reads every test line; and what it can still read.

The engine knows no classes: whatever it reads counts as clear. Writes `engine.parquet`, the scores
of `papers.kie_hvqa.scoring`, and `legibility.parquet`, a row a character, which says how much of
each degradation it stands, and whether it reads the classes as they were calibrated:

    id, dataset         row and place of the character; its class
    kind, strength      what was done to it
    read                whether the engine's text has the character in its place
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from rapidocr import RapidOCR

from papers.kie_hvqa.notation import Answer, parse_tags, write_answer
from papers.kie_hvqa.parts import picture, read_tests
from papers.kie_hvqa.scoring import scores
from papers.kie_hvqa.settings import CLASS_NAMES
from shared.comparison.scores import write_scores
from shared.metrics.edit_distance import align
from shared.runner.progress import bar
from shared.runner.step import Run, step

READS = ()

LINES_ONLY = {"use_det": False, "use_cls": False}  # the line is known: none is looked for


def engine(run: Run, data: Path) -> dict:
    """Read every test line with RapidOCR."""
    rows = read_tests(data)
    texts = read(rows)
    replies = [write_answer(Answer(text, "", text, len(text), 0)) for text in texts]
    characters = [
        each for row, text in zip(rows, texts, strict=True) for each in legibility(row, text)
    ]
    write_scores(scores(rows, replies), run.out / "engine.parquet")
    write_scores(pd.DataFrame(characters), run.out / "legibility.parquet")
    return {"lines": len(rows)}


def read(rows: Sequence[dict]) -> list[str]:
    """The engine's text of each line; nothing where it is unsure of the whole line."""
    quiet = LINES_ONLY | {"log_level": "error"}
    reader = RapidOCR(params={f"Global.{name}": value for name, value in quiet.items()})
    return [
        "".join(reader(np.asarray(picture(row)), **LINES_ONLY).txts or ())
        for row in bar(rows, unit="line")
    ]


def legibility(row: dict, text: str) -> Iterator[dict]:
    """A row for each character that was there to be read."""
    characters = parse_tags(row["tags"])
    pairs = align([character.text for character in characters], text)
    made = [found for wanted, found in pairs if wanted is not None]
    done = zip(characters, row["kinds"], row["strengths"], made, strict=True)
    for place, (character, kind, strength, found) in enumerate(done):
        yield {
            "id": f"{row['id']}/{place}",
            "dataset": CLASS_NAMES[character.legibility],
            "kind": kind,
            "strength": strength,
            "read": found == character.text,
        }


if __name__ == "__main__":
    step(engine)
