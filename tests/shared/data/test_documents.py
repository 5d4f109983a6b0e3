import numpy as np
import pytest

from shared.data import documents
from shared.data.documents import LINE, WIDTH, crop, render

FONTS = ["DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono"]
KINDS = [documents.nutrition_label, documents.receipt, documents.card]


@pytest.fixture(params=KINDS)
def document(request):
    rng = np.random.default_rng(3)
    return render("TITLE", request.param(rng), FONTS, rng)


def test_boxes_hold_the_ink_of_a_value_and_follow_one_another(document):
    """But for what a letter such as J or W has beyond its width, three pixels at most."""
    for field in document.fields:
        assert len(field.boxes) == len(field.value)
        line = crop(document.pixels, field.line)
        assert line.shape == (LINE, WIDTH)
        paper = line.max()
        outside = document.pixels.copy()
        for left, top, right, bottom in field.boxes:
            assert left < right
            outside[top:bottom, left - 3 : right + 3] = paper
        assert (crop(outside, field.line) == paper).all()
        ends = [box[2] for box in field.boxes]
        assert [box[0] for box in field.boxes[1:]] == ends[:-1]


def test_every_visible_character_has_ink_in_its_own_box(document):
    for field in document.fields:
        for box in field.boxes:
            letter = crop(document.pixels, box)
            assert int(letter.max()) - int(letter.min()) > 60


def test_a_box_holds_its_own_character():
    """The second of three characters, drawn alone at its box, gives the same pixels."""
    rng = np.random.default_rng(0)
    field = render("", {"Code": "A8K"}, ["DejaVuSansMono"], rng)
    again = render("", {"Code": "A8K"}, ["DejaVuSansMono"], np.random.default_rng(0))
    other = render("", {"Code": "A3K"}, ["DejaVuSansMono"], np.random.default_rng(0))
    assert (field.pixels == again.pixels).all()
    differing = np.argwhere(field.pixels != other.pixels)
    left, top, right, bottom = field.fields[0].boxes[1]
    assert len(differing)
    assert (differing >= (top, left)).all() and (differing < (bottom, right)).all()


def test_values_are_made_by_the_generator_alone():
    for values in KINDS:
        first, second = (values(np.random.default_rng(5)) for _ in range(2))
        assert first == second != values(np.random.default_rng(6))
        assert all(3 <= len(v) <= 8 or v.endswith("%") for v in first.values())


def test_what_does_not_fit_is_an_error():
    with pytest.raises(ValueError, match="does not fit"):
        render("", {"Code": "W" * 30}, FONTS, np.random.default_rng(0))
