"""The reader of the authors' file, on an invented file of the same format."""

import csv

import pytest

from papers.forbidden_science.published_replies import MODELS, read_published
from shared.errors import UserError

PARTS = ("chain_of_thought", "response", "allowed_to_answer")
ALLOWED = {"chain_of_thought": "Harmless.", "response": "It is wet.", "allowed_to_answer": "TRUE"}
REFUSED = ALLOWED | {"response": "I am not allowed to answer this.", "allowed_to_answer": "FALSE"}


def row(number, prompt="Why is water wet?", **models):
    """One row in the authors' columns; a model not named allows."""
    cells = {"Number": number, "category": "kitchen", "agent": "water", "prompt": prompt}
    for name in MODELS.values():
        cells |= {f"{name}_{part}": models.get(name, ALLOWED)[part] for part in PARTS}
    return cells


@pytest.fixture
def write(tmp_path):
    def write(rows, encoding="utf-8-sig"):
        path = tmp_path / "answered.csv"
        with open(path, "w", newline="", encoding=encoding) as file:
            writer = csv.DictWriter(file, list(rows[0]), extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
        return path

    return write


def test_replies_and_flags_of_all_models(write):
    """Rows in any order, cells of several lines and with commas and quotes, an empty reply."""
    verse = {**ALLOWED, "response": 'Water, says the poet,\n\nis "wet".\n'}
    empty = {**ALLOWED, "response": ""}
    first = row(17, **{"claude-3-5-sonnet-latest": REFUSED, "mistral": verse})
    second = row(3, "Why is salt\nsalty, and how much?", **{"gpt-3.5-turbo": empty})
    found = {each.id: each for each in read_published(write([first, second]))}
    assert list(found) == [f"{name}/{number}" for name in MODELS for number in (17, 3)]
    refused = [name for name, each in found.items() if not each.allowed]
    assert refused == ["Claude-3.5-sonnet/17"]
    assert found["Claude-3.5-sonnet/17"].reply == "I am not allowed to answer this."
    assert found["Mistral/17"].reply == verse["response"]
    assert found["Grok-2/3"].request == "Why is salt\nsalty, and how much?"
    assert found["GPT-3.5-turbo/3"].reply == "" and found["GPT-3.5-turbo/3"].allowed


def test_a_file_without_byte_order_mark_is_read_too(write):
    assert len(read_published(write([row(1)], encoding="utf-8"))) == 4


def test_a_missing_column_is_named(write):
    cells = row(1)
    del cells["gpt-3.5-turbo_response"]
    with pytest.raises(UserError, match=r"expected Number,prompt,.*gpt-3\.5-turbo_response"):
        read_published(write([cells]))


def test_another_encoding(write):
    path = write([row(1, "Wozu ist Säure da?")], encoding="latin-1")
    with pytest.raises(UserError, match="expected UTF-8, found byte 0xe4"):
        read_published(path)
