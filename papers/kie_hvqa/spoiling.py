"""A field of a document, its characters spoiled: what is done to each, and the row it makes."""

import io

import numpy as np
from PIL import Image

from papers.kie_hvqa.notation import Character, true_answer, write_answer, write_tags
from papers.kie_hvqa.settings import Spoiling
from shared.data.degradation import KINDS, Degradation, degrade, legibility
from shared.data.documents import Field, crop


def drawn(value: str, spoiling: Spoiling, rng: np.random.Generator) -> list[Degradation | None]:
    """What to do to each character of a value. At least one stays clear, and if asked for another
    one is partly occluded."""
    shares = {"partly": spoiling.partly, "hidden": spoiling.hidden}
    strengths = {"partly": spoiling.partly_strength, "hidden": spoiling.hidden_strength}
    shares["clear"] = 1 - sum(shares.values())
    classes = rng.choice(list(shares), size=len(value), p=list(shares.values()))
    places = rng.permutation(len(value))
    if spoiling.always_partly:
        classes[places[1:2]] = "partly"
    classes[places[0]] = "clear"
    kinds = list(KINDS)
    return [
        None
        if kind == "clear"
        else Degradation(kinds[rng.integers(len(kinds))], round(rng.uniform(*strengths[kind]), 3))
        for kind in classes
    ]


def row_of(
    pixels: np.ndarray,
    field: Field,
    question: str,
    spoiling: Spoiling | None,
    rng: np.random.Generator,
    line: bool = False,
) -> dict:
    """The row of a field, without id and subset. spoiling: None: nothing is spoiled. line: only the
    field's line is shown, not the whole document."""
    done = drawn(field.value, spoiling, rng) if spoiling else [None] * len(field.value)
    pixels = degrade(pixels, field.boxes, done, rng)
    characters = list(map(Character, field.value, map(legibility, done)))
    return {
        "question": question,
        "image": encoded(crop(pixels, field.line) if line else pixels),
        "tags": write_tags(characters, reveal=True),
        "answer": write_answer(true_answer(characters)),
        "kinds": [each.kind if each else "" for each in done],
        "strengths": [each.strength if each else 0.0 for each in done],
        "value": field.value,
    }


def encoded(pixels: np.ndarray) -> bytes:
    """A file of a grey drawing (h, w), nothing lost, or of a photograph (h, w, 3)."""
    file = io.BytesIO()
    if pixels.ndim == 2:
        Image.fromarray(pixels).save(file, "PNG")
    else:
        Image.fromarray(pixels).save(file, "JPEG", quality=95)
    return file.getvalue()
