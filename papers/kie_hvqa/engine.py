"""What a user would take instead: RapidOCR reads every test line; and what it can still read.

    python -m papers.kie_hvqa.engine --scale cpu --data results/cpu/kie_hvqa/data \\
        --out results/cpu/kie_hvqa/scores/engine.parquet \\
        --legibility results/cpu/kie_hvqa/scores/legibility.parquet \\
        --record results/cpu/kie_hvqa/runs/engine.json

The engine knows no classes: whatever it reads counts as clear. Writes its scores as
`papers.kie_hvqa.evaluate` does, and a row a character, which says whether the rule that decides
the classes agrees with a reader that had no part in it:

    id, dataset         row and place of the character; its class
    kind, strength      what was done to it
    read                whether the engine's text has the character in its place
"""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from rapidocr import RapidOCR
from tqdm import tqdm

from papers.kie_hvqa.evaluate import read_tests, scores, write_scores
from papers.kie_hvqa.notation import Answer, parse_tags, write_answer
from papers.kie_hvqa.reading import picture
from papers.kie_hvqa.settings import CLASS_NAMES
from shared.errors import one_line_errors
from shared.metrics.edit_distance import align
from shared.workflow.programs import step_parser
from shared.workflow.records import write_run

LINES_ONLY = {"use_det": False, "use_cls": False}  # the line is known: none is looked for


def read(rows: Sequence[dict]) -> list[str]:
    """The engine's text of each line; nothing where it is unsure of the whole line."""
    quiet = LINES_ONLY | {"log_level": "error"}
    engine = RapidOCR(params={f"Global.{name}": value for name, value in quiet.items()})
    return [
        "".join(engine(np.asarray(picture(row)), **LINES_ONLY).txts or ())
        for row in tqdm(rows, unit="line", disable=None)
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


def main() -> None:
    parser = step_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--legibility", type=Path, required=True)
    arguments = parser.parse_args()
    started = time.perf_counter()
    rows = read_tests(arguments.data)
    texts = read(rows)
    replies = [write_answer(Answer(text, "", text, len(text), 0)) for text in texts]
    write_scores(scores(rows, replies), arguments.out)
    characters = [
        each for row, text in zip(rows, texts, strict=True) for each in legibility(row, text)
    ]
    write_scores(pd.DataFrame(characters), arguments.legibility)
    write_run(arguments.record, started, lines=len(rows))


if __name__ == "__main__":
    one_line_errors(main)
