"""What a user can get wrong in the settings, one line each; and what the settings say."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from papers.refusal_tokens.benchmarks import BENCHMARKS
from papers.refusal_tokens.methods import METHODS, RELEASED, short
from papers.refusal_tokens.settings import ULTRACHAT, Settings
from shared.data.fetch.wanted import ByHand, Repository, SourceFiles
from shared.settings import load_settings


def changed(settings, **fields):
    return Settings.model_validate({**settings.model_dump(), **fields})


def test_tokens_are_those_of_the_released_code():
    assert METHODS["one"].tokens == [" [respond]", " [refuse]"]
    assert METHODS["categories"].tokens == [
        " [respond]",
        " [Humanizing requests]",
        " [Incomplete requests]",
        " [Indeterminate requests]",
        " [Requests with safety concerns]",
        " [Unsupported requests]",
    ]
    assert METHODS["none"].tokens == METHODS["base"].tokens == []
    assert short(" [refuse]") == "refuse"


@pytest.mark.parametrize(
    ("method", "refused", "answered"),
    [
        ("none", "", ""),
        ("one", " [refuse]", " [respond]"),
        ("categories", " [Requests with safety concerns]", " [respond]"),
    ],
)
def test_a_reply_begins_with_the_token_of_its_kind(method, refused, answered):
    row = {"category": "safety", "refuse": True}
    assert METHODS[method].token(row) == refused
    assert METHODS[method].token(row | {"refuse": False}) == answered


def test_no_name_of_a_token_is_found_in_another():
    """The tokenizer would find it there."""
    names = [short(token).lower() for m in METHODS.values() for token in m.tokens]
    names = sorted(set(names))
    assert not [(a, b) for a in names for b in names if a != b and a in b]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"asking": {"prompt": "no slot", "end": "."}}, "found none; expected {instruction}"),
        ({"variants": {"one-released": {}}}, "one-released: weights are of a released checkpoint"),
        (
            {"variants": {"one": {"weights": "path:somewhere"}}},
            "one: weights are of a released checkpoint, and it needs them",
        ),
        ({"benchmarks": ["mine"]}, "benchmarks"),
        ({"harness": {"GSM8K": None}}, "harness"),
        ({"harness": {"MMLU": -1}}, "harness"),
        (
            {"variants": {"two": {"seeds": [0]}}},
            "unknown method 'two'; methods: cat",
        ),
        ({"variants": {"base": {"seeds": [0]}}}, "unknown method 'base'"),
        ({"judge": "strings:nobody"}, "unknown judge"),
        ({"forced": "some"}, "likeliest"),
    ],
)
def test_other_mistakes(settings, fields, message):
    with pytest.raises(ValidationError, match=message):
        changed(settings, **fields)


def test_a_temporal_variant_refuses_nothing_else():
    assert METHODS["temporal"].learns == ("ordinary", "temporal", "dated")
    assert METHODS["one"].learns == ("ordinary", "original", "more")
    assert METHODS["one-contrast"].learns == ("ordinary", "original", "contrast")
    assert set(METHODS["base"].asked) == {*METHODS["one"].asked, *METHODS["temporal"].asked}


def test_scores_are_of_every_training_and_of_the_model_before(settings):
    names = settings.scores()
    assert names[0] == "base-s0" and len(names) == len(set(names)) == 25
    assert {"none-contrast-s2", "categories-s2"} <= set(names)


def test_what_is_downloaded_is_what_the_steps_read():
    """Nothing at cpu; at paper the weights of the model and its judge, CoCoNot's files, the
    temporal set, UltraChat and benchmarks. Checkpoints without a commit are put there by hand."""
    assert load_settings("refusal_tokens", "cpu").downloads() == []
    paper = load_settings("refusal_tokens", "paper")
    wanted = paper.downloads()
    repositories = {each.id for each in wanted if isinstance(each, Repository)}
    llama = {"meta-llama/Meta-Llama-3-8B", "meta-llama/Meta-Llama-3-8B-Instruct"}
    assert repositories == {*llama, ULTRACHAT.id}
    found = {each.source for each in wanted if isinstance(each, SourceFiles)}
    coconot = {"coconot", "coconot_train", "coconot_rubric", "refusal_tokens"}
    assert found == coconot | {"xstest"} and list(BENCHMARKS) == paper.benchmarks
    by_hand = [each.what for each in wanted if isinstance(each, ByHand)]
    assert [name.partition(":")[0] for name in by_hand] == [
        *(name for name in BENCHMARKS if name != "xstest"),
        *RELEASED,
        "the questions of ARC-C, HellaSwag, MMLU, PIQA, TruthfulQA MC1, TruthfulQA MC2",
    ]


def test_a_released_checkpoint_is_neither_trained_nor_asked_as_ours(tmp_path, monkeypatch):
    """Its rule waits for no training, and its prompt is that of those who measured it."""
    paper = load_settings("refusal_tokens", "paper")
    assert set(RELEASED) <= set(Settings.UNTRAINED) & set(paper.variants)
    for name in RELEASED:
        variant = paper.variants[name]
        assert METHODS[name].learns == () and variant.weights.startswith("path:")
        assert (variant.asking.decoding, paper.asking.decoding) == ("greedy", "own")
        assert f"{name}-s0" not in paper.scores()  # the user has none: left out
    assert METHODS["one-released"].tokens == METHODS["one-contrast"].tokens
    monkeypatch.chdir(tmp_path)
    for name in RELEASED:
        Path(paper.variants[name].weights.removeprefix("path:")).mkdir(parents=True)
        assert f"{name}-s0" in paper.scores()


def test_the_stand_in_is_asked_for_general_ability_as_the_model_of_the_paper_is():
    gpu, paper = (load_settings("refusal_tokens", scale) for scale in ("gpu", "paper"))
    assert gpu.tasks.keys() == paper.tasks.keys() and "ability/base-s0" in gpu.scores()
    by_hand = [each.what for each in gpu.downloads() if isinstance(each, ByHand)]
    assert any(what.startswith("the questions of ARC-C") for what in by_hand)
