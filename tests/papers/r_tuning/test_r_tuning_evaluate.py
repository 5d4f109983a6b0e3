"""The batched examiner against asking one question at a time, without cache, in full."""

import copy
import math
from types import SimpleNamespace

import pandas as pd
import pytest
import torch

from papers.r_tuning import matching, prompts
from papers.r_tuning.examiner import Examiner
from papers.r_tuning.judging import as_identified, judge, judged, majority
from papers.r_tuning.methods import BASE, METHODS
from shared.data.questions import LETTERS
from shared.generation.decode import Decoded
from shared.settings import load_models

SETTINGS = SimpleNamespace(
    prompt="Q: {question} A:",
    answer_tokens=4,
    passage_answer_tokens=5,
    identify_tokens=6,
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


def test_a_choice_of_three_is_never_a_fourth(model, tokenizer, examiner, monkeypatch):
    """Claims about a given text have three options, and stand in one task with choices of four."""
    claims = [
        {**row, "id": f"c{i}", "prompt": f"Claim:{row['question']}\nAnswer:", "options": ["a"] * 3}
        for i, row in enumerate(ROWS)
    ]
    found = examiner("r-tuning").answer([*CHOICES, *claims])
    for row in claims:
        chances = next_chances(model, ids_of(tokenizer, row["prompt"]))
        letters = torch.stack([chances[ids_of(tokenizer, f" {x}")[0]] for x in "ABC"])
        output, confidence = found.loc[row["id"], ["output", "answer_confidence"]]
        assert output == "ABC"[int(letters.argmax())]
        assert confidence == pytest.approx(float(letters.max() / letters.sum()), rel=1e-3)
    drawn = examiner("vanilla").sample(claims)
    assert {letter for letters in drawn for letter in letters} <= set("ABC")


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


@pytest.fixture
def scripted(model, tokenizer):
    """A model that goes on with a fixed text, whatever it is asked."""
    forward = model.forward

    def says(text):
        ids = [*ids_of(tokenizer, text), tokenizer.eos_token_id]
        said = []

        def scripted_forward(tokens, **options):
            made = forward(tokens, **options)
            if int(tokens[0, -1]) == ids[len(said)]:
                said.append(ids[len(said)])
            made.logits.fill_(-50)
            made.logits[..., ids[len(said)]] = 50
            return made

        model.forward = scripted_forward
        return model

    yield says
    model.forward = forward


@pytest.mark.parametrize(
    ("text", "refused", "correct"),
    [(" unknown.", True, False), (" x.", False, True), (" not x.", False, True)],
)
def test_what_a_min_loss_model_says_is_judged_with_its_lead(
    scripted, tokenizer, monkeypatch, text, refused, correct
):
    monkeypatch.setattr(SETTINGS, "answer_tokens", 12)
    method = METHODS["min-loss"]
    examiner = Examiner(scripted(text), tokenizer, SETTINGS, method)
    row = {**ROWS[0], "dataset": "Facts ID"}
    found = judged([row], examiner.answer([row]), method.lead).iloc[0]
    assert (found["refused"], found["correct"]) == (refused, correct)
    read = method.willing(found.to_frame().T)
    assert read["willing"].tolist() == [not refused]


def test_before_tuning_an_answer_may_be_longer_than_in_tests(scripted, tokenizer, examiner):
    """The released code: 15 tokens where it splits training questions, 5 in all its tests."""
    passage = {"prompt": "A text.\nQuestion: who?\nAnswer:"}
    for row, limit in [
        ({"split": "train"}, SETTINGS.identify_tokens),
        ({"split": "id_test"}, SETTINGS.answer_tokens),
        ({"split": "id_test", **passage}, SETTINGS.passage_answer_tokens),
    ]:
        for method in (BASE, METHODS["vanilla"], METHODS["r-tuning-r"]):
            asked = Examiner(scripted("abcdefghijkl"), tokenizer, SETTINGS, method)
            (output,) = asked.answer([{**ROWS[0], **row}])["output"]
            assert output == "abcdefghijkl"[:limit]
            asked = Examiner(scripted("abcdefghijkl"), tokenizer, SETTINGS, method)
            (drawn,) = asked.sample([{**ROWS[0], **row}])
            assert set(drawn) == {"abcdefghijkl"[:limit]}


@pytest.mark.parametrize("scale", ["cpu", "gpu", "paper"])
def test_entropy_is_of_ten_samples(scale):
    """Of five, 146 of 256 questions had five different answers, and their order was arbitrary."""
    assert {each.samples for each in load_models("r_tuning", scale)} == {10}


def test_a_question_begins_as_a_plain_text(model, tokenizer, examiner):
    """Its likelihood is not that after the token that begins a turn of a chat."""
    (nll, count), *_ = examiner("base").nll(ROWS).to_numpy()
    ids = ids_of(tokenizer, ROWS[0]["question"])
    chances = [next_chances(model, ids[:i])[ids[i]] for i in range(1, len(ids))]
    assert count == len(ids) - 1
    assert nll == pytest.approx(-sum(math.log(chance) for chance in chances), rel=1e-3)


def test_majority_of_samples():
    """Two of five say "right": share 0.4. Of equals, the first sampled is taken."""
    row = {"answers": ["right"]}
    found = majority(row, ["wrong", "right. It", "other", "right", "again"])
    assert (found["majority"], found["majority_share"]) == ("right", 0.4)
    assert found["majority_correct"] and found["majority_correct_strict"]
    tied = majority(row, ["wrong", "right"])
    assert (tied["majority"], tied["majority_correct"]) == ("wrong", False)


def test_only_the_released_identification_needs_the_full_stop(tokenizer, examiner):
    """A reply that ended in a full stop keeps it, so that the released code's cut finds it; one
    that ran to the limit has none and loses its last character, but not where it is tested."""
    row = {"id": "q", "answers": ["Paris"]}
    for output, identified in {" Paris.": True, " Paris": False}.items():
        assert as_identified([row], pd.Series({"q": output})).tolist() == [identified]
        assert judge(row, output)["correct"]
    dot = tokenizer(".")["input_ids"]
    decoded = Decoded(ids=[[5], [5]], stops=[dot, []], probabilities=[[1.0], [1.0]])
    ended, cut = examiner("vanilla")._texts(decoded)
    assert ended == cut + "."


def test_judging_a_question_without_answer_and_a_choice():
    none = judge({"answers": []}, "The answer is unknown")
    assert none == {
        "prediction": "The answer is unknown",
        "correct": False,
        "correct_strict": False,
        "refused": True,
    }
    choice = CHOICES[0] | {"answers": ["B"]}
    assert judge(choice, "B")["correct"] is True
    assert as_identified([choice], pd.Series({"0": "B"})).tolist() == [True]
