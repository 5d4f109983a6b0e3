"""The small readers: what they are trained on, how they are asked, what their seeds become."""

import random

import pandas as pd
import pytest
from pydantic import ValidationError

from papers.center_bench import analyze, ask, train
from papers.center_bench.data import _records
from papers.center_bench.generate import generate, implausible, plausible
from papers.center_bench.grammar import Sentence, Verb, vocabulary
from papers.center_bench.lessons import THOUGHT, lesson, lessons, pairs
from papers.center_bench.settings import Reader
from shared.files import write_jsonl
from shared.models.loading import load_tokenizer
from shared.runner.step import Run
from shared.settings import load_settings
from tests.papers.center_bench.conftest import answers

VERBS = {
    "adopt": Verb("adopt", "adopted", "adopted", "adopting"),
    "chase": Verb("chase", "chased", "chased", "chasing"),
    "meow": Verb("meow", "meowed", "meowed", "meowing"),
}
SENTENCE = Sentence(("cat", "dog", "boy"), (VERBS["adopt"], VERBS["chase"], VERBS["meow"]))
TRAINING = {
    "epochs": 1,
    "learning_rate": 1e-3,
    "effective_batch_size": 4,
    "max_length": 192,
}


def reader(**changes):
    start = {"plausible": 1, "levels": [1, 2, 3], "lessons": 40, "questions": 2, "thinking": 0.5}
    return Reader(**start | {"training": TRAINING} | changes)


@pytest.fixture
def settings():
    return load_settings("center_bench", "smoke", "Reader-100")


def test_pairs_are_in_order_of_happening():
    assert pairs(SENTENCE) == " boy adopted; dog chased; cat meowed"


def test_a_lesson_is_a_sentence_and_its_questions_with_the_answers_at_once_or_after_thoughts():
    words = vocabulary()
    sentence = plausible(words, 2, random.Random(1))
    rng = random.Random(0)
    for thinking in (0, 1):
        text = lesson(sentence, reader(thinking=thinking), rng)
        first, question, said, *rest = text.split("\n")
        assert first == str(sentence) and question.endswith("?")
        thoughts = f"<think>{pairs(sentence)}" if thinking else ""
        assert said.startswith(f"{thoughts}</think> ")
        assert text.count("</s>") == 2
        assert len(rest) == 1 and rest[0].startswith("</think> ")
        assert rest[0].endswith("</s>")


def test_lessons_have_the_levels_the_plausibility_and_none_of_the_test():
    """Of plausible sentences all events are licensed, of implausible ones not the last."""
    words = vocabulary()
    seen = {text.partition("\n")[0] for text in lessons(reader(), 0, ())}
    assert {text.count(" that ") for text in seen} == {1, 2, 3}
    held_out = set(sorted(seen)[:10])
    again = {text.partition("\n")[0] for text in lessons(reader(), 0, held_out)}
    assert held_out.isdisjoint(again) and not again.isdisjoint(seen)
    for draw, wanted in ((plausible, True), (implausible, False)):
        made = filter(None, (draw(words, 1, random.Random(n)) for n in range(20)))
        assert {words.licenses(each.events[1]) for each in made} == {wanted}
    texts = [list(lessons(reader(), seed, ())) for seed in (0, 0, 1)]
    assert texts[0] == texts[1] != texts[2]
    half = {text.partition("\n")[0] for text in lessons(reader(plausible=0.5), 0, ())}
    assert half != seen


def test_a_reader_is_trained_and_asked(settings, tmp_path):
    rows = [row for each in generate(0, 2) for row in _records(each)]
    data, folder = tmp_path / "data", tmp_path / "s0"
    write_jsonl(data / "generated.jsonl", rows)
    write_jsonl(data / "official.jsonl", [])
    run = Run(settings, folder, key="key")
    run.scratch = tmp_path / "scratch"
    record = train.train(run, data, 0)
    assert record["steps"] == 2 and record["tokens"] > 16 * 30
    own = Run(settings, tmp_path / "plain.parquet", settings.variants["plain"], key="key")
    ask.ask(own, data, "plain", 0, folder)
    asked = pd.read_parquet(own.out)
    assert len(asked) == 3 * 6 * 2 * 6

    tokenizer = load_tokenizer(f"path:{folder}")
    assert not any(
        tokenizer.unk_token in tokenizer.tokenize(f" {row['answer']}") for row in rows[:99]
    )
    prompt = [{"role": "user", "content": f"{SENTENCE}\nWhat did the dog do?"}]
    for thinking, end in ((False, "?\n</think>"), (True, "?\n<think>")):
        framed = tokenizer.apply_chat_template(
            prompt, tokenize=False, add_generation_prompt=True, enable_thinking=thinking
        )
        assert framed.endswith(end)
    said = f"{pairs(generate(0, 2)[0].sentence)}{THOUGHT} {rows[0]['answer']}"
    assert tokenizer.decode(tokenizer(said)["input_ids"], skip_special_tokens=True) == said


def test_a_small_reader_is_asked_in_its_own_words_alone():
    small = load_settings("center_bench", "cpu", "Reader-100")
    assert list(small.questions) == ["Generated"] and set(small.asked) > {"Generated"}
    modes = ("plain", "thinking")
    assert small.scores() == [f"{mode}-s{seed}" for mode in modes for seed in small.seeds]
    own = load_settings("center_bench", "cpu", "api:org/model")
    assert own.scores() == ["plain"] and set(own.questions) == set(small.asked)
    assert own.variants["plain"].thinking is None and own.thinking_tokens == 16_000


def test_a_small_reader_needs_to_be_trained(settings):
    values = settings.model_dump() | {"reader": None}
    with pytest.raises(ValidationError, match="a small one needs `reader`"):
        type(settings).model_validate(values)


def test_seeds_are_those_of_one_training_and_a_solver_has_none(settings, tmp_path):
    """Seed 0 is right everywhere, seed 1 nowhere."""
    two = settings.model_copy(update={"seeds": [0, 1]})
    for seed in (0, 1):
        frame = answers(lambda *_, right=not seed: right)
        for way in two.variants:
            frame.to_parquet(tmp_path / f"{way}-s{seed}.parquet")
    found = analyze.groups(tmp_path, two)
    assert {group.seeds for group in found} == {(0, 1)} and all(group.trained for group in found)
    whole = next(group for group in found if group.dataset == "Generated plausible")
    assert whole.columns["correct"].mean(axis=1).tolist() == [1, 0]
    assert analyze.training("") == analyze.training("thinking") != ""
    assert not any(group.trained for group in analyze._answers({0: frame}, "Plausibility", ""))
