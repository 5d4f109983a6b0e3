"""The batched examiner against asking one question at a time, without cache, in full."""

import copy
import math
from types import SimpleNamespace

import pandas as pd
import pytest
import torch

from papers.r_tuning import matching, prompts
from papers.r_tuning.examiner import Examiner
from papers.r_tuning.judging import judge, majority
from papers.r_tuning.methods import BASE, METHODS
from shared.data.questions import LETTERS
from shared.generation.decode import Decoded

SETTINGS = SimpleNamespace(
    prompt="Q: {question} A:",
    answer_tokens=4,
    base_answer_tokens=6,
    samples=3,
    temperature=0.7,
    batch_size=4,
    batch_tokens=2000,
)
WORDS = ["what", "which is the longer one", "who", "when was it", "where", "why not"]
ROWS = [
    {"id": str(i), "question": f"{w}?", "answers": ["x"], "split": "id_test", "before": ""}
    for i, w in enumerate(WORDS)
]
SHOTS = ["About one.\n\n", "About two, at greater length.\n\n"]
CHOICES = [
    {**row, "before": SHOTS[i // 3], "options": ["a", "bb", "ccc", "d"]}
    for i, row in enumerate(ROWS)
]


@pytest.fixture
def tokenizer(tiny_tokenizer):
    """The tiny tokenizer with a token for each word that R-Tuning reads a chance of."""
    tokenizer = copy.deepcopy(tiny_tokenizer)
    tokenizer.add_tokens([prompts.UNSURE, prompts.SURE, *(f" {letter}" for letter in LETTERS)])
    return tokenizer


@pytest.fixture
def model(tiny_model, tokenizer):
    tiny_model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    return tiny_model


@pytest.fixture
def examiner(model, tokenizer):
    def made(method):
        return Examiner(model, tokenizer, SETTINGS, METHODS.get(method, BASE), seed=0)

    return made


@torch.inference_mode()
def next_chances(model, ids):
    return model(torch.tensor([ids])).logits[0, -1].softmax(-1)


def ids_of(tokenizer, text):
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def slow_answer(model, tokenizer, ids, limit):
    """Greedy tokens before the stop, and the chance of each token picked."""
    stop = {*ids_of(tokenizer, "."), tokenizer.eos_token_id}
    answer, chances = [], []
    for _ in range(limit):
        chance = next_chances(model, ids + answer)
        token = int(chance.argmax())
        chances.append(float(chance[token]))
        if token in stop:
            break
        answer.append(token)
    return answer, chances


def slow_sure(model, tokenizer, ids):
    chance = next_chances(model, ids + ids_of(tokenizer, prompts.CHECK_LEAD))
    sure, unsure = (chance[ids_of(tokenizer, word)[0]] for word in (prompts.SURE, prompts.UNSURE))
    return float(sure / (sure + unsure))


def test_answers_confidences_and_self_checks(model, tokenizer, examiner):
    found = examiner("r-tuning").answer(ROWS)
    assert list(found.index) == [row["id"] for row in ROWS]
    for row, score in zip(ROWS, found.to_dict("records"), strict=True):
        ids = ids_of(tokenizer, f"Q: {row['question']} A:")
        answer, chances = slow_answer(model, tokenizer, ids, SETTINGS.answer_tokens)
        assert matching.first_sentence(score["output"]) == tokenizer.decode(answer).strip()
        kept = chances[: max(1, len(answer))]
        mean = math.exp(sum(map(math.log, kept)) / len(kept))
        assert score["answer_confidence"] == pytest.approx(mean, rel=1e-3)
        expected = slow_sure(model, tokenizer, ids + answer)
        assert score["sure_probability"] == pytest.approx(expected, rel=1e-3)


def test_choices_with_their_own_few_shot_prefix(model, tokenizer, examiner):
    found = examiner("r-tuning").answer(CHOICES)
    for row, score in zip(CHOICES, found.to_dict("records"), strict=True):
        ids = ids_of(tokenizer, prompts.prompt(row, SETTINGS.prompt))
        chances = next_chances(model, ids)
        letters = torch.stack([chances[ids_of(tokenizer, f" {x}")[0]] for x in LETTERS])
        best = int(letters.argmax())
        assert score["output"] == LETTERS[best]
        expected = float(letters[best] / letters.sum())
        assert score["answer_confidence"] == pytest.approx(expected, rel=1e-3)
        picked = ids + ids_of(tokenizer, f" {LETTERS[best]}")
        sure = slow_sure(model, tokenizer, picked)
        assert score["sure_probability"] == pytest.approx(sure, rel=1e-3)


def test_checking_the_answers_of_another_model(model, tokenizer, examiner):
    answers = pd.Series({row["id"]: f"ans{row['id']}" for row in ROWS})
    found = examiner("r-tuning-u").check(ROWS, answers)
    for row, answer, sure in zip(ROWS, answers, found, strict=True):
        ids = ids_of(tokenizer, f"Q: {row['question']} A:") + ids_of(tokenizer, f" {answer}")
        assert sure == pytest.approx(slow_sure(model, tokenizer, ids), rel=1e-3)


def test_samples_do_not_depend_on_the_batch(model, tokenizer, examiner, monkeypatch):
    together = examiner("vanilla").sample(ROWS)
    monkeypatch.setattr(SETTINGS, "batch_size", 1)
    assert examiner("vanilla").sample(ROWS).equals(together)
    assert all(len(answers) == SETTINGS.samples for answers in together)
    assert any(len(set(answers)) > 1 for answers in together)


def test_sampled_choices_are_letters_and_vary(examiner):
    drawn = examiner("vanilla").sample(CHOICES)
    flat = [letter for letters in drawn for letter in letters]
    assert set(flat) <= set(LETTERS)
    assert len(set(flat)) > 1


def test_only_untuned_and_vanilla_models_are_told_they_may_refuse(tokenizer, examiner):
    row = {**ROWS[0], "split": "unanswerable"}
    for method, told in {"base": True, "vanilla": True, "r-tuning": False}.items():
        text = tokenizer.decode(examiner(method)._prompt_ids(row, None))
        assert (prompts.MAY_REFUSE in text) is told
        assert prompts.MAY_REFUSE not in tokenizer.decode(
            examiner(method)._prompt_ids(ROWS[0], None)
        )


def test_min_loss_continues_its_own_lead(tokenizer, examiner):
    assert tokenizer.decode(examiner("min-loss")._prompt_ids(ROWS[0], None)).endswith(
        prompts.MIN_LOSS_LEAD
    )


def test_majority_of_samples():
    """Two of five say "right": share 0.4. Of equals, the first sampled is taken."""
    row = {"answers": ["right"]}
    found = majority(row, ["wrong", "right. It", "other", "right", "again"])
    assert (found["majority"], found["majority_share"]) == ("right", 0.4)
    assert found["majority_correct"] and found["majority_correct_strict"]
    tied = majority(row, ["wrong", "right"])
    assert (tied["majority"], tied["majority_correct"]) == ("wrong", False)


def test_as_coded_the_full_stop_must_be_in_the_output(tokenizer, examiner):
    """A reply that ended in a full stop keeps it, so that the released code's cut finds it; one
    that ran to the limit has none and loses its last character."""
    row = {"answers": ["Paris"]}
    assert judge(row, " Paris.")["correct_official"]
    assert not judge(row, " Paris")["correct_official"]
    dot = tokenizer(".")["input_ids"]
    decoded = Decoded(ids=[[5], [5]], stops=[dot, []], probabilities=[[1.0], [1.0]])
    ended, cut = examiner("vanilla")._texts(decoded)
    assert ended == cut + "."


def test_judging_a_question_without_answer_and_a_choice():
    none = judge({"answers": []}, "The answer is unknown")
    assert none == {
        "prediction": "The answer is unknown",
        "correct": False,
        "correct_official": False,
        "correct_strict": False,
        "refused": True,
    }
    assert judge(CHOICES[0] | {"answers": ["B"]}, "B")["correct_official"] is True
