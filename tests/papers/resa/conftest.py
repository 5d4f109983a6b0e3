"""The data of scale `cpu`, made once for the tests of the steps."""

import pytest

from papers.resa import data
from shared.files import read_jsonl
from shared.settings import load_settings
from shared.workflow.step import Run


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """Rows of each file by its stem, and the folder."""
    out = tmp_path_factory.mktemp("data")
    data.data(Run(load_settings("resa", "cpu"), out, key="test"))
    return {path.stem: read_jsonl(path) for path in out.glob("*.jsonl")}, out
