"""A panel to draw on."""

import pytest

from shared.plots import style


@pytest.fixture
def axes():
    _, (panel,) = style.figure()
    return panel
