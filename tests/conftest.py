"""Tests marked `mirror` run where a mirror folder is found and are left out elsewhere."""

from pathlib import Path

import pytest

from shared.data.sources import VARIABLE, mirror_folder
from shared.errors import UserError


@pytest.fixture
def mirror() -> Path:
    """The mirror folder; only for tests marked `mirror`."""
    return mirror_folder()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    try:
        if mirror_folder():
            return
    except UserError as error:
        raise pytest.UsageError(str(error)) from None
    left_out = [item for item in items if item.get_closest_marker("mirror")]
    config.left_out = len(left_out)
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    if count := getattr(config, "left_out", 0):
        terminalreporter.write_line(
            f"no mirror folder: {count} tests on real benchmark rows left out; set {VARIABLE}"
        )
