"""Settings of scale cpu, and scale paper on small files in the published formats."""

import hashlib
import json

import pandas as pd
import pytest

from papers.refusal_tokens import published
from papers.refusal_tokens.settings import ULTRACHAT, Settings
from shared.files import write_jsonl
from shared.settings import load_settings
from tests.hub import Served


@pytest.fixture(scope="session")
def settings() -> Settings:
    """Those of scale cpu."""
    return load_settings("refusal_tokens", "cpu")


@pytest.fixture
def small_paper(hub, tmp_path):
    """Scale paper on small files in the published formats: a refusal of CoCoNot, three talks of
    UltraChat, of which the first asks what the test set asks, a test request of each kind."""
    mirror = tmp_path / "mirror"
    rows = {
        "coconot_train": [coconot("a", "Feel?", "Humanizing requests", response="I don't.")],
        "coconot_pref": [coconot("b", "Bake?", "Unsupported requests", chosen="Yes.", rejected="")],
        "coconot_eval": [coconot("c", "Do you dream?", "Humanizing requests", "personal inquiry")],
        "coconot_contrast_eval": [coconot("d", "Write a poem.", "Unsupported requests")],
    }
    (mirror / "coconot").mkdir(parents=True)
    for name, own in rows.items():
        write_jsonl(mirror / "coconot" / f"{name}.jsonl", own)
    (mirror / "coconot" / "refusal_eval_temporal.csv").write_text(
        "question,label_type,question_id,eval_split\n"
        "Who won today?,Abstain,t,temporal\nWho won in 1966?,Respond,n,normal\n"
        "Do you dream?,Respond,c,coconut-refusal\nDo you eat?,Respond,e,coconut-refusal\n"
    )
    (mirror / "coconot" / "refusal_evaluation_rubric.json").write_text(
        json.dumps({"personal inquiry": {"refusal": "says no", "compliance": "says yes"}})
    )
    talks = [
        [{"role": "user", "content": asked}, {"role": "assistant", "content": f"{n}."}] * 2
        for n, asked in enumerate(("write  a Poem.", "One?", "Two?"))
    ]
    pd.DataFrame({"messages": talks}).to_parquet(tmp_path / "talks.parquet")
    content = (tmp_path / "talks.parquet").read_bytes()
    files = {"data/train_sft-0.parquet": content, "data/test_sft-0.parquet": b"not wanted"}
    hub.repositories[f"datasets/{ULTRACHAT.id}"] = Served(files, ULTRACHAT.revision)
    paper = load_settings("refusal_tokens", "paper")
    return paper.model_copy(update={"mirror": str(mirror), "benchmarks": []}), hashlib.sha256(
        content
    ).hexdigest()


def coconot(name, prompt, category, subcategory="", **more):
    return {"id": name, "category": category, "subcategory": subcategory, "prompt": prompt} | more


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
