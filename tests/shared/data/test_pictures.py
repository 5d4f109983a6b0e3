"""Pictures from files, with what users bring, and drawn ones."""

import math

import pytest
from PIL import Image

from shared.data import pictures
from shared.data.pictures import draw, font, open_picture, placed, regular, star
from shared.errors import UserError


def test_a_picture_comes_as_rgb(tmp_path):
    Image.new("LA", (3, 2), (10, 255)).save(tmp_path / "grey.png")
    assert open_picture(tmp_path / "grey.png").getpixel((0, 0)) == (10, 10, 10)


def test_a_missing_picture(tmp_path):
    with pytest.raises(UserError, match=r"none.png: no such file; expected a picture"):
        open_picture(tmp_path / "none.png")


@pytest.mark.parametrize("content", [b"", b"not a picture", None])
def test_a_broken_picture(tmp_path, content):
    path = tmp_path / "broken.png"
    if content is None:  # cut in the middle
        Image.effect_noise((64, 64), 50).save(path)
        content = path.read_bytes()[: path.stat().st_size // 2]
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"broken.png: not a readable picture"):
        open_picture(path)


@pytest.mark.parametrize("most", [11, 4])  # a little over, and more than twice over
def test_a_picture_with_too_many_pixels_is_not_unpacked(tmp_path, monkeypatch, most):
    Image.new("RGB", (4, 3)).save(tmp_path / "large.png")
    monkeypatch.setattr(pictures, "MOST_PIXELS", most)
    with pytest.raises(UserError, match=f"large.png: 4 x 3 pixels; expected at most {most}"):
        open_picture(tmp_path / "large.png")


def test_a_bomb_ends_in_one_line(tmp_path, monkeypatch):
    Image.new("RGB", (40, 30)).save(tmp_path / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(UserError, match=r"bomb.png: too many pixels"):
        open_picture(tmp_path / "bomb.png")


def test_outlines_turn_and_move():
    """The top corner of a square on its tip, turned by 90 degrees, points right."""
    assert regular(4)[0] == pytest.approx((0, -1))
    turned = placed(regular(4), (0.5, 0.5), 0.2, 90)
    assert turned[0] == pytest.approx((0.7, 0.5))
    assert len(star(5, 0.4)) == 10
    assert math.hypot(*star(5, 0.4)[1]) == pytest.approx(0.4)


def test_drawing_is_in_parts_of_the_side():
    left_half = [(0, 0), (0.5, 0), (0.5, 1), (0, 1)]
    image = draw(20, "#ffffff", [([left_half], "#ff0000")])
    assert image.size == (20, 20)
    assert image.getpixel((3, 10)) == (255, 0, 0) and image.getpixel((16, 10)) == (255, 255, 255)


def test_the_font_is_there():
    assert font(12).getlength("mm") > font(12).getlength("ii")
