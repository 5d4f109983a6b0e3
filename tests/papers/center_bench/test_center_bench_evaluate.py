"""Asking and scoring from end to end, with a model that knows and one that does not answer."""

import json
from types import SimpleNamespace

import pandas as pd
import pytest

from papers.center_bench import ask, asked, evaluate, official, prompts, reference, scoring
from papers.center_bench.checks import COLUMNS as OF_RELEASED
from papers.center_bench.generate import generate
from papers.center_bench.questions import TYPES, questions, records
from papers.center_bench.scorer_audit import COLUMNS
from papers.center_bench.settings import Settings, Variant
from papers.center_bench.solvers import solve
from shared.chat import cache
from shared.chat.replies import Reply, finished
from shared.chat.settings import Asked
from shared.errors import UserError
from shared.files import write_jsonl
from shared.runner.step import Run

SETTINGS = Settings.model_validate(
    {
        "name": "local",
        "model": "path:here",
        "variants": {"plain": {}, "far": {"model": "api:org/far"}},
        "resources": {"mem_mb": 1, "disk_mb": 1, "runtime": 1},
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
    write_jsonl(tmp_path / "data" / official.ITEMS, [])
    return tmp_path / "data"


@pytest.fixture
def asking(monkeypatch, tmp_path, data):
    """Ask a chat in one of the ways of SETTINGS; gives what is recorded and the table."""
    monkeypatch.setattr(cache, "SCRATCH", tmp_path / "scratch")
    monkeypatch.setattr(cache, "BOUGHT", tmp_path / "bought")

    def asking(chat, variant):
        monkeypatch.setattr("shared.chat.loading.open_chat", lambda *_, **__: chat)
        run = Run(SETTINGS, tmp_path / "replies.parquet", SETTINGS.variants[variant], key="key")
        return ask.ask(run, data, variant), pd.read_parquet(run.out)

    return asking


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
    found = asked.asked_questions(data, SETTINGS.asked)
    assert found == middle_of_first(rows)
    assert len(found) == ASKED == SETTINGS.replies()
    everything = {"Generated": SimpleNamespace(sentences=2, middle_only=False)}
    assert asked.asked_questions(data, everything) == rows
    both = everything | {"CenterBench": SimpleNamespace(sentences=30, middle_only=False)}
    assert asked.asked_questions(data, both) == rows  # nothing was released here


def test_asking_a_local_model(asking, tmp_path, rows):
    """A question without a reply stays in the table, with the reason; nothing is kept after."""
    golds = {prompts.conversation(row)[1]["content"]: row["answer"] for row in rows}
    silent = prompts.conversation(middle_of_first(rows)[0])[1]["content"]
    chat = FakeChat(golds | {silent: None})
    record, table = asking(chat, "plain")
    put = middle_of_first(rows)
    assert table["id"].tolist() == [row["id"] for row in put]
    assert table["prediction"].isna().tolist() == [True] + [False] * (ASKED - 1)
    assert table["prediction"].tolist()[1:] == [row["answer"] for row in put[1:]]
    assert table["reason"].tolist() == ["time-out"] + [""] * (ASKED - 1)
    assert (table["thoughts_words"] == 2).all()
    assert (table["reply_tokens"] == 3).all()
    assert (record["replies"], record["without_reply"]) == (ASKED, 1)
    assert chat.stop == ("\n",)
    assert not list((tmp_path / "scratch").rglob("*.sqlite"))


def test_asking_an_endpoint_says_the_cost_first_and_keeps_the_replies(
    asking, tmp_path, rows, capsys
):
    golds = {prompts.conversation(row)[1]["content"]: row["answer"] for row in rows}
    _, first = asking(FakeChat(golds), "far")
    distinct = {json.dumps(prompts.conversation(row)) for row in middle_of_first(rows)}
    assert f"fake: {len(distinct)} calls" in capsys.readouterr().out
    assert (tmp_path / "bought" / "far.sqlite").is_file()
    # a second run asks nothing
    _, again = asking(FakeChat({}), "far")
    assert "fake: 0 calls" in capsys.readouterr().out
    pd.testing.assert_frame_equal(again, first)


def test_a_thinking_model_that_is_given_no_room_stops_the_step(asking):
    class Thinker(FakeChat):
        def answers(self, conversations, max_new_tokens, *, stop=(), start=""):
            for place in range(len(conversations)):
                yield place, finished("", "well, well", 9, 8, True)

    with pytest.raises(UserError, match="20 of 20 replies were cut off before an answer began"):
        asking(Thinker({}), "far")


def test_a_retired_model_has_a_table_without_replies(asking, scored, tmp_path):
    """As an endpoint gives it where the model may be gone: none of its questions is scored."""

    class Gone(FakeChat):
        def answers(self, conversations, max_new_tokens, *, stop=(), start=""):
            for place in range(len(conversations)):
                yield place, Reply(None, "HTTP 404: no such model")

    record, table = asking(Gone({}), "far")
    assert record["without_reply"] == ASKED and record["cut_off"] == 0
    assert set(table["reason"]) == {"HTTP 404: no such model"}
    scores = scored(table)
    assert scores[["correct_official", "correct_strict", "prediction"]].isna().all(axis=None)


def test_where_a_reply_ends():
    assert ask.stops(SETTINGS.asked_as(Variant())) == ("\n",)
    assert ask.stops(SETTINGS.asked_as(Variant(thinking=True))) == ()
    assert ask.stops(Asked(model="api:org/far")) == ()


def replies_of(rows, texts):
    return pd.DataFrame(
        {
            "id": [row["id"] for row in rows],
            "prediction": pd.array(texts, dtype="string"),
            "reason": "",
            "thoughts_words": 0,
            "reply_tokens": 5,
            "cut_off": False,
        }
    )


OF_SCORES = [
    *("id", "source", "subset", "level", "type", "sentence_id", "pair", "middle"),
    *("prediction", "correct_official", "rule", "correct_strict", "telling", "reading"),
    *("reply_tokens", "thoughts_words"),
]


@pytest.fixture
def scored(data, tmp_path):
    """The scores of replies of one model."""

    def scored(replies):
        replies.to_parquet(tmp_path / "replies.parquet")
        run = Run(SETTINGS, tmp_path / "scores.parquet")
        assert evaluate.evaluate(run, data, tmp_path / "replies.parquet") == {"questions": ASKED}
        return pd.read_parquet(run.out)

    return scored


def test_gold_answers_are_right_with_a_label_and_a_second_line(scored, rows):
    put = middle_of_first(rows)
    golds = [f"Answer: {row['answer']}\nIndeed." for row in put]
    scores = scored(replies_of(put[::-1], golds[::-1]))
    assert list(scores) == OF_SCORES
    assert scores["id"].tolist() == [row["id"] for row in put]
    assert scores["prediction"].tolist() == [row["answer"] for row in put]
    assert scores["correct_official"].all() and scores["correct_strict"].all()
    assert (scores["rule"] == "string").all()
    assert (scores["reply_tokens"] == 5).all() and (scores["thoughts_words"] == 0).all()


def test_no_answer_is_unscored_and_an_empty_one_is_wrong(scored, rows):
    """None for the first question, an empty one for the second and nonsense for the rest."""
    scores = scored(replies_of(middle_of_first(rows), [None, "", *["purple"] * (ASKED - 2)]))
    unscored = ["prediction", "correct_official", "rule", "correct_strict", "telling", "reading"]
    assert scores.loc[0, unscored].isna().all()
    assert scores.loc[1:, unscored].notna().all(axis=None)
    assert scores.loc[1, "prediction"] == ""
    assert scores["correct_strict"].sum() == 0


def test_which_reading_an_answer_follows(scored, rows):
    """The answers of the solvers themselves, where each is told apart from the others."""
    put = scoring.frame(middle_of_first(rows))
    encoder = scoring.SentenceEncoder()
    solved = {name: solve(name, put, encoder) for name in SETTINGS.solvers}
    for name, reading in (
        ("oracle", "structure"),
        ("plausibility", "shortcut"),
        ("nearest-verb", "nearest verb"),
    ):
        found = scored(replies_of(middle_of_first(rows), solved[name]))
        assert (found.loc[found["correct_strict"], "reading"] == "structure").all()
        wrong = found[~found["correct_strict"] & (found["prediction"] != "")]
        assert set(wrong["reading"]) <= {reading, "shortcut"}  # which may be the nearest verb
        assert (wrong["reading"] == reading).any() or name == "oracle"
        telling = found["telling"].astype(bool)
        if name == "plausibility":
            assert (telling == ~found["correct_strict"]).all() and telling.any()
    nonsense = scored(replies_of(middle_of_first(rows), ["purple"] * ASKED))
    assert set(nonsense["reading"]) == {"other"}
    counts = nonsense["type"] == "entity_count"  # nobody is misled about the number
    assert not nonsense.loc[counts, "telling"].any()
    first = nonsense["level"] == 1  # two ways to give two verbs: the wrong one is the nearest
    both = scored(replies_of(middle_of_first(rows), solved["nearest-verb"]))[first]
    assert "nearest verb" not in set(both.loc[both["telling"], "reading"])


def test_a_question_that_was_never_asked_is_named(scored, rows):
    put = middle_of_first(rows)
    with pytest.raises(UserError, match=f"nothing on {put[0]['id']}, expected a row"):
        scored(replies_of(put[1:], ["x"] * (ASKED - 1)))


def test_solvers_beside_what_else_lies_in_the_folder(data, tmp_path, rows):
    """The oracle is right; the heuristics count entities right and are misled in part."""
    run = Run(SETTINGS, tmp_path / "scores")
    (run.out / "local").mkdir(parents=True)
    (run.out / "local" / "plain.parquet").write_text("of a model")
    record = reference.reference(run, data)
    assert (run.out / "local" / "plain.parquet").read_text() == "of a model"
    scores = {path.stem: pd.read_parquet(path) for path in run.out.glob("*.parquet")}
    assert sorted(scores) == sorted(SETTINGS.common_scores())
    put = middle_of_first(rows)
    for solver in SETTINGS.solvers:
        assert list(scores[solver]) == OF_SCORES
        assert scores[solver]["id"].tolist() == [row["id"] for row in put]
        assert scores[solver]["reply_tokens"].isna().all()
    oracle = scores["oracle"]
    assert oracle["correct_official"].all() and oracle["correct_strict"].all()
    assert oracle["prediction"].tolist() == [row["answer"] for row in put]
    for solver in ("nearest-verb", "plausibility"):
        counts = scores[solver]["type"] == "entity_count"
        assert scores[solver].loc[counts, "correct_strict"].all()
        assert 0 < scores[solver].loc[~counts, "correct_strict"].mean() < 1
    # the authors' scorer forgives more of the heuristics' wrong answers
    both = scores["plausibility"][["correct_official", "correct_strict"]].sum()
    assert both["correct_official"] >= both["correct_strict"]

    assert tuple(scores["scorer_audit"]) == COLUMNS
    assert list(scores["official_data"]) == list(OF_RELEASED)
    assert record == {"questions": ASKED, "prepared_answers": 0}
    assert len(scores["scorer_audit"]) == len(scores["official_data"]) == 0
