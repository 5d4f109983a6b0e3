"""A model is fetched from a hub; then the hub is gone, there is no network, and a paper runs."""

import json

import pandas as pd
import pytest

from tests.hub import Hub, Served

pytestmark = pytest.mark.workflow

REVISION = Served({}).revision
PAPER = "center_bench"
CHAT = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant:"


@pytest.fixture
def model(tiny_model, tiny_tokenizer, tmp_path):
    """The files of a tiny random Llama that can chat."""
    folder = tmp_path / "model"
    tiny_model.save_pretrained(folder)
    tiny_tokenizer.save_pretrained(folder)
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text()) | {"chat_template": CHAT}
    path.write_text(json.dumps(config))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_paper_runs_without_a_network(
    model, copy_of_repository, snakemake, tmp_path, without_network
):
    folder = copy_of_repository(tmp_path / "repository")
    asked = ["--config", "scale=smoke", f"model=hub:tiny/llama@{REVISION}"]
    home = {"HF_HOME": str(tmp_path / "home"), "HF_HUB_CACHE": str(tmp_path / "home" / "hub")}

    hub = Hub()
    hub.repositories["models/tiny/llama"] = Served(model)
    fetched = snakemake(folder, "fetch", *asked, HF_ENDPOINT=hub.url, HF_HUB_OFFLINE="0", **home)
    hub.close()
    assert fetched.returncode == 0, fetched.stderr[-3000:]
    assert "tiny/llama@0123456: 5 files, " in fetched.stdout

    ran = snakemake(folder, PAPER, *asked, HF_HUB_OFFLINE="1", **home, sandbox=without_network)
    assert ran.returncode == 0, ran.stderr[-3000:]
    (results,) = (folder / "results").glob(f"smoke+hub-tiny-llama-{REVISION}-*/{PAPER}")
    cells = pd.read_csv(results / "cells.csv")
    asked = cells[(cells["model"] == "llama") & (cells["item"] == "accuracy_by_level")]
    assert len(asked) and asked["n"].gt(0).all()
