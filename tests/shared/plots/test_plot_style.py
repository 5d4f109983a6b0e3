"""Figures are the same bytes for the same input, and methods look the same everywhere."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from shared.plots import style

# Methods of R-Tuning that share a chart.
TOGETHER = [
    ("R-Tuning", "Vanilla", "Pretrain-T", "Pretrain-W"),
    ("R-Tuning-R", "Vanilla", "Pretrain-T", "Pretrain-W"),
    ("R-Tuning", "R-Tuning-U", "Vanilla-C", "Vanilla-U"),
    ("R-Tuning-R", "R-Tuning", "Vanilla", "Pretrain-T"),
]
# Linear RGB as seen without the medium (deuteranopia) and the long (protanopia) wavelength cones:
# Viénot, Brettel and Mollon 1999, "Digital video colourmaps for checking the legibility of
# displays by dichromats".
BLINDNESS = {
    "deuteranopia": [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]],
    "protanopia": [[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]],
}


def drawing():
    fig, (axes, other) = style.figure(1, 2)
    axes.plot([0, 1, 2], [1, 3, 2], label="a line")
    axes.legend()
    other.bar([0, 1], [2, 1], hatch="///")
    style.subject(fig, "scale cpu")
    return fig


def test_the_same_figure_gives_the_same_bytes(tmp_path):
    first = style.save(drawing(), tmp_path / "first", "figure1")
    second = style.save(drawing(), tmp_path / "second", "figure1")
    assert [path.name for path in first] == ["figure1.png", "figure1.pdf"]
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_files_carry_no_date_and_are_what_they_are_called(tmp_path):
    png, pdf = (path.read_bytes() for path in style.save(drawing(), tmp_path, "figure1"))
    assert png.startswith(b"\x89PNG")
    assert pdf.startswith(b"%PDF")
    assert b"CreationDate" not in pdf
    assert sorted(path.name for path in tmp_path.iterdir()) == ["figure1.pdf", "figure1.png"]


def test_the_picture_has_160_dots_an_inch(tmp_path):
    """Two panels of 4.2 by 3.4 inches: 2 x 4.2 x 160 = 1344 by 3.4 x 160 = 544 pixels."""
    png, _ = style.save(drawing(), tmp_path, "figure1")
    header = png.read_bytes()[16:24]
    assert (int.from_bytes(header[:4]), int.from_bytes(header[4:])) == (1344, 544)


def test_a_long_subject_is_broken_into_lines():
    fig, _ = style.figure(size=(3, 2))
    style.subject(fig, "word " * 30)
    lines = fig.get_suptitle().splitlines()
    assert len(lines) > 1
    assert max(map(len, lines)) <= 45


def test_every_fixed_method_has_its_own_colour_and_marker():
    looks = list(style.METHODS.values())
    assert len({look.colour for look in looks}) == len(looks)
    assert len({look.marker for look in looks}) == len(looks)


def test_an_unknown_name_has_a_look_that_depends_on_the_name_alone():
    assert style.look("NPO") == style.look("NPO") == style.looks(["NPO"])["NPO"]
    assert style.look("NPO") in style.FALLBACK
    assert {style.look(f"method {k}") for k in range(100)} == set(style.FALLBACK)


def test_names_of_one_chart_that_would_look_alike_are_told_apart():
    names = [f"method {k}" for k in range(100)]
    same = [name for name in names if style.look(name) == style.look(names[0])][:2]
    assert len(same) == 2
    looks = style.looks([*same, "Vanilla"])
    assert looks["Vanilla"] == style.METHODS["Vanilla"]
    assert len(set(looks.values())) == 3
    assert looks == style.looks(["Vanilla", *reversed(same)])


@pytest.mark.parametrize("blindness", [None, *BLINDNESS])
@pytest.mark.parametrize("methods", TOGETHER, ids=lambda methods: "+".join(methods))
def test_methods_of_one_chart_differ_for_the_colour_blind(methods, blindness):
    """A difference of 10 in CIELAB is seen at a glance; 2.3 is just noticeable."""
    colours = [_lab(style.look(method).colour, blindness) for method in methods]
    assert min(np.linalg.norm(a - b) for a, b in combinations(colours, 2)) > 10


def _lab(colour: str, blindness: str | None) -> np.ndarray:
    """CIELAB (white D65) of a colour as it is seen with a kind of colour blindness."""
    encoded = np.array(to_rgb(colour))
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    if blindness:
        linear = np.clip(np.array(BLINDNESS[blindness]) @ linear, 0, 1)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    scaled = np.array(to_xyz) @ linear / np.array([0.9505, 1, 1.089])
    x, y, z = np.where(scaled > 216 / 24389, np.cbrt(scaled), (841 / 108) * scaled + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])
