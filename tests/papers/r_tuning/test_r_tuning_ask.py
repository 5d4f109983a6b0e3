"""Another model's answers to the training questions, from an endpoint that is scripted here."""

import math

import pandas as pd
import pytest

from papers.r_tuning import analyze, ask, prompts
from papers.r_tuning.settings import Asker
from shared.chat.replies import Reply
from shared.files import write_json, write_jsonl
from shared.runner.step import Run
from shared.settings import load_settings

ASKER = Asker(model="api:gpt-3.5-turbo", task="multi", samples=5, temperature=0.7, reply_tokens=50)
ROW = {"relation": "r", "answers": ["Bo"], "split": "train", "dataset": "HotpotQA train"}
ROWS = [
    {**ROW, "id": "agreed", "question": "Who?", "prompt": "Bo sings.\nQuestion: Who?\nAnswer:"},
    {**ROW, "id": "split", "question": "What?", "dataset": "ParaRel train"},
    {**ROW, "id": "lost", "question": "Where?"},
    {**ROW, "id": "test", "question": "When?", "split": "id_test"},
]
# What the endpoint says to a question in each of its draws, in full sentences.
SAID = {
    "Who?": ["So the answer is Bo.", "The answer is bo", "Thus: The answer is Bo. Yes.",
             "The answer is [Bo].", "The answer is x. No, the answer is Bo."],
    "What?": ["The answer is a.", "The answer is b.", "I give up", "The answer is a.", "b"],
    "Where?": ["The answer is a."] * 4 + [None],
}  # fmt: skip


class Scripted:
    """Stands for `Endpoint`: each draw is sent with a seed of its own."""

    name, extra_tokens = "gpt-3.5-turbo", 0
    asked = []

    def __init__(self, model, *, body, **_):
        self.body, self.identity = body, f"{model} {body}"

    def answers(self, conversations, max_new_tokens, *, stop=(), start=""):
        for place, ((message,),) in enumerate(zip(conversations, strict=True)):
            self.asked.append((message["content"], self.body))
            question = next(q for q in SAID if q in message["content"])
            yield place, Reply(SAID[question][self.body["seed"]])


@pytest.fixture
def scores(tmp_path, monkeypatch):
    monkeypatch.setattr("shared.chat.loading.Endpoint", Scripted)
    monkeypatch.setattr("shared.chat.cache.BOUGHT", tmp_path / "bought")
    monkeypatch.setattr(Scripted, "asked", [])
    settings = load_settings("r_tuning", "smoke").model_copy(update={"asker": ASKER})
    write_jsonl(tmp_path / "data" / "multi.jsonl", ROWS)
    write_json(tmp_path / "data" / "multi.prefixes.json", {})
    ask.ask(Run(settings, tmp_path / "asked.parquet"), tmp_path / "data")
    return pd.read_parquet(tmp_path / "asked.parquet").set_index("id")["entropy"]


def test_entropies_of_the_answers(scores):
    """All the same: 0. Two a, two b, one of its own: -2 (2/5 ln 2/5) - 1/5 ln 1/5. One did not
    come: unscored."""
    split = -2 * 0.4 * math.log(0.4) - 0.2 * math.log(0.2)
    assert scores["agreed"] == 0
    assert scores["split"] == pytest.approx(split)
    assert math.isnan(scores["lost"])
    assert "test" not in scores


def test_each_draw_is_asked_at_the_temperature_of_the_paper(scores):
    bodies = [body for _, body in Scripted.asked]
    assert {body["temperature"] for body in bodies} == {0.7}
    assert sorted(body["seed"] for body in bodies) == [i for i in range(5) for _ in range(3)]
    texts = {text for text, _ in Scripted.asked}
    assert any(text.startswith("Bo sings.\nQuestion: Who?\n\nThink") for text in texts)


def test_what_was_answered_is_not_paid_for_again(scores, tmp_path):
    """Only the reply that did not come is asked for a second time."""
    Scripted.asked.clear()
    settings = load_settings("r_tuning", "smoke").model_copy(update={"asker": ASKER})
    ask.ask(Run(settings, tmp_path / "again.parquet"), tmp_path / "data")
    (again,) = Scripted.asked
    assert again[0].startswith("Where?") and again[1]["seed"] == 4


def test_a_choice_is_answered_by_its_letter():
    row = {**ROW, "question": "Which?", "options": ["one", "two", "three", "four"]}
    assert prompts.in_steps(row).startswith("Which?\nA. one\nB. two\nC. three\nD. four\n\nThink")
    assert "the letter" in prompts.in_steps(row)
    assert prompts.last_answer("First, B. Then: the answer is (C). Two") == "c"


def test_they_are_set_against_what_each_model_knew(scores, tmp_path):
    """D1 is the question they agree on, D0 the other two, of which one was not scored."""
    base = pd.DataFrame([{key: row[key] for key in ("dataset", "split", "id")} for row in ROWS])
    base = base.assign(correct=[True, False, False, True], entropy=9.0)
    settings = load_settings("r_tuning", "smoke").model_copy(update={"asker": ASKER})
    found = list(analyze._asked_groups(base, scores.reset_index(), settings))
    assert {g.dataset for g in found} == {"HotpotQA", "ParaRel"}
    assert {g.method for g in found} == {"gpt-3.5-turbo"}
    for group in found:
        assert analyze.METRICS["entropy_d1"].needs == ("entropy", "d1")
        d1 = group.columns["d1"][0]
        assert list(d1) == ([True, False] if group.dataset == "HotpotQA" else [False])


def test_scale_paper_asks_it_and_no_other():
    paper = load_settings("r_tuning", "paper")
    assert paper.common_scores() == ["asked"]
    (call,) = paper.calls()  # five answers to each of the 31,493 of Table 6
    assert (call.model, call.most, call.once) == ("gpt-3.5-turbo", 157_465, True)
    cut = paper.tasks["multi"].model_copy(update={"train": 3000})
    paper = paper.model_copy(update={"tasks": {"multi": cut}})
    assert paper.calls()[0].most == 5 * (4 * 3000 + 2448)
    for scale in ("smoke", "cpu", "gpu"):
        assert load_settings("r_tuning", scale).common_scores() == []
