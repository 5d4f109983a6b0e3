"""Settings of scale cpu, and scale paper on small files in the published formats."""

import hashlib

import pytest

from papers.refusal_tokens import published
from papers.refusal_tokens.rehearsal import WRITERS
from papers.refusal_tokens.settings import ULTRACHAT, Settings
from shared.settings import load_settings
from tests.hub import Served

TALKS = "data/train_sft-00000-of-00001.parquet"


@pytest.fixture(scope="session")
def settings() -> Settings:
    """Those of scale cpu."""
    return load_settings("refusal_tokens", "cpu")


@pytest.fixture
def small_paper(hub, tmp_path):
    """Scale paper on the small files of its rehearsal, without those of the user's own; and the
    SHA-256 of what is learnt of UltraChat."""
    mirror, talks = tmp_path / "mirror", tmp_path / "ultrachat"
    for source in ("coconot", "coconot_train", "coconot_rubric", "refusal_tokens"):
        WRITERS[source](mirror)
    WRITERS[ULTRACHAT.id](talks)
    files = {f"data/{path.name}": path.read_bytes() for path in (talks / "data").iterdir()}
    hub.repositories[f"datasets/{ULTRACHAT.id}"] = Served(files, ULTRACHAT.revision)
    paper = load_settings("refusal_tokens", "paper")
    return (
        paper.model_copy(update={"mirror": str(mirror), "benchmarks": []}),
        hashlib.sha256(files[TALKS]).hexdigest(),
    )


@pytest.fixture
def any_bytes(monkeypatch):
    """The files of the catalogue may have any content: these are small ones."""
    known = published.sources()
    some = {
        name: each.model_copy(update={"files": dict.fromkeys(each.files)})
        for name, each in known.items()
    }
    monkeypatch.setattr("shared.data.ledger.sources", lambda: some)
    monkeypatch.setattr(published, "sources", lambda: some)
