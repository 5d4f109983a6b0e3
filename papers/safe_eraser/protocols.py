"""The two protocols as data, but for the weights of the loss terms, which `methods.py` has.

`official` does as the released code, `corrected` as seems meant.
"""

from collections.abc import Callable
from dataclasses import dataclass

from shared.settings import ProtocolName


@dataclass(frozen=True)
class Protocol:
    written: Callable[[str], str]  # questions and answers, when they are trained on
    learns_predictions: bool  # to forget and keep what vanilla said itself, not the gold answers
    rouge: str  # the column of the scores that it calls ROUGE-L


PROTOCOLS: dict[ProtocolName, Protocol] = {
    # `str.capitalize` lowers all letters but the first
    "official": Protocol(str.capitalize, learns_predictions=True, rouge="rouge_official"),
    "corrected": Protocol(str, learns_predictions=False, rouge="rouge_f1"),
}
