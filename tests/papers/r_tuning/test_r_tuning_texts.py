"""Prompts, targets, matching: the texts of R-Tuning against the paper's own examples."""

import numpy as np
import pandas as pd
import pytest

from papers.r_tuning import matching, prompts, train
from papers.r_tuning.methods import METHODS
from papers.r_tuning.settings import Packed, Variant
from shared.errors import UserError
from shared.runner.step import Run
from shared.settings import load_settings
from shared.training.examples import IGNORED

ROW = {"id": "q1", "relation": "capital", "question": "What is the capital of France?"}
ROW |= {"answers": ["Paris"], "split": "train", "before": ""}
CHOICE = {**ROW, "answers": ["B"], "options": ["one", "two", "three", "four"]}
PLAIN = "Question: {question} Answer:"


def text(segments):
    return "".join(segment.text for segment in segments)


def target(method, sure, protocol="corrected", row=ROW):
    return METHODS[method].learns(row, protocol, sure, np.random.default_rng(0))


def test_padding_follows_equation_1():
    check = "Are you sure you accurately answered the question based on your internal knowledge?"
    assert text(target("r-tuning", True)) == f" Paris. {check} I am sure."
    assert text(target("r-tuning", False)) == f" Paris. {check} I am unsure."
    learnt = [segment.text for segment in target("r-tuning", False) if segment.learnt]
    assert learnt == [" Paris.", " I am unsure."]


def test_what_evaluation_appends_is_what_training_wrote():
    """The self-check continues an answer without its full stop exactly as the training text."""
    assert (" Paris" + prompts.CHECK_LEAD + prompts.SURE) in text(target("r-tuning", True))


def test_replacement_keeps_d1_and_replaces_d0():
    assert text(target("r-tuning-r", True)) == " Paris."
    rng = np.random.default_rng(0)
    learns = METHODS["r-tuning-r"].learns
    made = {text(learns(ROW, "corrected", False, rng)).strip() for _ in range(400)}
    assert made == set(prompts.REFUSALS["corrected"])
    assert len(made) == 16


def test_protocols_differ_in_one_sentence():
    official, corrected = map(set, (prompts.REFUSALS["official"], prompts.REFUSALS["corrected"]))
    assert official - corrected == {"I do not know the answer."}
    assert corrected - official == {"We do not know."}


def test_choices_end_in_answer_and_ignore_the_template():
    assert prompts.prompt(CHOICE, PLAIN) == (
        "What is the capital of France?\nA. one\nB. two\nC. three\nD. four\nAnswer:"
    )
    assert prompts.prompt(ROW, PLAIN) == "Question: What is the capital of France? Answer:"
    assert prompts.bare_question(CHOICE).endswith("D. four")


@pytest.mark.parametrize(
    ("output", "refusal"),
    [
        ("The answer is unknown", True),
        ("Well, it is impossible to know that", True),
        ("There is no concrete answer", True),  # cut off by the token limit
        ("I do not know the answer.", True),
        ("Paris", False),
        ("The answer is", True),  # cut off in the middle of four of the sentences
        ("The answer is.", False),  # not cut off
        ("The answer", False),  # too short to tell
        ("", False),
        ("The unknown soldier", False),
    ],
)
def test_refusals_in_words(output, refusal):
    assert prompts.is_refusal(output) is refusal


@pytest.mark.parametrize(
    ("output", "gold", "published", "as_identified", "strict"),
    [
        ("Paris", "Paris", True, False, True),  # as identified, the last character is lost
        ("Paris. It is", "Paris", True, True, True),
        ("party", "art", True, True, False),
        ("paris", "Paris", False, False, True),
        ("In Paris, France", "Paris", True, True, True),
        ("I think. Paris", "Paris", False, False, False),
        ("Sao Paulo,", "São Paulo", False, False, True),
        ("", "Paris", False, False, False),
    ],
)
def test_three_rules_of_matching(output, gold, published, as_identified, strict):
    assert matching.published(output, gold) is published
    assert matching.as_identified(output, gold) is as_identified
    assert matching.strict(output, [gold]) is strict


def test_strict_takes_aliases():
    assert matching.strict("the Japanese yen", ["yen", "Japanese yen"])
    assert matching.strict("US dollar", ["dollar", "US dollar"])
    assert not matching.strict("dollars", ["dollar"])


@pytest.fixture
def base(tmp_path):
    scores = pd.DataFrame({"id": ["a", "b", "c", "d"], "dataset": "Facts train", "split": "train"})
    scores["correct"] = [True, False, True, False]
    scores["correct_official"] = [False, False, True, False]
    scores["entropy"] = [0.1, 1.5, 0.7, 0.2]
    scores["answer_confidence"] = 0.5
    test = pd.DataFrame({"id": ["t"], "dataset": "Facts ID", "split": "id_test", "correct": True})
    path = tmp_path / "base.parquet"
    pd.concat([scores, test]).to_parquet(path)
    return path


@pytest.mark.parametrize(
    ("method", "protocol", "certain"),
    [
        ("r-tuning", "corrected", "ac"),  # what the base model got right
        ("r-tuning", "official", "c"),
        ("r-tuning-u", "corrected", "ad"),  # the half with the lower entropy
    ],
)
def test_d1(base, method, protocol, certain):
    rows = [{"id": i} for i in "abcd"]
    sure = train.certain(base, Variant(method=method, protocol=protocol, seeds=[0]), rows, 0)
    assert "".join(sure.index[sure]) == certain


def test_of_equal_entropies_d1_is_a_random_half(tmp_path):
    """All ten samples differ in all questions (entropy ln 10): neither the order of rows nor the
    likelihood of answers says anything, but less uncertain ones come first."""
    ids = [f"{number:02d}" for number in range(20)]
    scores = pd.DataFrame({"id": ids, "dataset": "Facts train", "split": "train"})
    scores = scores.assign(entropy=np.log(10), answer_confidence=np.linspace(1, 0, 20))
    scores.loc[19, "entropy"] = 0
    scores.to_parquet(tmp_path / "base.parquet")
    rows, variant = [{"id": i} for i in ids], Variant(method="r-tuning-u", seeds=[0])
    halves = []
    for seed in (0, 0, 1):
        sure = train.certain(tmp_path / "base.parquet", variant, rows, seed)
        assert sure["19"] and sure.sum() == 10
        halves.append(set(sure.index[sure]))
    assert halves[0] == halves[1] != halves[2]
    assert not any(half >= set(ids[:9]) or half >= set(ids[10:]) for half in halves)


def test_only_vanilla_needs_no_base():
    rows = [{"id": "a"}]
    assert train.certain(None, Variant(method="vanilla", seeds=[0]), rows, 0).all()
    with pytest.raises(UserError, match="r-tuning needs --base"):
        train.certain(None, Variant(method="r-tuning", seeds=[0]), rows, 0)


class Options:
    """The settings that training texts depend on."""

    prompt = PLAIN
    packed = Packed(block=64, batch=1)

    class training:
        max_length = 1000


def test_protocols_make_different_losses_of_the_same_texts(tiny_tokenizer):
    """Corrected: a row a question, only the answer and the verdict learnt. Official: the same
    texts end to end in blocks, everything learnt."""
    rows = [{**ROW, "id": str(i)} for i in range(6)]
    sure = pd.Series(True, index=[row["id"] for row in rows])
    made = {
        protocol: train.examples(
            rows, sure, Variant(method="r-tuning", protocol=protocol, seeds=[0]),
            tiny_tokenizer, Options, seed=0,
        )
        for protocol in ("corrected", "official")
    }  # fmt: skip
    assert len(made["corrected"]) == 6
    labels = made["corrected"][0]["labels"]
    learnt = tiny_tokenizer.decode([label for label in labels if label != IGNORED])
    assert learnt == " Paris. I am sure."
    whole = tiny_tokenizer.decode(made["corrected"][0]["input_ids"])
    length = len(tiny_tokenizer(whole)["input_ids"]) + 1  # with the BOS of the official form
    assert len(made["official"]) == 6 * length // 64
    assert all(len(block["input_ids"]) == 64 for block in made["official"])
    assert all(IGNORED not in block["labels"][1:] for block in made["official"])


@pytest.mark.parametrize("template", [PLAIN, "<s>user\nQuestion: {question}\nAnswer:"])
def test_an_official_text_begins_with_one_token_of_beginning(tiny_tokenizer, template):
    class Templated(Options):
        prompt = template
        packed = Packed(block=8, batch=1)

    rows = [{**ROW, "id": str(i)} for i in range(6)]
    sure = pd.Series(True, index=[row["id"] for row in rows])
    variant = Variant(method="vanilla", protocol="official", seeds=[0])
    blocks = train.examples(rows, sure, variant, tiny_tokenizer, Templated, seed=0)
    text = tiny_tokenizer.decode([i for block in blocks for i in block["input_ids"]])
    assert text.count("<s>") == 6 and "<s><s>" not in text.replace(" ", "")


def test_packed_blocks_have_a_batch_of_their_own(tiny_tokenizer, tmp_path, monkeypatch):
    """A block holds several texts: with the same batch size, there were a fifth of the steps."""
    settings = load_settings("r_tuning", "gpu")
    rows = [{**ROW, "id": str(i), "question": f"Which is number {i}?"} for i in range(20)]
    fitted = []

    def fine_tune(model, made, training, **_):
        fitted.append((len(made), training.effective_batch_size))
        return model, {}

    for name, made in {
        "read_questions": lambda *_: rows,
        "load_to_train": lambda *_: (None, tiny_tokenizer),
        "fine_tune": fine_tune,
        "save": lambda *_, **__: None,
    }.items():
        monkeypatch.setattr(train, name, made)
    for name in ("vanilla", "vanilla-official"):
        train.train(Run(settings, tmp_path, settings.variants[name]), tmp_path, "facts", name, 0)
    assert fitted[0] == (20, 16)
    assert fitted[1][1] == 1


def test_min_loss_labels_the_first_token_twice(tiny_tokenizer):
    made = train.min_loss_examples([ROW], tiny_tokenizer, Options)[0]
    first = tiny_tokenizer(" Paris")["input_ids"][0]
    other = tiny_tokenizer(" unknown")["input_ids"][0]
    assert (made["labels"][-1], made["others"][-1]) == (first, other)
    assert set(made["labels"][:-1]) == set(made["others"][:-1]) == {IGNORED}
    assert tiny_tokenizer.decode(made["input_ids"][:-1]).endswith("Answer: The answer is")
