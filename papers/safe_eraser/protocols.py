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
    columns: dict[str, str]  # metric -> the column of the scores that it calls so


PROTOCOLS: dict[ProtocolName, Protocol] = {
    # `str.capitalize` lowers all letters but the first
    "official": Protocol(
        str.capitalize,
        learns_predictions=True,
        columns={"rouge": "rouge_official", "gpt_eval": "gpt_eval_official"},
    ),
    "corrected": Protocol(
        str, learns_predictions=False, columns={"rouge": "rouge_f1", "gpt_eval": "gpt_eval"}
    ),
}
