"""The samples that the authors released (ByteDance-Seed/ReSA), in place of ours: a user's own copy.

79,552 of the 80,426 that the paper speaks of. They were not read for this project, so the reader
takes the usual forms of a chat set and says what it found where it is none of them.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from papers.resa.reply_format import REFUSAL, Wording, read
from shared.errors import UserError
from shared.files import read_json

PAIRS = (("prompt", "response"), ("instruction", "output"), ("query", "response"))
CHATS = (("messages", "content"), ("conversations", "value"))
OTHER = "PAIR, PAP or GPTFuzzer"  # the attack of what is not of WildJailbreak


def read_released(path: Path, wording: Wording, wild: Sequence[dict]) -> list[dict]:
    """Samples with the fields of `pipeline.build`, as far as they can be told.

    A prompt of WildJailbreak (`wild`: its samples) has its request, attack and side; of any other
    the attack is OTHER, the request is the prompt itself, and it is harmful if its reply ends in
    the fixed refusal.
    """
    known = {sample["prompt"]: sample for sample in wild}
    rows = enumerate(read_json(path, list))
    return [_sample(path, number, row, wording, known) for number, row in rows]


def _sample(
    path: Path, number: int, row: dict, wording: Wording, known: Mapping[str, dict]
) -> dict:
    prompt, reply = _exchange(path, number, row)
    parts = read("answer-check", reply, wording) or read("direct", reply, wording)
    if parts is None:
        raise UserError(f"{path}: row {number}: expected a reply, found an empty one")
    harmful = parts.answer.startswith(REFUSAL)
    about = known.get(prompt, {"request": prompt, "method": OTHER, "harmful": harmful})
    attack = "Adversarial" if about["method"] else "Vanilla"
    return {
        "id": f"released/{number:05d}",
        "prompt": prompt,
        **{name: about[name] for name in ("request", "method", "harmful")},
        "type": f"{attack} {'Harmful' if about['harmful'] else 'Benign'}",
        "policy": "",
        "answers": [],
        "summary": parts.summary,
        "analysis": parts.analysis,
        "query_analysis": None,
        "answer": parts.answer,
        "support": about["harmful"] and not harmful,
    }


def _exchange(path: Path, number: int, row: dict) -> tuple[str, str]:
    """The user's turn and the reply of a row."""
    if not isinstance(row, dict):
        raise UserError(f"{path}: row {number}: expected a record, found {row!r:.60}")
    for asked, replied in PAIRS:
        if {asked, replied} <= row.keys():
            return row[asked], row[replied]
    for turns, content in CHATS:
        if turns in row:
            *_, prompt, reply = [turn[content] for turn in row[turns]]
            return prompt, reply
    known = ", ".join([*(" and ".join(pair) for pair in PAIRS), *(name for name, _ in CHATS)])
    raise UserError(f"{path}: row {number}: expected {known}; found {', '.join(row)}")
