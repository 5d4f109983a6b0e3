"""Scale `paper` on a few invented records, with a tiny random LLaVA and a scripted judge."""

from contextlib import contextmanager
from types import SimpleNamespace

import pandas as pd
import pytest
import torch

from papers.safe_eraser import analyze, data, judging
from papers.safe_eraser.evaluate import evaluate
from papers.safe_eraser.settings import BENCHMARKS, Settings
from papers.safe_eraser.unlearn import unlearn
from shared.chat import loading
from shared.chat.replies import Reply
from shared.comparison.cells import cells
from shared.comparison.reported import read_reported
from shared.models import devices
from shared.models.loading import load
from shared.models.spec import RandomModel
from shared.runner.step import Run
from shared.settings import StandIns, load_settings
from tests.conftest import LLAVA

PICTURES = ("Weapon/0", "Weapon/1", "Violence/0")
VARIANTS = {"po-pd": {"method": "po+pd"}, "po-corrected": {"method": "po", "protocol": "corrected"}}


@pytest.fixture
def settings(authors, benchmarks, tiny_tokenizer, tmp_path):
    """Those of scale `paper`, with fewer epochs, and float32, which a processor computes faster."""
    tiny_tokenizer.save_pretrained(tmp_path / "tokenizer")
    model = RandomModel(
        name="LLaVA-7B",
        architecture="LlavaForConditionalGeneration",
        config=LLAVA,
        tokenizer=f"path:{tmp_path / 'tokenizer'}",
    )
    own = load_settings("safe_eraser", "paper").model_dump()
    own |= {"model": model, "benchmark": str(authors), "variants": VARIANTS}
    own |= {"specificity": {name: str(benchmarks / name) for name in BENCHMARKS}}
    own["unlearning"] |= {"epochs": 1, "precision": "fp32"}
    return Settings.model_validate(own | {"precision": "fp32", "answer_tokens": 4})


@pytest.fixture
def seen(monkeypatch):
    """What the judge is asked; it calls everything safe, no refusal, normal and half right."""
    asked = []

    def answers(conversations, max_new_tokens, *, stop=(), start=""):
        for index, ((turn,),) in enumerate(zip(conversations, strict=True)):
            asked.append(turn["content"])
            kinds = {"safe or unsafe": "safe", "number": "0.5", "begin by": "no"}
            yield index, Reply(next((v for k, v in kinds.items() if k in asked[-1]), "yes"), "")

    @contextmanager
    def kept_chat(asked, key, precision):
        yield SimpleNamespace(name="judge", identity="judge", answers=answers), None

    monkeypatch.setattr(judging, "kept_chat", kept_chat)
    return asked


def test_from_the_users_files_to_the_printed_cells(settings, seen, tmp_path):
    """Two training records and two held out, four questions of each kind, three answers to each
    forget question: 24 of efficacy and of generality, 8 decoupled, 8 retained."""
    folder = tmp_path / "results"
    scores = folder / "scores"
    data.data(Run(settings, folder / "data"))
    evaluate(Run(settings, scores / "vanilla-s0.parquet"), folder / "data", "vanilla", 0)
    assert (pd.read_parquet(scores / "vanilla-s0.parquet")["output"] == "").all()
    for name in VARIANTS:
        given = {"answers": scores / "vanilla-s0.parquet"}
        trained = folder / "models" / f"{name}-s0"
        run = Run(settings, trained, settings.variants[name])
        run.scratch = tmp_path / "scratch" / name
        unlearn(run, folder / "data", name, 0, **given)
        seen.clear()
        run = Run(settings, scores / f"{name}-s0.parquet")
        found = evaluate(run, folder / "data", name, 0, trained=trained, **given)
        assert found["answers"] == 24 + 24 + 8 + 8 + 14 and found["unjudged"] == 0
        forget = pd.read_parquet(run.out).query("set == 'forget'")
        assert set(forget["picture"]) == {f"img/{name}.png" for name in PICTURES}
    groups = analyze.groups(scores, settings)
    made = cells(groups, analyze.ITEMS, analyze.METRICS, StandIns())
    table1 = made[made["item"] == "table1"]
    for protocol, method in (("official", "PO+PD"), ("corrected", "PO")):
        own = table1[(table1["protocol"] == protocol) & (table1["method"] == method)]
        own = own.set_index(["metric", "dataset"])["value"]
        assert own["asr", "Efficacy"] == own["rr", "Generality"] == own["sarr", "Decoupled"] == 0
        assert own["gpt_eval", "Retain"] == 50
        assert own["specificity", "Specificity"] >= 100 * 0.5 / 7  # MM-Vet's grade alone
    of_each = made[(made["item"] == "specificity") & (made["method"] == "PO")]
    assert set(of_each["dataset"]) == set(BENCHMARKS)
    assert of_each["value"].mean() == pytest.approx(own["specificity", "Specificity"], abs=1e-3)
    # every kind of number that the paper prints is there under the name that it has there
    printed = read_reported("safe_eraser").query("item == 'table1' and method == 'PO'")
    assert set(zip(printed["metric"], printed["dataset"], strict=True)) <= set(own.index)


@pytest.mark.parametrize("engine", ["transformers", "vllm"])
def test_each_answer_is_drawn_with_numbers_of_its_own(
    settings, seen, tmp_path, monkeypatch, engine
):
    """Three draws of each forget question, one of any other; the 14 of benchmarks are not drawn."""
    asked, opened = [], []

    class Scripted:
        def answers(self, conversations, limit, *, drawing):
            asked.append((conversations, limit, drawing))
            for number in range(len(conversations)):
                yield number, Reply(f" {number} ", prompt_tokens=10, reply_tokens=2)

    def open_chat(told, **how):
        opened.append((told.engine, how))
        return Scripted()

    monkeypatch.setattr(loading, "open_chat", open_chat)
    data.data(Run(settings, tmp_path / "data"))
    run = Run(settings.model_copy(update={"engine": engine}), tmp_path / "po-s0.parquet")
    found = evaluate(run, tmp_path / "data", "po-pd", 5)
    sizes = {"batch_size": 32, "batch_tokens": 32768, "precision": "fp32"}
    assert opened == [(engine, {"trained": None, **sizes})]
    (drawn, limit, drawing), (greedy, _, none) = asked
    assert (len(drawn), len(greedy), limit, none) == (24 + 24 + 8 + 8, 14, 4, None)
    assert (drawing.temperature, drawing.top_p) == (1.0, 0.9)
    assert drawing.seeds == [(5, number) for number in range(64)]
    assert found["tokens"] == 12 * (64 + 14)
    (message,) = drawn[0]
    picture, words = message["content"]
    assert words["text"] and picture["image_url"]["url"].startswith("data:image/png;base64,")


def test_adapters_and_projector_are_what_is_trained(settings, seen, tmp_path, monkeypatch):
    """With the frozen weights in bf16, as scale `paper` has them."""
    monkeypatch.setattr(devices, "multiplies_bf16", lambda: True)
    training = settings.unlearning.model_copy(update={"precision": "bf16"})
    settings = settings.model_copy(update={"unlearning": training, "precision": "bf16"})
    data.data(Run(settings, tmp_path / "data"))
    run = Run(settings, tmp_path / "po-pd-s0", settings.variants["po-pd"])
    run.scratch = tmp_path / "scratch"
    unlearn(run, tmp_path / "data", "po-pd", 0, answers=None)
    (folder,) = (tmp_path / "po-pd-s0").glob("step-*")
    before, _ = load(settings.model)
    after, _ = load(settings.model, trained=folder)
    changed = {
        name
        for name, weight in after.state_dict().items()
        if not torch.equal(weight, before.state_dict()[name])
    }
    assert changed and all("language_model" in n or "projector" in n for n in changed)
    assert any("projector" in name for name in changed)
    out = tmp_path / "scores.parquet"
    found = evaluate(Run(settings, out), tmp_path / "data", "po-pd", 0, trained=folder.parent)
    assert found["answers"] == 24 + 24 + 8 + 8 + 14
