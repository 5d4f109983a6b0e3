"""What a user can get wrong in the settings, one line each; and what the settings say."""

import pytest
from pydantic import ValidationError

from papers.refusal_tokens.settings import Settings, short
from shared.settings import load_settings


@pytest.fixture
def settings() -> Settings:
    return load_settings("refusal_tokens", "cpu")


def changed(settings, **fields):
    return Settings.model_validate({**settings.model_dump(), **fields})


def test_tokens_are_those_of_the_released_code(settings):
    assert settings.control_tokens("one") == [" [respond]", " [refuse]"]
    assert settings.control_tokens("categories") == [
        " [respond]",
        " [Humanizing requests]",
        " [Incomplete requests]",
        " [Indeterminate requests]",
        " [Requests with safety concerns]",
        " [Unsupported requests]",
    ]
    assert settings.control_tokens("none") == []
    assert settings.refusal_token("categories", "safety") == " [Requests with safety concerns]"
    assert settings.refusal_token("one", "safety") == " [refuse]"
    assert short(" [refuse]") == "refuse"


@pytest.mark.parametrize(
    ("categories", "names"),
    [
        ({"a": "Safety", "b": "safety"}, "'Safety' and 'safety' overlap"),
        ({"a": "Requests", "b": "Odd requests"}, "'Requests' and 'Odd requests' overlap"),
        ({"a": "refuse", "b": "Safety"}, "'refuse' and 'refuse' overlap"),
    ],
)
def test_overlapping_category_names_are_named(settings, categories, names):
    with pytest.raises(ValidationError, match=names):
        changed(settings, categories=categories)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"prompt": "no slot"}, "needs {instruction}"),
        ({"thresholds": [0.5, 0.1]}, "expected rising numbers"),
        ({"judge": "strings:nobody"}, "unknown judge"),
        ({"forced": "some"}, "likeliest"),
    ],
)
def test_other_mistakes(settings, fields, message):
    with pytest.raises(ValidationError, match=message):
        changed(settings, **fields)


def test_two_variants_of_one_name(settings):
    variants = {name: v.model_dump() for name, v in settings.variants.items()}
    variants["one"]["name"] = variants["none"]["name"]
    with pytest.raises(ValidationError, match="same name in tables"):
        changed(settings, variants=variants)


def test_a_temporal_variant_refuses_nothing_else(settings):
    assert settings.variants["temporal"].parts == ["ordinary", "temporal", "dated"]
    assert settings.variants["one"].parts == ["ordinary", "original"]
    assert settings.variants["one-contrast"].parts == ["ordinary", "original", "contrast"]
