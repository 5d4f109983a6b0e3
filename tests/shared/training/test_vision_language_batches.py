"""How many examples with pictures are learnt from at once."""

import pytest

from shared.losses.unlearning import Term, ascent, descent
from shared.models.images import see
from shared.models.loading import load, load_processor
from shared.training.examples import Segment
from shared.training.settings import Training
from shared.training.supervised import fine_tune
from shared.training.unlearning import unlearn
from shared.training.vision_language import example


@pytest.mark.parametrize("streams", [1, 2])
def test_a_device_holds_the_tokens_of_pictures(vlm, pictures, tmp_path, streams):
    """A batch is split as if each part of a picture were a word: its values pass through the model
    as these do. Room for two of four examples without their pictures is room for one with them."""
    reader = load_processor(vlm)
    pieces = [Segment(f"{reader.image_token} What is it?", False), Segment(" A box.", True)]
    made = [example(reader, pieces, see(reader, each)) for each in pictures]
    (whole,) = {len(each["input_ids"]) for each in made}
    parts = see(reader, pictures[0]).tokens
    assert whole > parts > 1
    for most, expected in ((2 * whole, 2), (2 * (whole - parts), 1)):
        settings = Training(
            epochs=1,
            learning_rate=1e-3,
            effective_batch_size=4,
            max_length=256,
            max_tokens_per_device=most * streams,
        )
        model, _ = load(vlm, tokenizer=reader.tokenizer)
        how = {"seed": 0, "scratch": tmp_path / "scratch"}
        if streams == 2:
            items = [{"forget": each, "retain": each} for each in made]
            terms = (Term(1.0, ascent, ("forget",)), Term(1.0, descent, ("retain",)))
            _, record = unlearn(model, items, terms, settings, **how)
        else:
            _, record = fine_tune(model, made, settings, **how)
        assert record["per_device_batch"] == expected
