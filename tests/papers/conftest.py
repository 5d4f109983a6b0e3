"""What a reader sees of the figures that the tests of papers draw."""

import re

import pytest
from matplotlib.text import Text

from shared.plots import style

RAW = re.compile(r"[a-z]_\s*[a-z]")  # a name in the data, also one that is broken over two lines


@pytest.fixture(autouse=True)
def plain_names(monkeypatch):
    """No figure that a test saves shows a name as it is in the data; each paper has a test that
    saves what its made-up scores suffice for."""
    save = style.save

    def check_and_save(fig, folder, name):
        fig.canvas.draw()
        shown = {text.get_text() for text in fig.findobj(Text) if text.get_visible()}
        raw = sorted(text for text in shown if RAW.search(text))
        assert not raw, f"figure {name} shows names in the data: {raw}"
        return save(fig, folder, name)

    monkeypatch.setattr(style, "save", check_and_save)
