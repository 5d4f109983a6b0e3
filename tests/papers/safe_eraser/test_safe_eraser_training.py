"""The methods' weights, the four streams, and what each protocol trains on."""

import pytest
import torch

from papers.safe_eraser import benchmark, data, questions
from papers.safe_eraser.methods import RECIPES
from papers.safe_eraser.protocols import PROTOCOLS
from papers.safe_eraser.settings import METHODS, Settings
from papers.safe_eraser.train_vanilla import train_vanilla, words
from papers.safe_eraser.unlearn import items, snapshot_steps
from shared.errors import UserError
from shared.files import read_jsonl
from shared.losses.unlearning import Stream
from shared.models.small_vlm import small_processor, vocabulary
from shared.runner.step import Run
from shared.settings import load_settings
from shared.training.examples import IGNORED


@pytest.fixture
def generated(settings, tmp_path):
    data.generate(settings.generated, 0, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def processor(settings, generated):
    lessons, records = read_jsonl(generated / "lessons.jsonl"), benchmark.read(generated)
    return small_processor(settings.model, vocabulary("words", words(lessons, records)))


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


@pytest.fixture
def records(generated):
    return [record for record in benchmark.read(generated) if record.split == "train"]


def made_under(protocol, records, processor, said=None, refusals=None):
    refusals = questions.REFUSALS if refusals is None else refusals
    return items(
        records, refusals, said or {}, processor, PROTOCOLS[protocol], seed=0, max_length=512
    )


def test_an_item_is_the_request_in_its_four_roles(processor, records):
    made = made_under("corrected", records, processor)
    requests = [request for record in records for request in record.requests]
    retained = {question.answer for record in records for question in record.retained}
    assert len(made) == len(requests) == 48
    for item, (forget, twin) in zip(made, requests, strict=True):
        assert learnt(processor, item["forget"]) == " " + forget.answer
        assert learnt(processor, item["refuse"])[1:] in questions.REFUSALS
        assert learnt(processor, item["decouple"]) == " " + twin.answer
        assert learnt(processor, item["retain"])[1:] in retained
        same, other = (item[name]["pixel_values"] for name in ("refuse", "decouple"))
        assert torch.equal(item["forget"]["pixel_values"], same)
        assert not torch.equal(same, other)
        asked = [
            processor.tokenizer.decode(item[n]["input_ids"][: item[n]["labels"].count(IGNORED)])
            for n in ("forget", "decouple")
        ]
        assert asked[0] == asked[1]


def test_po_learns_the_users_refusals(processor, records):
    """Words of the generated benchmark, so that the small model has tokens for them."""
    own = ["The object is a secret."]
    for item in made_under("corrected", records, processor, refusals=own):
        assert processor.tokenizer.decode(
            [t for t in item["refuse"]["input_ids"] if t != processor.image_token_id]
        ).endswith(" The object is a<unk>.")


def test_no_end_of_sequence_is_trained(processor, records):
    for item in made_under("corrected", records, processor):
        for made in item.values():
            assert processor.tokenizer.eos_token_id not in made["labels"]


def test_the_official_protocol_learns_what_vanilla_says(processor, records):
    said = {each.id: "The object is red." for record in records for each in record.retained}
    item = made_under("official", records, processor, said)[0]
    assert learnt(processor, item["retain"]) == " The object is red."
    # in the official letters: all but the first are lowered, also the "I" of a refusal
    assert " I" not in learnt(processor, item["refuse"])[2:]


def test_what_vanilla_left_unanswered_is_not_retained(processor, records):
    """Under the official protocol; of the files' own `Prediction` some may be empty, too."""
    first = records[0].retained[0]
    said = {first.id: "The object is red."}
    for item in made_under("official", records, processor, said):
        assert learnt(processor, item["retain"]) == " The object is red."
    with pytest.raises(UserError, match="none of 48 retain questions has an answer of vanilla's"):
        made_under("official", records, processor)


def test_letters_of_the_official_protocol():
    text = "I'm sorry, but I can't."
    assert PROTOCOLS["official"].written(text) == "I'm sorry, but i can't."
    assert PROTOCOLS["corrected"].written(text) == text


def test_every_word_of_the_benchmark_is_known(processor, generated):
    unknown = processor.tokenizer.unk_token_id
    for record in benchmark.read(generated):
        for asked in record.questions:
            for text in (asked.question, asked.answer):
                for protocol in PROTOCOLS.values():
                    assert unknown not in processor.tokenizer(protocol.written(text))["input_ids"]


def test_snapshots_are_at_the_end_half_a_quarter_and_so_on(settings):
    """48 items in batches of 16 are 3 steps an epoch, 6 in two: 6, 3, 1 and again 1."""
    assert snapshot_steps(48, settings.unlearning, 1) == {6}
    assert snapshot_steps(48, settings.unlearning, 4) == {6, 3, 1}


def test_vanilla_is_trained_only_where_there_is_something_to_learn(settings, tmp_path):
    as_it_is = settings.model_copy(update={"vanilla": None})
    with pytest.raises(UserError, match="vanilla is not trained at this scale; expected `vanilla`"):
        train_vanilla(Run(as_it_is, tmp_path / "out"), tmp_path, seed=0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"benchmark": "somewhere"}, "a small model is made for a generated `benchmark`"),
        ({"vanilla": None}, "expected `vanilla`, its training"),
        ({"judge": "oracle"}, "judge"),
        ({"sampling": {"samples": 3, "temperature": 0}}, "sampling.temperature"),
        ({"variants": {"x": {"method": "npo"}}}, "unknown method npo; methods: ga, ga\\+pd"),
    ],
)
def test_settings_that_can_not_be_run(settings, change, message):
    with pytest.raises(ValueError, match=message):
        Settings.model_validate(settings.model_dump() | change)


def test_the_small_model_learns_to_see_before_it_is_asked_to_forget():
    """After 20 passes its encoder named 76 % of unseen forbidden objects, after 40 99 %: less than
    that would read as forgetting."""
    assert load_settings("safe_eraser", "cpu").image_encoder.epochs >= 40
