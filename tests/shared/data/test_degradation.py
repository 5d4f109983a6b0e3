import numpy as np
import pytest

from shared.data import documents
from shared.data.degradation import HIDDEN_FROM, KINDS, Degradation, degrade, legibility
from shared.data.documents import crop, render


@pytest.fixture
def drawn():
    """A document whose first value is "A8K"."""
    return render("", {"Code": "A8K"}, ["DejaVuSans-Bold"], np.random.default_rng(0))


def spoil(document, kind, strength, seed=0):
    """The second character of three, spoiled."""
    done = [None, Degradation(kind, strength), None]
    boxes = document.fields[0].boxes
    return degrade(document.pixels, boxes, done, np.random.default_rng(seed))


def remainder(document, kind, strength):
    """How well the spoiled letter still correlates with the letter, mean over 20 draws."""
    box = document.fields[0].boxes[1]
    letter = crop(document.pixels, box).astype(float).ravel()
    found = []
    for seed in range(20):
        spoiled = crop(spoil(document, kind, strength, seed), box).astype(float).ravel()
        flat = spoiled.std() < 1e-9
        found.append(0 if flat else abs(np.corrcoef(letter, spoiled)[0, 1]) * spoiled.std())
    return np.mean(found)


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_character_in_its_box_changes(drawn, kind):
    before = drawn.pixels.copy()
    spoiled = spoil(drawn, kind, 0.8)
    left, top, right, bottom = drawn.fields[0].boxes[1]
    changed = np.argwhere(spoiled != drawn.pixels)
    assert len(changed)
    assert (changed >= (top, left)).all() and (changed < (bottom, right)).all()
    assert (drawn.pixels == before).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_stronger_the_less_is_left(drawn, kind):
    left = [remainder(drawn, kind, strength) for strength in (0.2, 0.45, 0.7, 1.0)]
    assert left == sorted(left, reverse=True)
    assert left[2] < 0.5 * left[0]


@pytest.mark.parametrize("kind", KINDS)
def test_no_strength_changes_nothing(drawn, kind):
    assert (spoil(drawn, kind, 0) == drawn.pixels).all()


def test_the_rule_of_the_three_classes():
    assert legibility(None) == "clear"
    for kind in KINDS:
        assert legibility(Degradation(kind, 0)) == "clear"
        assert legibility(Degradation(kind, 0.01)) == "partly"
        assert legibility(Degradation(kind, HIDDEN_FROM - 0.01)) == "partly"
        assert legibility(Degradation(kind, HIDDEN_FROM)) == "hidden"
        assert legibility(Degradation(kind, 1)) == "hidden"


def test_full_occlusion_leaves_one_grey(drawn):
    assert len(np.unique(crop(spoil(drawn, "occlusion", 1), drawn.fields[0].boxes[1]))) == 1


def test_half_an_occlusion_covers_half_the_box(drawn):
    box = drawn.fields[0].boxes[1]
    pixels = np.full_like(drawn.pixels, 255)
    covered = degrade(pixels, [box], [Degradation("occlusion", 0.5)], np.random.default_rng(0))
    share = (crop(covered, box) < 255).mean()
    assert share == pytest.approx(0.5, abs=0.05)


def test_full_loss_of_contrast_is_blank_paper(drawn):
    letter = crop(spoil(drawn, "low_contrast", 1), drawn.fields[0].boxes[1])
    assert letter.min() == letter.max() == documents.crop(drawn.pixels, drawn.fields[0].line).max()
