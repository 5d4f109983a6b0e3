"""One question with its gold answers: what every question set is made of."""

from dataclasses import dataclass

LETTERS = "ABCD"


@dataclass(frozen=True)
class Question:
    """A question of a set, before it is put into a split.

    answers: the gold answer first, then others that are also right; empty if there is none.
    subject: what the question is about; rows about one subject never straddle train and test.
    options: the texts of A, B, C, D of a multiple-choice question, whose answer is a letter.
    """

    relation: str
    question: str
    answers: tuple[str, ...]
    source: str
    subject: str = ""
    options: tuple[str, ...] = ()
    answerable: bool = True


def multiple_choice(question: str, options: tuple[str, ...]) -> str:
    """The question, its lettered options and `Answer:`, one a line, as in the MMLU test code."""
    lines = [f"{letter}. {option}" for letter, option in zip(LETTERS, options, strict=True)]
    return "\n".join([question, *lines, "Answer:"])
