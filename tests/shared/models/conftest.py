"""Pictures for the tests of vision-language models."""

import pytest
from PIL import Image


@pytest.fixture
def pictures():
    """Four pictures, each half in one colour and half in another."""
    made = []
    for upper, lower in (("red", "blue"), ("blue", "red"), ("white", "black"), ("green", "red")):
        picture = Image.new("RGB", (56, 56), upper)
        picture.paste(lower, (0, 28, 56, 56))
        made.append(picture)
    return made
