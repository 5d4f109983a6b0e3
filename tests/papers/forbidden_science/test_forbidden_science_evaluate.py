"""Scores of invented replies, worked by hand, and the judges on invented labels."""

import csv

import pandas as pd
import pytest

from papers.forbidden_science import calibrate, evaluate
from papers.forbidden_science.published_replies import FILE, MODELS
from papers.forbidden_science.settings import Settings
from shared.chat import cache
from shared.data import ledger
from shared.data.catalogue import sources
from shared.data.ledger import Ledger
from shared.errors import UserError
from shared.files import sha256, write_jsonl
from shared.judges import human_labels
from shared.judges.human_labels import Labelled
from shared.judges.strings import StringJudge
from shared.runner.step import Run

SETTINGS = Settings.model_validate(
    {
        "name": "small",
        "model": "path:weights",
        "resources": {"mem_mb": 1, "disk_mb": 1, "runtime": 1},
        "prompts": {"agents_per_template": 1, "industrial": 1, "environmental": 1},
        "judges": ["strings:phrases", "strings:xstest"],
        "human_labels": True,
        "reply_tokens": 9,
        "batch_size": 4,
        "batch_tokens": 1000,
    }
)


def prompt(name, template="T3", side="science", variation=0):
    base = f"{template}/{name}"
    return {
        "id": f"{base}/v{variation}" if variation else base,
        "template": template,
        "side": side,
        "agent": name,
        "prompt": f"Asked about {name}?",
        "base": base,
        "variation": variation,
        "label_only": template == "T1",
    }


ROWS = [
    prompt("salt", "T1"),
    prompt("salt", "T1", variation=1),
    prompt("soap"),
    prompt("soap", variation=1),
    prompt("sand", "ENV", "over-restriction"),
]
NOT_ALLOWED = "I am not allowed to talk about soap."
RECORDS = [
    {"id": "T1/salt", "replied": True, "allowed": False, "reason": ""},
    {"id": "T1/salt/v1", "replied": False, "allowed": None, "reason": "silence"},
    {"id": "T3/soap", "replied": True, "allowed": True, "reason": "", "reply": NOT_ALLOWED},
    {"id": "T3/soap/v1", "replied": True, "allowed": None, "reason": ""},
    {"id": "ENV/sand", "replied": True, "allowed": True, "reason": "", "reply": None},
]
for record, odds in zip(RECORDS, [2.5, None, -1.5, None, -0.5], strict=True):
    record["log_odds"] = odds
LABELLED = [
    Labelled(1, "Asked?", NOT_ALLOWED, True),
    Labelled(2, "Asked?", "Sorry, no.", True),
    Labelled(3, "Asked?", "Sand is wet.", False),
]


class Doubtful:
    """Notes what it was shown; no verdict on anything about soap."""

    name = "Doubtful"

    def __init__(self):
        self.shown = []

    def refusals(self, requests, replies):
        self.shown += zip(requests, replies, strict=True)
        return [None if "soap" in reply else False for reply in replies]


def listed(column: pd.Series) -> list:
    return [None if pd.isna(value) else value for value in column]


def test_scores_of_one_model_by_hand():
    """Refused: the flag says so. No reply: null in both columns. An unreadable flag: parsed is
    false and refused is false, the model's failure. Only the reply about soap is judged."""
    doubtful = Doubtful()
    judges = [StringJudge("phrases"), StringJudge("xstest"), doubtful]
    scores = evaluate.live(ROWS, RECORDS, judges)
    assert listed(scores["self_refused"]) == [True, None, False, False, False]
    assert listed(scores["self_parsed"]) == [True, None, True, False, True]
    assert listed(scores["self_log_odds"]) == [2.5, None, -1.5, None, -0.5]
    assert listed(scores["refused_Phrase rule"]) == [None, None, True, None, None]
    assert listed(scores["refused_XSTest prefixes"]) == [None, None, False, None, None]
    assert listed(scores["refused_Doubtful"]) == [None] * 5
    assert doubtful.shown == [("Asked about soap?", NOT_ALLOWED)]
    assert listed(scores["reply_words"]) == [None, None, 8, None, None]
    for key in ("id", "base", "variation", "template", "side", "label_only"):
        assert list(scores[key]) == [row[key] for row in ROWS]


def test_an_empty_reply_is_judged_and_no_reply_is_not():
    rows, doubtful = [prompt("a"), prompt("b")], Doubtful()
    records = [
        {"id": row["id"], "replied": True, "allowed": True, "log_odds": None, "reply": reply}
        for row, reply in zip(rows, ["", None], strict=True)
    ]
    scores = evaluate.live(rows, records, [doubtful])
    assert listed(scores["refused_Doubtful"]) == [False, None]
    assert listed(scores["reply_words"]) == [0, None]


def test_records_are_put_in_the_order_of_the_prompts(tmp_path):
    write_jsonl(tmp_path / "small.jsonl", RECORDS[::-1])
    assert evaluate.read_records(tmp_path / "small.jsonl", ROWS) == RECORDS
    with pytest.raises(UserError, match="no record of T3/gold, expected one for every prompt"):
        evaluate.read_records(tmp_path / "small.jsonl", [*ROWS, prompt("gold")])


def write_published(path, numbers=(7, 9)):
    """An invented file of the authors' format: Claude and Grok refuse the first prompt."""
    rows = []
    for number in numbers:
        row = {"Number": number, "category": "kitchen", "agent": "soap", "prompt": "Asked?"}
        for name, column in MODELS.items():
            refused = number == numbers[0] and name in ("Claude-3.5-sonnet", "Grok-2")
            row[f"{column}_chain_of_thought"] = "Short."
            row[f"{column}_response"] = NOT_ALLOWED if refused else "Soap is\nslippery."
            row[f"{column}_allowed_to_answer"] = "FALSE" if refused else "TRUE"
        rows.append(row)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A mirror folder of the user's own, with nothing in it yet."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    monkeypatch.setenv("REPLICATIONS_MIRROR", str(folder))
    return folder


@pytest.fixture
def pinned(mirror, monkeypatch):
    """The invented file in the mirror, taken for the authors'."""
    write_published(mirror / FILE)
    real = sources()["forbidden_science"]
    invented = real.model_copy(update={"files": {FILE: sha256(mirror / FILE)}})
    monkeypatch.setattr(ledger, "sources", lambda: {"forbidden_science": invented})


def test_string_judges_on_the_published_replies(pinned):
    """The phrase rule finds both "I am not allowed", the prefixes of XSTest neither."""
    taken = Ledger()
    frame = calibrate.by_authors([StringJudge("phrases"), StringJudge("xstest")], taken)
    assert len(frame) == 2 * 4 * 2
    assert set(frame["source"]) == {"Published replies"}
    phrases = frame[frame["judge"] == "Phrase rule"]
    assert list(phrases["id"]) == [f"{name}/{n}" for name in MODELS for n in (7, 9)]
    assert list(phrases["human"]) == [True, False, True, False, False, False, False, False]
    assert list(phrases["judged"]) == list(phrases["human"])
    prefixes = frame[frame["judge"] == "XSTest prefixes"]
    assert not prefixes["judged"].any() and prefixes["human"].sum() == 2
    record = taken.records["forbidden_science"]
    assert (record["route"], record["rows"]) == (["mirror"], {"Published replies": 8})


def test_without_a_copy_there_are_no_rows_and_the_record_says_so(mirror):
    taken = Ledger()
    frame = calibrate.by_authors([StringJudge("phrases")], taken)
    assert list(frame) == ["judge", "id", "human", "judged", "source"] and frame.empty
    record = taken.records["forbidden_science"]
    assert record["route"] is None and record["rows"] == {"Published replies": 0}
    assert "in a mirror folder, and it is never downloaded" in record["reason"]


def test_a_copy_with_other_bytes_is_an_error(mirror):
    write_published(mirror / FILE)
    with pytest.raises(UserError, match="sha256 is"):
        calibrate.by_authors([StringJudge("phrases")], Ledger())


def test_the_step_writes_the_scores_of_a_model(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "SCRATCH", tmp_path / "scratch")
    write_jsonl(tmp_path / "data" / "prompts.jsonl", ROWS)
    write_jsonl(tmp_path / "small.jsonl", RECORDS)
    run = Run(SETTINGS, tmp_path / "base-s0.parquet", key="key")
    record = evaluate.evaluate(run, tmp_path / "data", tmp_path / "small.jsonl")
    assert record == {"judges": ["Phrase rule", "XSTest prefixes"]}
    scores = pd.read_parquet(run.out)
    assert listed(scores["self_refused"]) == [True, None, False, False, False]
    assert listed(scores["refused_Phrase rule"]) == [None, None, True, None, None]
    assert holds_no_text(scores)


@pytest.fixture
def calibrated(tmp_path, monkeypatch, mirror):
    """What the step writes of the judges, and what is recorded."""
    monkeypatch.setattr(cache, "SCRATCH", tmp_path / "scratch")
    monkeypatch.setattr(human_labels, "human_labels", lambda: LABELLED)

    def calibrated(settings=SETTINGS):
        run = Run(settings, tmp_path / "judges.parquet", key="key")
        record = calibrate.calibrate(run)
        return pd.read_parquet(run.out), record

    return calibrated


def test_the_step_writes_the_scores_of_the_judges(calibrated, pinned):
    judges, record = calibrated()
    sizes = judges.groupby(["source", "judge"]).size().to_dict()
    assert sizes == {
        ("PyRIT human labels", "Phrase rule"): 3,
        ("PyRIT human labels", "XSTest prefixes"): 3,
        ("Published replies", "Phrase rule"): 8,
        ("Published replies", "XSTest prefixes"): 8,
    }
    people = judges[judges["source"] == "PyRIT human labels"].set_index(["judge", "id"])
    assert list(people.loc["XSTest prefixes", "judged"]) == [False, True, False]
    assert list(people.loc["Phrase rule", "judged"]) == [True, True, False]
    assert list(people.loc["Phrase rule", "human"]) == [True, True, False]
    assert list(people.loc["Phrase rule"].index) == ["1", "2", "3"]
    assert {source["id"]: source["route"] for source in record["sources"]} == {
        "PyRIT human labels": ["package"],
        "forbidden_science": ["mirror"],
    }
    assert record["judges"] == ["Phrase rule", "XSTest prefixes"]
    assert holds_no_text(judges)


def holds_no_text(scores):
    """Neither of a request nor of a reply."""
    texts = scores.select_dtypes(exclude=["number", "bool"]).astype(str)
    written = " ".join(texts.to_numpy().ravel())
    return not any(
        text in written for text in (NOT_ALLOWED, "Asked", "slippery", "Sorry, no", "wet")
    )


def test_with_no_labels_at_all_the_columns_stay(calibrated):
    judges, record = calibrated(SETTINGS.model_copy(update={"human_labels": False}))
    assert judges.empty
    assert dict(judges.dtypes.astype(str)) == {
        "judge": "string",
        "id": "string",
        "human": "bool",
        "judged": "boolean",
        "source": "string",
    }
    assert [source["route"] for source in record["sources"]] == [None, None]
