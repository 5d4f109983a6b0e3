"""The authors' and the benchmarks' files as the rehearsal has them, and settings."""

import pytest

from papers.safe_eraser.rehearsal import WRITERS
from papers.safe_eraser.settings import BENCHMARKS
from shared.settings import load_settings


@pytest.fixture
def authors(tmp_path):
    """A folder as the authors release it: two training records and one held out."""
    WRITERS["SafeEraser"](tmp_path / "SafeEraser")
    return tmp_path / "SafeEraser" / "dataset"


@pytest.fixture
def benchmarks(tmp_path):
    """A folder for each benchmark of specificity, with its published files."""
    for name in BENCHMARKS:
        WRITERS[name](tmp_path / "benchmarks" / name)
    return tmp_path / "benchmarks"


@pytest.fixture
def settings():
    return load_settings("safe_eraser", "smoke")
