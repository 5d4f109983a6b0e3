"""Scores of answers: the similarities of the released eval.py, and two rates that it lacks.

Of all rows they are a table, a row a test row:

    id, dataset         which row, and its subset's name
    reply               what was written
    valid, in_form      whether an answer could be read, and whether the reply has the taught form
    clear, not_clear, final, avg    similarities of eval.py, 0 if there was no answer
    any_not_clear       whether the truth lists a character as not clear; where it lists none,
                        eval.py gives 1 for listing none and 0 for listing any
    right               whether the final text is exactly the true one, without spaces; of a
                        question of OCRBench, whether the reply holds one of its answers
    hidden, made_up     hidden characters, and how many got an output
    legible, refused    clear characters, and how many got none

The last four are null where the truth does not say which characters were hidden.
"""

from collections.abc import Iterable, Sequence

import pandas as pd

from papers.kie_hvqa.notation import (
    Answer,
    Character,
    has_form,
    parse_answer,
    parse_tags,
    parse_truth,
)  # fmt: skip
from papers.kie_hvqa.ocrbench import is_right
from papers.kie_hvqa.settings import OCRBENCH
from shared.metrics.edit_distance import align, distance

PARTS = ("clear", "not_clear", "final")
FLAGS = ("valid", "in_form", "any_not_clear", "right")
COLUMNS = [
    "id", "dataset", "reply", "valid", "in_form", *PARTS, "avg", "any_not_clear", "right", "hidden",
    "made_up", "legible", "refused",
]  # fmt: skip


def scores(rows: Iterable[dict], replies: Iterable[str | None]) -> pd.DataFrame:
    """The scores of the reply to each test row. A reply that never came (None) is not scored; of
    OCRBench's questions only `right` is."""
    made = []
    for row, reply in zip(rows, replies, strict=True):
        found = {"id": row["id"], "dataset": row["dataset"], "reply": reply}
        if row["dataset"] in OCRBENCH.values():
            found["right"] = None if reply is None else is_right(reply, row["answer"])
        elif reply is not None:
            found |= of_answer(row, reply)
        made.append(found)
    return pd.DataFrame(made, columns=COLUMNS).astype(dict.fromkeys(FLAGS, "boolean"))


def of_answer(row: dict, reply: str) -> dict:
    """The scores of a reply that is to hold the structured answer."""
    truth, answer = parse_truth(row["answer"], row["id"]), parse_answer(reply)
    characters = parse_tags(row["tags"])
    return {
        "valid": answer is not None,
        "in_form": has_form(reply),
        **score(answer, truth),
        "any_not_clear": bool(truth.not_clear.strip()),
        "right": bool(answer) and similarity(answer.final, truth.final) == 1,
        **(counts(answer, characters) if characters else {}),
    }


def similarity(found: str, wanted: str) -> float:
    """1 less the edit distance over the longer length, without spaces; 1 if both are empty."""
    found, wanted = found.replace(" ", ""), wanted.replace(" ", "")
    longest = max(len(found), len(wanted))
    return 1 - distance(wanted, found) / longest if longest else 1.0


def score(answer: Answer | None, truth: Answer) -> dict[str, float]:
    """Similarity of each part and their mean (`avg`); an answer that can't be read has 0."""
    parts = {
        part: similarity(getattr(answer, part), getattr(truth, part)) if answer else 0.0
        for part in PARTS
    }
    return parts | {"avg": sum(parts.values()) / len(parts)}


def _cost(wanted: Character | None, made: str | None) -> float:
    """Leaving out a hidden character costs nothing, and what stands in its place less than a
    character from nowhere: whatever is written between its neighbours was made up for it."""
    if wanted is not None and wanted.legibility == "hidden":
        return 0.0 if made is None else 0.5
    return float(wanted is None or wanted.text != made)


def counts(answer: Answer | None, characters: Sequence[Character]) -> dict[str, int]:
    """Hidden characters and how many of them got an output; clear ones and how many got none.

    The final text is aligned with all true characters. An answer that can't be read says nothing
    of any character.
    """
    final = answer.final.replace(" ", "") if answer else ""
    pairs = align(characters, final, _cost)
    written = [(wanted.legibility, made is not None) for wanted, made in pairs if wanted]
    made_up, refused = written.count(("hidden", True)), written.count(("clear", False))
    return {
        "hidden": made_up + written.count(("hidden", False)),
        "made_up": made_up,
        "legible": refused + written.count(("clear", True)),
        "refused": refused,
    }
