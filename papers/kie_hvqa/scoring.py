"""Scores of an answer: the similarities of the released eval.py, and two rates that it lacks."""

from collections.abc import Sequence

from papers.kie_hvqa.notation import Answer, Character
from shared.metrics.edit_distance import align, distance

PARTS = ("clear", "not_clear", "final")


def similarity(found: str, wanted: str) -> float:
    """1 less the edit distance over the longer length, without spaces; 1 if both are empty."""
    found, wanted = found.replace(" ", ""), wanted.replace(" ", "")
    longest = max(len(found), len(wanted))
    return 1 - distance(wanted, found) / longest if longest else 1.0


def character_accuracy(found: str, wanted: str) -> float:
    """Characters that agree place by place, over those wanted; 0 if none is (eval.py)."""
    found, wanted = found.replace(" ", ""), wanted.replace(" ", "")
    same = sum(a == b for a, b in zip(found, wanted, strict=False))
    return same / len(wanted) if wanted else 0.0


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
    hidden = [made for wanted, made in pairs if wanted and wanted.legibility == "hidden"]
    clear = [made for wanted, made in pairs if wanted and wanted.legibility == "clear"]
    return {
        "hidden": len(hidden),
        "made_up": sum(made is not None for made in hidden),
        "legible": len(clear),
        "refused": sum(made is None for made in clear),
    }
