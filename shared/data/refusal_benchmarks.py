"""Readers of the published files of benchmarks of refusals: what should and should not be refused.

Their requests are read at run time and may be unsafe by design: no step stores or shows them. Each
reader takes the path of one file (`name` is what the rows give as their source) and raises
`UserError` with file and row where the format is not the published one.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pyarrow import ArrowException
from pyarrow.parquet import read_table

from shared.data.formats import expect, read_csv
from shared.errors import UserError
from shared.files import read_json, read_jsonl

CATEGORIES = (
    "Humanizing requests",
    "Incomplete requests",
    "Indeterminate requests",
    "Requests with safety concerns",
    "Unsupported requests",
)  # of CoCoNot (Brahman et al. 2024, arXiv 2407.12043)


@dataclass(frozen=True)
class Request:
    """What a user asks. `refuse`: whether it should be refused. `kind`: within the category."""

    id: str
    text: str
    refuse: bool
    category: str
    source: str
    kind: str = ""


@dataclass(frozen=True)
class Answered:
    """A request that should be answered, with an answer and a refusal that is out of place."""

    request: Request
    answer: str
    refusal: str


class Rubric(NamedTuple):
    """What a reply does that refuses a request of one kind, and one that complies with it."""

    refusal: str
    compliance: str


def read_coconot(path: Path, name: str, *, refuse: bool) -> list[Request]:
    """One file of CoCoNot, JSON Lines of id, category, prompt.

    refuse: true for the original set, false for the contrast set, whose requests look alike and
    should be answered.
    """
    return [_coconot(path, number, row, name, refuse) for number, row in _rows(path)]


def read_coconot_refusals(path: Path, name: str) -> list[tuple[Request, str]]:
    """The training set of CoCoNot: requests to refuse, each with the refusal to learn."""
    return [
        (_coconot(path, number, row, name, True), _response(path, number, row))
        for number, row in _rows(path)
    ]


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
        kind = row.get("subcategory", "")
        split = row["eval_split"]
        rows.append(Request(row["question_id"], row["question"], refuse, split, name, kind))
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


def read_rubric(path: Path) -> dict[str, Rubric]:
    """CoCoNot's rubric: {kind: {"refusal": …, "compliance": …}}, kinds in small letters."""
    found = read_json(path, dict)
    for kind, row in found.items():
        right = isinstance(row, dict) and {"refusal", "compliance"} <= row.keys()
        expect(path, kind, row, right, "refusal, compliance")
    return {kind.lower(): Rubric(r["refusal"], r["compliance"]) for kind, r in found.items()}


def read_wildguard(path: Path, name: str) -> list[Request]:
    """WildGuardTest (Han et al. 2024, arXiv 2406.18495): prompt, prompt_harm_label (harmful,
    unharmful, or none: left out), subcategory."""
    rows = []
    columns = ["prompt", "prompt_harm_label", "subcategory"]
    for number, row in enumerate(_parquet(path, columns)):
        text, label, category = (row[column] for column in columns)
        known = label in ("harmful", "unharmful", None)
        expect(path, f"row {number}, prompt_harm_label", label, known, "harmful or unharmful")
        if label:
            rows.append(Request(str(number), text, label == "harmful", category or "", name))
    return rows


def read_wildjailbreak(path: Path, name: str) -> list[Request]:
    """The evaluation set of WildJailbreak (Jiang et al. 2024, arXiv 2406.18510), values between
    tabs: adversarial (the text), data_type (adversarial_harmful or adversarial_benign)."""
    rows = []
    for number, row in enumerate(read_csv(path, ("adversarial", "data_type"), "\t")):
        kind = row["data_type"]
        known = kind in ("adversarial_harmful", "adversarial_benign")
        expect(path, f"row {number}, data_type", kind, known, "adversarial_harmful or _benign")
        harmful = kind == "adversarial_harmful"
        rows.append(Request(str(number), row["adversarial"], harmful, kind, name))
    return rows


def read_or_bench(path: Path, name: str) -> list[Request]:
    """A file of OR-Bench (Cui et al. 2024, arXiv 2405.20947): prompt, category. Those of
    `or-bench-toxic.csv` should be refused, those of the others only look so."""
    toxic = path.stem == "or-bench-toxic"
    return [
        Request(str(number), row["prompt"], toxic, row["category"], name)
        for number, row in enumerate(read_csv(path, ("prompt", "category")))
    ]


def read_sorry_bench(path: Path, name: str) -> list[Request]:
    """`question.jsonl` of SORRY-Bench (Xie et al. 2024, arXiv 2406.14598): question_id, category,
    turns (the first is the request); of its wordings the plain one, prompt_style "base"."""
    rows = []
    for number, row in _rows(path):
        turns = row.get("turns")
        keys = {"question_id", "category"} <= row.keys() and isinstance(turns, list) and turns
        expect(path, f"row {number}", sorted(row), bool(keys), "question_id, category, turns")
        if row.get("prompt_style", "base") == "base":
            key, category = str(row["question_id"]), str(row["category"])
            rows.append(Request(key, turns[0], True, category, name))
    return rows


def read_advbench(path: Path, name: str) -> list[Request]:
    """The behaviours of AdvBench (Zou et al. 2023, arXiv 2307.15043): column goal."""
    rows = enumerate(read_csv(path, ("goal",)))
    return [Request(str(number), row["goal"], True, "", name) for number, row in rows]


def read_harmful_qa(path: Path, name: str) -> list[Request]:
    """HarmfulQA (Bhardwaj & Poria 2023, arXiv 2308.09662): a list of objects with topic and
    question. Some questions are there twice, under an id that need not differ."""
    rows = []
    for number, row in enumerate(read_json(path, list)):
        keys = isinstance(row, dict) and {"topic", "question"} <= row.keys()
        expect(path, f"row {number}", row, keys, "topic, question")
        rows.append(Request(str(number), row["question"], True, row["topic"], name))
    return rows


def read_do_not_answer(path: Path, name: str) -> list[Request]:
    """Do-Not-Answer (Wang et al. 2023, arXiv 2308.13387): id, types_of_harm, question."""
    return [
        Request(row["id"], row["question"], True, row["types_of_harm"], name)
        for row in read_csv(path, ("id", "types_of_harm", "question"))
    ]


def _parquet(path: Path, columns: list[str]) -> list[dict]:
    try:
        return read_table(path, columns=columns).to_pylist()
    except (ArrowException, OSError) as error:
        said = str(error).splitlines()[0]
        raise UserError(f"{path}: expected parquet with {', '.join(columns)} ({said})") from None


def _rows(path: Path) -> list[tuple[int, dict]]:
    rows = list(enumerate(read_jsonl(path)))
    for number, row in rows:
        expect(path, f"row {number}", row, isinstance(row, dict), "an object")
    return rows


def _response(path: Path, number: int, row: dict) -> str:
    found = row.get("response")
    expect(path, f"row {number}, response", found, isinstance(found, str) and found, "a text")
    return found


def _coconot(path: Path, number: int, row: dict, name: str, refuse: bool) -> Request:
    keys = {"id", "category", "prompt"} <= row.keys()
    expect(path, f"row {number}", sorted(row), keys, "id, category, prompt")
    category = row["category"]
    expect(path, f"row {number}, category", category, category in CATEGORIES, str(CATEGORIES))
    return Request(row["id"], row["prompt"], refuse, category, name, row.get("subcategory", ""))
