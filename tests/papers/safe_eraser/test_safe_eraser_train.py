"""The methods' weights, the four streams, and what each protocol trains on."""

import pytest
import torch

from papers.safe_eraser import benchmark, data, questions
from papers.safe_eraser.methods import RECIPES
from papers.safe_eraser.settings import METHODS, Settings
from papers.safe_eraser.train import as_trained, items, words
from shared.files import read_jsonl
from shared.losses.unlearning import Stream
from shared.models.small_vlm import small_processor, vocabulary
from shared.training.examples import IGNORED


@pytest.fixture
def generated(settings, tmp_path):
    data.generate(settings.generated, 0, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def processor(settings, generated):
    lessons, rows = read_jsonl(generated / "lessons.jsonl"), benchmark.read(generated)
    return small_processor(settings.model, vocabulary("words", words(lessons, rows)))


def stream(nll):
    """One row of one token with this cross-entropy; against its reference, it diverges by 0."""
    logits = torch.tensor([[0.0, -1e4, torch.tensor(nll).exp().sub(1).log()]])
    return Stream(logits, torch.tensor([0]), torch.tensor([0]), 1, logits)


LOSSES = {"forget": 2.0, "refuse": 0.5, "retain": 1.0, "decouple": 3.0}


@pytest.mark.parametrize(
    ("method", "official", "corrected"),
    [
        # with CE(forget) = 2, CE(refuse) = 0.5, CE(retain) = 1, CE(decouple) = 3 and KL = 0
        ("ga", -2.0, -2.0),
        ("ga+pd", -2 + 0.5 * 3, -2 + 3),
        ("gd", -2 + 1, -2 + 1),
        ("gd+pd", -2 + 0.5 * 1 + 0.5 * 3, -2 + 1 + 3),
        ("kl", -2 + 0, -2 + 0),
        ("kl+pd", -2 + 0 + 3, -2 + 0 + 3),
        ("po", (0.5 + 1) / 2, 0.5 + 1),  # one token each: the joint mean is the mean of both
        ("po+pd", (0.5 + 1) / 2 + 3, 0.5 + 1 + 3),
    ],
)
def test_weights_of_each_method(method, official, corrected):
    for protocol, expected in (("official", official), ("corrected", corrected)):
        terms = RECIPES[protocol][method]
        found = sum(
            term.weight * term.loss(*(stream(LOSSES[name]) for name in term.streams))
            for term in terms
        )
        assert float(found) == pytest.approx(expected, abs=1e-4)


def test_every_method_has_a_recipe_under_both_protocols():
    assert set(RECIPES["official"]) == set(RECIPES["corrected"]) == set(METHODS)


def test_only_the_official_kl_is_everywhere():
    for protocol, everywhere in (("official", True), ("corrected", False)):
        for method in ("kl", "kl+pd"):
            held = RECIPES[protocol][method][1]
            assert held.everywhere is everywhere and held.reference and held.streams == ("retain",)


def learnt(processor, example):
    return processor.tokenizer.decode([t for t in example["labels"] if t != IGNORED])


def test_an_item_is_the_request_in_its_four_roles(processor, generated):
    rows = [row for row in benchmark.read(generated) if row["split"] == "train"]
    made = items(rows, {}, processor, "corrected", 0, 512)
    forget = [row for row in rows if row["set"] == "forget"]
    twins = {row["id"]: row for row in rows}
    retained = {row["answer"] for row in rows if row["set"] == "retain"}
    assert len(made) == len(forget)
    for item, row in zip(made, forget, strict=True):
        twin = twins[row["id"].replace("/forget", "/decouple")]
        assert learnt(processor, item["forget"]) == " " + row["answer"]
        assert learnt(processor, item["refuse"])[1:] in questions.REFUSALS
        assert learnt(processor, item["decouple"]) == " " + twin["answer"]
        assert learnt(processor, item["retain"])[1:] in retained
        same, other = (item[name]["pixel_values"] for name in ("refuse", "decouple"))
        assert torch.equal(item["forget"]["pixel_values"], same)
        assert not torch.equal(same, other)
        asked = [
            processor.tokenizer.decode(item[n]["input_ids"][: item[n]["labels"].count(IGNORED)])
            for n in ("forget", "decouple")
        ]
        assert asked[0] == asked[1]


def test_no_end_of_sequence_is_trained(processor, generated):
    rows = [row for row in benchmark.read(generated) if row["split"] == "train"]
    for item in items(rows, {}, processor, "corrected", 0, 512):
        for made in item.values():
            assert processor.tokenizer.eos_token_id not in made["labels"]


def test_the_official_protocol_learns_what_vanilla_says(processor, generated):
    rows = [row for row in benchmark.read(generated) if row["split"] == "train"]
    said = {row["id"]: "The object is red." for row in rows if row["set"] == "retain"}
    item = items(rows, said, processor, "official", 0, 512)[0]
    assert learnt(processor, item["retain"]) == " The object is red."
    # in the official letters: all but the first are lowered, also the "I" of a refusal
    assert " I" not in learnt(processor, item["refuse"])[2:]


def test_letters_of_the_official_protocol():
    assert as_trained("I'm sorry, but I can't.", "official") == "I'm sorry, but i can't."
    assert as_trained("I'm sorry, but I can't.", "corrected") == "I'm sorry, but I can't."


def test_every_word_of_the_benchmark_is_known(processor, generated):
    unknown = processor.tokenizer.unk_token_id
    for row in benchmark.read(generated):
        for text in (row["question"], " " + row["answer"]):
            for protocol in ("official", "corrected"):
                ids = processor.tokenizer(as_trained(text.strip(), protocol))["input_ids"]
                assert unknown not in ids


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"benchmark": "somewhere"}, "expected one of `generated` and `benchmark`"),
        ({"vanilla": None}, "expected `vanilla`, its training"),
        ({"judge": "oracle"}, "judge"),
        ({"samples": 3}, "more than one are all the same at temperature 0"),
        ({"variants": {"x": {"method": "npo"}}}, "unknown method npo; methods: ga, ga\\+pd"),
    ],
)
def test_settings_that_can_not_be_run(settings, change, message):
    with pytest.raises(ValueError, match=message):
        Settings.model_validate(settings.model_dump() | change)
