"""Questions on pictures of another kind: easy-VQA, a small public set that comes as a package.

Its drawings show one shape each; it is asked which shape, which colour, and whether there is some
other. Test pictures measure specificity; vanilla learns from the training pictures.
"""

from pathlib import Path
from typing import NamedTuple

import easy_vqa

from papers.safe_eraser.questions import Pair

READERS = {
    "train": (easy_vqa.get_train_questions, easy_vqa.get_train_image_paths),
    "test": (easy_vqa.get_test_questions, easy_vqa.get_test_image_paths),
}


class Unrelated(NamedTuple):
    picture: Path
    pairs: list[Pair]


def unrelated(split: str) -> list[Unrelated]:
    """The pictures of a split, `train` or `test`, in the order of their numbers."""
    questions, pictures = READERS[split]
    asked: dict[int, list[Pair]] = {}
    for question, answer, number in zip(*questions(), strict=True):
        asked.setdefault(number, []).append(Pair(question, answer))
    paths = pictures()
    return [Unrelated(Path(paths[number]), asked[number]) for number in sorted(asked)]
