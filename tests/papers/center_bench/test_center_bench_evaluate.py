"""Asking and scoring from end to end, with a model that knows and one that does not answer."""

import json
import sys
from types import SimpleNamespace

import pandas as pd
import pytest

from papers.center_bench import ask, evaluate, prompts
from papers.center_bench.generate import generate
from papers.center_bench.questions import TYPES, questions, records
from papers.center_bench.scorer_audit import COLUMNS
from papers.center_bench.settings import Settings
from shared.chat import cache
from shared.chat.replies import Reply
from shared.errors import UserError
from shared.files import write_jsonl

SETTINGS = Settings.model_validate(
    {
        "resources": {"mem_mb": 1, "disk_mb": 1, "runtime": 1},
        "models": {"local": {"model": "path:here"}, "far": {"model": "api:org/far"}},
        "solvers": ["oracle", "nearest-verb", "plausibility"],
        "official": "no",
        "sentences": 2,
        "asked": {"Generated": {"sentences": 1, "middle_only": True}},
        "max_new_tokens": 8,
        "batch_size": 4,
        "batch_tokens": 1000,
    }
)
# 3 subsets, 6 levels, the first sentence of each, its middle noun, 6 types
ASKED = 3 * 6 * 6


class FakeChat:
    """Answers what it was told to answer to a user message, and nothing (a time-out) else."""

    name, identity, extra_tokens = "fake", "fake", 0

    def __init__(self, golds):
        self.golds, self.stop = golds, None

    def answers(self, conversations, max_new_tokens, *, stop=(), start=""):
        self.stop = stop
        for place, conversation in enumerate(conversations):
            text = self.golds.get(conversation[1]["content"])
            yield place, Reply(text, "" if text else "time-out", "well, well", 9, 3)


@pytest.fixture(scope="module")
def rows():
    return [
        record
        for each in generate(0, 2)
        for record in records(
            "Generated",
            each.subset,
            each.level,
            each.id,
            each.pair,
            str(each.sentence),
            questions(each.sentence),
        )
    ]


@pytest.fixture
def data(rows, tmp_path):
    write_jsonl(tmp_path / "data" / "generated.jsonl", rows)
    write_jsonl(tmp_path / "data" / "official.jsonl", [])
    return tmp_path / "data"


@pytest.fixture
def step(monkeypatch, tmp_path, data):
    """Run a step's `main` with SETTINGS, all paths under the test's folder."""
    monkeypatch.setattr(cache, "SCRATCH", tmp_path / "scratch")
    monkeypatch.setattr(cache, "BOUGHT", tmp_path / "bought")

    def run(module, out, *arguments):
        monkeypatch.setattr(module, "step_settings", lambda *_: SETTINGS)
        fixed = ["--scale", "cpu", "--data", data, "--out", out]
        words = [module.__name__, *fixed, "--record", tmp_path / "run.json", *arguments]
        monkeypatch.setattr(sys, "argv", list(map(str, words)))
        module.main()
        return json.loads((tmp_path / "run.json").read_text())

    return run


def middle_of_first(rows):
    return [row for row in rows if row["sentence_id"].endswith("/01") and row["middle"]]


def test_the_rules_of_all_types_come_before_sentence_and_question(rows):
    system, user = prompts.conversation(rows[0])
    assert (system["role"], user["role"]) == ("system", "user")
    assert user["content"] == f"Sentence: {rows[0]['sentence']}\nQuestion: {rows[0]['question']}"
    for word in (*TYPES, "no prior events", "none"):
        assert word in system["content"]
    assert rows[0]["type"] not in user["content"]


def test_what_is_asked(data, rows):
    asked = ask.asked_questions(data, SETTINGS.asked)
    assert asked == middle_of_first(rows)
    assert len(asked) == ASKED
    everything = {"Generated": SimpleNamespace(sentences=2, middle_only=False)}
    assert ask.asked_questions(data, everything) == rows
    both = everything | {"CenterBench": SimpleNamespace(sentences=30, middle_only=False)}
    assert ask.asked_questions(data, both) == rows  # nothing was released here


def test_asking_a_local_model(step, monkeypatch, tmp_path, rows):
    """A question without a reply stays in the table, with the reason; nothing is kept after."""
    golds = {prompts.conversation(row)[1]["content"]: row["answer"] for row in rows}
    silent = prompts.conversation(middle_of_first(rows)[0])[1]["content"]
    chat = FakeChat(golds | {silent: None})
    monkeypatch.setattr(ask, "open_chat", lambda *_, **__: chat)
    record = step(ask, tmp_path / "local.parquet", "--run", "local")
    table = pd.read_parquet(tmp_path / "local.parquet")
    asked = middle_of_first(rows)
    assert table["id"].tolist() == [row["id"] for row in asked]
    assert table["prediction"].isna().tolist() == [True] + [False] * (ASKED - 1)
    assert table["prediction"].tolist()[1:] == [row["answer"] for row in asked[1:]]
    assert table["reason"].tolist() == ["time-out"] + [""] * (ASKED - 1)
    assert (table["thoughts_words"] == 2).all()
    assert (table["reply_tokens"] == 3).all()
    assert (record["replies"], record["without_reply"]) == (ASKED, 1)
    assert chat.stop == ("\n",)
    assert not list((tmp_path / "scratch").rglob("*.sqlite"))


def test_asking_an_endpoint_says_the_cost_first_and_keeps_the_replies(
    step, monkeypatch, tmp_path, rows, capsys
):
    golds = {prompts.conversation(row)[1]["content"]: row["answer"] for row in rows}
    monkeypatch.setattr(ask, "open_chat", lambda *_, **__: FakeChat(golds))
    step(ask, tmp_path / "far.parquet", "--run", "far")
    distinct = {json.dumps(prompts.conversation(row)) for row in middle_of_first(rows)}
    assert f"fake: {len(distinct)} calls" in capsys.readouterr().out
    first = pd.read_parquet(tmp_path / "far.parquet")
    assert (tmp_path / "bought" / "far.sqlite").is_file()
    # a second run asks nothing
    monkeypatch.setattr(ask, "open_chat", lambda *_, **__: FakeChat({}))
    step(ask, tmp_path / "far.parquet", "--run", "far")
    assert "fake: 0 calls" in capsys.readouterr().out
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "far.parquet"), first)


def test_an_unknown_run_is_named(step, tmp_path):
    with pytest.raises(UserError, match="unknown run 'other'; runs of this scale: local, far"):
        step(ask, tmp_path / "x.parquet", "--run", "other")


def test_where_a_reply_ends():
    local, thinking = SETTINGS.models["local"], {"thinking": True}
    assert ask.stops(local) == ("\n",)
    assert ask.stops(local.model_copy(update=thinking)) == ()
    assert ask.stops(SETTINGS.models["far"]) == ()


def replies_of(rows, texts):
    return pd.DataFrame(
        {
            "id": [row["id"] for row in rows],
            "prediction": pd.array(texts, dtype="string"),
            "reason": "",
            "thoughts_words": 0,
            "reply_tokens": 5,
        }
    )


def test_scoring_from_end_to_end(step, tmp_path, rows):
    """Model `local` gives the gold answers with a label in front; `far` gives none for its first
    question, an empty one for the second and nonsense for the rest."""
    asked = middle_of_first(rows)
    folder, out = tmp_path / "replies", tmp_path / "scores"
    folder.mkdir()
    golds = [f"Answer: {row['answer']}\nIndeed." for row in asked]
    replies_of(asked[::-1], golds[::-1]).to_parquet(folder / "local.parquet")
    replies_of(asked, [None, "", *["purple"] * (ASKED - 2)]).to_parquet(folder / "far.parquet")
    record = step(evaluate, out, "--replies", folder)

    scores = {path.stem: pd.read_parquet(path) for path in out.glob("*.parquet")}
    assert set(scores) == {"local", "far", *SETTINGS.solvers, "scorer_audit"}
    columns = [
        *("id", "source", "subset", "level", "type", "sentence_id", "pair", "middle"),
        *("prediction", "correct_official", "rule", "correct_strict"),
        *("reply_tokens", "thoughts_words"),
    ]
    for run in ("local", "far", *SETTINGS.solvers):
        assert list(scores[run]) == columns
        assert scores[run]["id"].tolist() == [row["id"] for row in asked]
    for run in ("local", "oracle"):
        assert scores[run]["correct_official"].all()
        assert scores[run]["correct_strict"].all()
        assert scores[run]["prediction"].tolist() == [row["answer"] for row in asked]
        assert (scores[run]["rule"] == "string").all()
    assert (scores["local"]["reply_tokens"] == 5).all()
    assert scores["oracle"]["reply_tokens"].isna().all()

    far = scores["far"]
    unscored = ["prediction", "correct_official", "rule", "correct_strict"]
    assert far.loc[0, unscored].isna().all()
    assert far.loc[1:, unscored].notna().all(axis=None)
    assert far.loc[1, "prediction"] == ""
    assert far["correct_strict"].sum() == 0
    for run in ("nearest-verb", "plausibility"):
        counts = scores[run]["type"] == "entity_count"
        assert scores[run].loc[counts, "correct_strict"].all()
        assert 0 < scores[run].loc[~counts, "correct_strict"].mean() < 1
    # the authors' scorer forgives more of the heuristics' wrong answers
    both = scores["plausibility"][["correct_official", "correct_strict"]].sum()
    assert both["correct_official"] >= both["correct_strict"]

    assert tuple(scores["scorer_audit"]) == COLUMNS
    assert len(scores["scorer_audit"]) == record["prepared_answers"] == 0
    assert record["questions"] == ASKED


def test_a_question_that_was_never_asked_is_named(step, tmp_path, rows):
    asked = middle_of_first(rows)
    folder = tmp_path / "replies"
    folder.mkdir()
    replies_of(asked[1:], ["x"] * (ASKED - 1)).to_parquet(folder / "local.parquet")
    with pytest.raises(UserError, match=f"nothing on {asked[0]['id']}, expected a row"):
        step(evaluate, tmp_path / "scores", "--replies", folder)
