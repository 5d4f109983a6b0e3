"""The small models that the pipeline makes: what they read, and what they know then."""

from types import SimpleNamespace

import pytest

from papers.r_tuning import identify, prompts
from papers.r_tuning.pretrain import dealt, pretrain, words
from papers.r_tuning.settings import Reading
from shared.comparison.scores import read_scores
from shared.errors import UserError
from shared.files import write_json, write_jsonl
from shared.models.loading import load
from shared.models.spec import SmallLm, made_in
from shared.runner.step import Run
from shared.settings import load_settings
from shared.training.settings import Training

PLAIN = "Question: {question} Answer:"
NAMES = ["A", "B", "C", "D", "Hok", "Jul", "Kep", "Lom"]  # the letters of choices are words, too


def row(name, split, answers=("Zug",)):
    return {
        "id": f"{split}/{name}",
        "dataset": "Facts train" if split == "train" else split,
        "split": split,
        "relation": "near",
        "question": f"What is near {name}?",
        "answers": list(answers),
    }


@pytest.fixture
def data(tmp_path):
    write_json(tmp_path / "facts.prefixes.json", {})
    places = [(name, NAMES[place - 1]) for place, name in enumerate(NAMES)]
    rows = [row(name, "train", [near]) for name, near in places]
    write_jsonl(tmp_path / "facts.jsonl", [*rows, row("A", "id_test")])
    write_jsonl(tmp_path / "unanswerable.jsonl", [row("Nonsuch", "unanswerable", [])])
    return tmp_path


def settings(times):
    training = Training(
        epochs=1, learning_rate=3e-3, effective_batch_size=4, max_length=32, schedule="constant"
    )
    return SimpleNamespace(
        model=SmallLm(name="small", size="1M", vocabulary="words"),
        tasks={"facts": None},
        prompt=PLAIN,
        reading=Reading(times=times, training=training),
        unanswerable={},
        entropy_tasks=["facts"],
        identify_tokens=4,
        answer_tokens=4,
        passage_answer_tokens=4,
        samples=2,
        temperature=0.7,
        batch_size=8,
        batch_tokens=1024,
        precision="fp32",
    )


def test_each_number_of_readings_is_dealt_to_as_many_questions():
    found = dealt([0, 3, 9], 12, seed=1)
    assert sorted(found) == [0] * 4 + [3] * 4 + [9] * 4
    assert found == dealt([0, 3, 9], 12, seed=1) != dealt([0, 3, 9], 12, seed=2)


def test_a_small_model_knows_what_it_read_and_nothing_else(data, tmp_path):
    own, folder = settings([0, 60]), tmp_path / "made"
    record = pretrain(Run(own, folder, key="x", paper="r_tuning"), data, seed=0)
    assert (record["questions"], record["readings"]) == (8, 4 * 60)
    out = tmp_path / "base.parquet"
    identify.identify(Run(own, out), data, "facts", pretrained=folder)
    scores = read_scores(out)
    train = scores[scores["split"] == "train"]
    read = [often > 0 for often in dealt([0, 60], 8, seed=0)]
    assert train["correct"].astype(bool)[read].all()
    assert train["correct"].astype(bool)[[not each for each in read]].mean() < 0.5
    assert (train["entropy"] >= 0).all()


def test_its_vocabulary_has_all_words_that_it_is_asked_and_taught(data, tmp_path):
    own = settings([1])
    pretrain(Run(own, tmp_path / "made", key="y", paper="r_tuning"), data, seed=0)
    _, tokenizer = load(made_in(tmp_path / "made", own.model))
    named = ["Nonsuch"] * 40 + ["Kep"]
    asked = [row(name, "a", []) | {"before": ""} for name in named]
    for word in (" Nonsuch", " Kep", prompts.SURE, prompts.UNSURE, " internal", " definitive"):
        assert word in "".join(words(asked, PLAIN))
        assert len(tokenizer(word)["input_ids"]) == 1


def test_every_training_starts_from_the_model_that_was_made():
    assert made_in("made", SmallLm(name="small", size="1M")) == "path:made"
    assert made_in(None, "bundled:x") == "bundled:x"


def test_only_a_small_model_is_made(data, tmp_path):
    run = Run(SimpleNamespace(model="bundled:x", reading=None), tmp_path / "made")
    with pytest.raises(UserError, match="bundled:x: is not made here"):
        pretrain(run, data, seed=0)


def test_a_scale_that_makes_its_models_takes_no_other():
    with pytest.raises(UserError, match="reading: this scale makes its models"):
        load_settings("r_tuning", "cpu", "bundled:smollm2-135m-instruct-q4_1")
    with pytest.raises(ValueError, match="model small is made here and needs it"):
        values = load_settings("r_tuning", "cpu").model_dump()
        model = SmallLm(name="small", size="1M")
        type(load_settings("r_tuning", "cpu"))(**values | {"model": model, "reading": None})
