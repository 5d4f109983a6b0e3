"""Readers of the published files of CoCoNot, Refusal Tokens' temporal set, XSTest and OKTest.

Their requests are read at run time and may be unsafe by design: no step stores or shows them. Each
reader takes the path of one file (`name` is what the rows give as their source) and raises
`UserError` with file and row where the format is not the published one.
"""

from dataclasses import dataclass
from pathlib import Path

from shared.data.formats import expect, read_csv
from shared.files import read_jsonl

CATEGORIES = (
    "Humanizing requests",
    "Incomplete requests",
    "Indeterminate requests",
    "Requests with safety concerns",
    "Unsupported requests",
)  # of CoCoNot (Brahman et al. 2024, arXiv 2407.12043)


@dataclass(frozen=True)
class Request:
    """What a user asks. `refuse`: whether it should be refused."""

    id: str
    text: str
    refuse: bool
    category: str
    source: str


@dataclass(frozen=True)
class Answered:
    """A request that should be answered, with an answer and a refusal that is out of place."""

    request: Request
    answer: str
    refusal: str


def read_coconot(path: Path, name: str, *, refuse: bool) -> list[Request]:
    """One file of CoCoNot, JSON Lines of id, category, prompt.

    refuse: true for the original set, false for the contrast set, whose requests look alike and
    should be answered.
    """
    return [_coconot(path, number, row, name, refuse) for number, row in _rows(path)]


def read_coconot_pairs(path: Path, name: str) -> list[Answered]:
    """The preference pairs of CoCoNot: contrast requests, `chosen` the answer."""
    pairs = []
    for number, row in _rows(path):
        keys = {"chosen", "rejected"} <= row.keys()
        expect(path, f"row {number}", sorted(row), keys, "chosen, rejected")
        request = _coconot(path, number, row, name, refuse=False)
        pairs.append(Answered(request, row["chosen"], row["rejected"]))
    return pairs


def read_temporal(path: Path, name: str) -> list[Request]:
    """The temporal set: question, label_type (Abstain or Respond), question_id, eval_split.

    The category is the split: temporal (to be refused), normal, and coconut-refusal, which should
    be refused for other reasons and is labelled Respond here (the set asks whether a refusal of
    one kind leaks to others).
    """
    columns = ("question", "label_type", "question_id", "eval_split")
    rows = []
    for number, row in enumerate(read_csv(path, columns)):
        label = row["label_type"]
        known = label in ("Abstain", "Respond")
        expect(path, f"row {number}, label_type", label, known, "Abstain or Respond")
        refuse = label == "Abstain"
        rows.append(Request(row["question_id"], row["question"], refuse, row["eval_split"], name))
    return rows


def read_xstest(path: Path, name: str) -> list[Request]:
    """XSTest (Röttger et al. 2024): id, prompt, type, label (safe or unsafe).

    Safe prompts look unsafe and should be answered.
    """
    rows = []
    for number, row in enumerate(read_csv(path, ("id", "prompt", "type", "label"))):
        label = row["label"]
        expect(path, f"row {number}, label", label, label in ("safe", "unsafe"), "safe or unsafe")
        rows.append(Request(row["id"], row["prompt"], label == "unsafe", row["type"], name))
    return rows


def read_oktest(path: Path, name: str) -> list[Request]:
    """OKTest (Shi et al. 2024, arXiv 2401.17633): one column `prompt`; all should be answered."""
    return [
        Request(str(number), row["prompt"].strip(), False, "safe", name)
        for number, row in enumerate(read_csv(path, ("prompt",)))
    ]


def _rows(path: Path) -> list[tuple[int, dict]]:
    rows = list(enumerate(read_jsonl(path)))
    for number, row in rows:
        expect(path, f"row {number}", row, isinstance(row, dict), "an object")
    return rows


def _coconot(path: Path, number: int, row: dict, name: str, refuse: bool) -> Request:
    keys = {"id", "category", "prompt"} <= row.keys()
    expect(path, f"row {number}", sorted(row), keys, "id, category, prompt")
    category = row["category"]
    expect(path, f"row {number}, category", category, category in CATEGORIES, str(CATEGORIES))
    return Request(row["id"], row["prompt"], refuse, category, name)
