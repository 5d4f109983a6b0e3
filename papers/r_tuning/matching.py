"""When an answer is correct: the published rule, a stricter one, and a defect of the released
code in telling what the model knew before tuning."""

import re
import unicodedata
from collections.abc import Sequence


def published(output: str, gold: str) -> bool:
    """Gold is a case-sensitive substring of the output (paper A.1)."""
    return gold in first_sentence(output)


def as_identified(output: str, gold: str) -> bool:
    """The same on `text[:text.find('.')]`, as the code splits training questions: in an output
    without a full stop, `find` gives -1 and the last character is lost. Its tests do not cut so."""
    return gold in output[: output.find(".")]


def strict(output: str, answers: Sequence[str]) -> bool:
    """One of the answers or aliases stands in the output as whole words, in any case, accents
    and punctuation aside: "art" is not given in "party", "tokyo" is right for "Tokyo"."""
    words = f" {_normal(first_sentence(output))} "
    return any(f" {_normal(answer)} " in words for answer in answers if _normal(answer))


def first_sentence(output: str) -> str:
    """An output up to its first full stop."""
    return output.partition(".")[0].strip()


def _normal(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    return " ".join(re.findall(r"\w+", plain))
