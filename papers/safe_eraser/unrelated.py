"""Questions on pictures of another kind: easy-VQA, a small public set that comes as a package.

Its drawings show one shape each; it is asked which shape or colour it has. Test pictures measure
specificity; vanilla learns from the training pictures. Its questions with yes or no, most of them
about what is not there, are left out: vanilla at `cpu` answered them by chance (49 % of all right),
so that nothing could have been lost.
"""

from pathlib import Path
from typing import NamedTuple

import easy_vqa

from papers.safe_eraser.questions import Pair


class Unrelated(NamedTuple):
    picture: Path
    pairs: list[Pair]


def unrelated(split: str) -> list[Unrelated]:
    """The pictures of a split, `train` or `test`, with their questions, in order."""
    questions = getattr(easy_vqa, f"get_{split}_questions")()
    paths = getattr(easy_vqa, f"get_{split}_image_paths")()
    asked: dict[int, list[Pair]] = {}
    for question, answer, number in zip(*questions, strict=True):
        if answer not in ("yes", "no"):
            asked.setdefault(number, []).append(Pair(question, answer))
    return [Unrelated(Path(paths[number]), asked[number]) for number in sorted(asked)]
