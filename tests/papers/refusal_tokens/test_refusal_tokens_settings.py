"""What a user can get wrong in the settings, one line each; and what the settings say."""

import pytest
from pydantic import ValidationError

from papers.refusal_tokens.methods import METHODS, short
from papers.refusal_tokens.settings import ULTRACHAT, Settings
from shared.data.fetch.wanted import Repository, SourceFiles
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
        ({"prompt": "no slot"}, "needs {instruction}"),
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
    assert METHODS["one"].learns == ("ordinary", "original")
    assert METHODS["one-contrast"].learns == ("ordinary", "original", "contrast")
    assert set(METHODS["base"].asked) == {*METHODS["one"].asked, *METHODS["temporal"].asked}


def test_scores_are_of_every_training_and_of_the_model_before(settings):
    names = settings.scores()
    assert names[0] == "base-s0" and len(names) == len(set(names)) == 11
    assert {"none-contrast-s1", "temporal-s0"} <= set(names)


def test_what_is_downloaded_is_what_the_steps_read():
    """Nothing at cpu; at paper the weights, CoCoNot's files, the temporal set and UltraChat."""
    assert load_settings("refusal_tokens", "cpu").downloads() == []
    wanted = load_settings("refusal_tokens", "paper").downloads()
    repositories = {each.id for each in wanted if isinstance(each, Repository)}
    assert repositories == {"meta-llama/Meta-Llama-3-8B", ULTRACHAT.id}
    sources = {each.source for each in wanted if isinstance(each, SourceFiles)}
    assert sources == {"coconot", "coconot_train", "refusal_tokens"}
