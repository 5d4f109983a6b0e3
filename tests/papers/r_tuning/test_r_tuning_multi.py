"""The multi-task experiment from the authors' files to the cells of Table 13, with a tiny model."""

import copy
from types import SimpleNamespace

import pandas as pd
import pytest

from papers.r_tuning import analyze, data, evaluate, identify, prompts, train
from papers.r_tuning.settings import Packed, Settings, Task, Variant
from shared.comparison.cells import KEY, cells
from shared.data.questions import LETTERS
from shared.runner.step import Run
from shared.settings import PAPERS, Resources
from shared.training.settings import Training

MODEL = "OpenLLaMA-3B"


@pytest.fixture
def settings(little_mirror):
    return Settings(
        name=MODEL,
        resources=Resources(mem_mb=1, disk_mb=1, runtime=1),
        model=f"path:{little_mirror}",  # never opened: see `load`
        mirror=str(little_mirror),
        tasks={"multi": Task(source="multi")},
        packed=Packed(block=32, batch=1),
        prompt="Question: {question} Answer:",
        answer_tokens=3,
        passage_answer_tokens=4,
        identify_tokens=5,
        samples=2,
        temperature=0.7,
        variants={
            "vanilla": Variant(method="vanilla", seeds=[0]),
            "r-tuning": Variant(method="r-tuning", seeds=[0]),
            "r-tuning-official": Variant(method="r-tuning", protocol="official", seeds=[0]),
        },
        training=Training(epochs=1, learning_rate=1e-3, effective_batch_size=4, max_length=512),
        batch_size=8,
        batch_tokens=4096,
        precision="fp32",
    )


@pytest.fixture
def load(tiny_model, tiny_tokenizer, monkeypatch):
    tokenizer = copy.deepcopy(tiny_tokenizer)
    tokenizer.add_tokens([prompts.UNSURE, prompts.SURE, *(f" {letter}" for letter in LETTERS)])
    tiny_model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    for step, name in ((identify, "load"), (train, "load_to_train"), (evaluate, "load")):
        monkeypatch.setattr(step, name, lambda *_, **__: (tiny_model, tokenizer))
    monkeypatch.setattr(train, "save", lambda *_, **__: None)


def test_from_the_files_of_the_authors_to_table_13(settings, load, tmp_path):
    data.data(Run(settings, tmp_path / "data"))
    base = tmp_path / "multi" / "base.parquet"
    identify.identify(Run(settings, base), tmp_path / "data", "multi")
    for name, variant in settings.variants.items():
        run = Run(settings, tmp_path / "model", variant, key=tmp_path.name, paper="test")
        made = train.train(run, tmp_path / "data", "multi", name, 0, base)
        assert made["certain"] + made["uncertain"] == 6
        run = Run(settings, tmp_path / "multi" / f"{name}-s0.parquet", variant)
        evaluate.evaluate(run, tmp_path / "data", tmp_path, "multi", name, 0)

    names = ("name", "tasks", "variants", "asker")
    seen = SimpleNamespace(**{name: getattr(settings, name) for name in names})
    found = cells(analyze.groups(tmp_path, seen), analyze.ITEMS, analyze.METRICS)
    reported = pd.read_csv(PAPERS / "r_tuning" / "reported.csv", dtype=str, keep_default_na=False)
    sets = ["WiCE", "HotpotQA", "FEVER"]
    own = (reported["item"] == "table13") | (
        reported["item"].isin(["table4", "table10"]) & reported["dataset"].isin(sets)
    )
    printed = reported[own & (reported["model"] == MODEL)].set_index(KEY).index
    ours = found[found["protocol"] == "corrected"].set_index(KEY).index
    assert len(printed) == 14 + 12 and set(printed) <= set(ours)
    official = found[(found["item"] == "table13") & (found["protocol"] == "official")]
    assert set(official["method"]) == {"R-Tuning"}
    assert set(found.loc[found["item"] == "table1", "dataset"]) == set()
