"""A trained adapter with its card, from a committed record; the hub alone is a stand-in."""

import json
import shutil
import sys

import pandas as pd
import pytest
import yaml
from huggingface_hub.errors import OfflineModeIsEnabled
from peft import PeftModel, get_peft_model

from shared.errors import UserError
from shared.models.loading import save
from shared.report import push as pushing
from shared.report.model_card import adapter_in, card
from shared.settings import ROOT
from shared.training.settings import Lora
from shared.training.supervised import lora_config

COMMITTED = ROOT / "results" / "cpu" / "resa"
MODEL = "Small-1M"
RECORD = f"runs/{MODEL}/train-resa-sft-s0.json"
REVISION = "0" * 40


@pytest.fixture
def folder(tmp_path, tiny_model, tiny_tokenizer):
    """An adapter where the committed record of a training says that it lies."""
    results = tmp_path / "results" / "cpu" / "resa"
    (results / RECORD).parent.mkdir(parents=True)
    for name in (RECORD, "cells.csv"):
        shutil.copy(COMMITTED / name, results / name)
    model = get_peft_model(tiny_model, lora_config(Lora(rank=2, alpha=4), tiny_model))
    model.peft_config["default"].base_model_name_or_path = str(tmp_path / "base")
    save(model, results / "models" / MODEL / "resa-sft-s0", tiny_tokenizer)
    return results / "models" / MODEL / "resa-sft-s0"


@pytest.fixture
def hub(monkeypatch):
    """What the hub is told, and the files that it is sent."""
    told = {}

    class Hub:
        endpoint = "https://hub"

        def create_repo(self, repo, **how):
            told["made"] = (repo, how)

        def upload_folder(self, repo_id, folder_path, commit_message):
            told["sent"] = (repo_id, commit_message)
            told["folder"] = shutil.copytree(folder_path, told["to"])

    monkeypatch.setattr(pushing, "HfApi", Hub)
    return told


def change_settings(folder, **changes):
    """As if it had been trained on another model, which nobody made here."""
    path = folder.parents[2] / RECORD
    record = json.loads(path.read_text())
    inputs = {"data": record["inputs"]["data"]}
    path.write_text(
        json.dumps(record | {"settings": record["settings"] | changes, "inputs": inputs})
    )


def run(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["push", *map(str, words)])
    pushing.main()


def test_by_itself_it_shows_the_card_and_sends_nothing(folder, hub, monkeypatch, capsys):
    run(monkeypatch, folder)
    said, record = capsys.readouterr().out, json.loads((folder.parents[2] / RECORD).read_text())
    assert hub == {}
    assert f"| base model | {MODEL}, made by the same workflow (pretrained) |" in said
    assert f"| commit | {record['commit']} |" in said
    assert f"| data | {record['inputs']['data']} |" in said
    rate = record["settings"]["training"]["learning_rate"]
    assert f'"learning_rate": {rate}' in said and "| variant and seed | resa-sft, 0 |" in said
    cells = pd.read_csv(folder.parents[2] / "cells.csv")
    ours = cells[(cells["method"] == "ReSA-SFT") & (cells["model"] == MODEL)]
    shown = said.partition("## Results")[2].splitlines()
    assert len([line for line in shown if line.startswith("| ")]) == len(ours) + 2
    assert len(ours) > 100


def test_it_is_sent_with_its_card_and_without_a_place_of_this_machine(
    folder, hub, monkeypatch, tmp_path, capsys
):
    hub["to"] = tmp_path / "sent"
    change_settings(folder, model=f"hub:org/base@{REVISION}", mirror="/home/me/rows")
    commit = json.loads((folder.parents[2] / RECORD).read_text())["commit"]
    run(monkeypatch, folder, "--to", "me/adapter")
    assert capsys.readouterr().out == "https://hub/me/adapter\n"
    assert hub["made"] == ("me/adapter", {"private": True, "exist_ok": True})
    assert hub["sent"] == ("me/adapter", f"resa-sft at {commit[:10]}")
    names = {path.name for path in hub["folder"].iterdir()}
    assert {"README.md", "adapter_config.json", "adapter_model.safetensors"} <= names
    assert "tokenizer.json" in names and ".written" not in names
    said = (hub["folder"] / "README.md").read_text()
    assert said == card(adapter_in(folder))
    head = yaml.safe_load(said.split("---\n")[1])
    assert (head["base_model"], head["library_name"]) == ("org/base", "peft")
    config = json.loads((hub["folder"] / "adapter_config.json").read_text())
    assert (config["base_model_name_or_path"], config["revision"]) == ("org/base", REVISION)
    for path in hub["folder"].glob("*.[jm]*"):
        assert str(tmp_path) not in path.read_text() and "/home" not in path.read_text()
    hub["to"] = tmp_path / "again"
    run(monkeypatch, folder, "--to", "me/other", "--public")
    assert hub["made"] == ("me/other", {"private": False, "exist_ok": True})


def test_what_was_sent_is_the_adapter(folder, tiny_model, tmp_path):
    (tmp_path / "staged").mkdir()
    pushing.stage(adapter_in(folder), tmp_path / "staged")
    ours, theirs = (
        PeftModel.from_pretrained(tiny_model, each).state_dict()
        for each in (folder, tmp_path / "staged")
    )
    assert ours.keys() == theirs.keys()
    assert all((ours[name] == theirs[name]).all() for name in ours)


def test_a_variant_of_a_method_that_others_share_gets_none_of_their_cells(folder):
    """ReSA-SFT on 100 examples is called ReSA-SFT too, and did not get what all of them gave."""
    path = folder.parents[2] / RECORD
    path.write_text(path.read_text().replace("resa-sft-s0", "resa-sft-100-s0"))
    other = folder.rename(folder.with_name("resa-sft-100-s0"))
    assert "No cell of the tables is of this method" in card(adapter_in(other))


def test_an_adapter_of_a_users_own_model_has_a_card(folder, tmp_path, hollow_model):
    """The scale has no model of its name: how it was given stands in the command."""
    hollow_model(tmp_path / "own")
    gpu = (tmp_path / "results" / "cpu").rename(tmp_path / "results" / "gpu")
    path = gpu / "resa" / RECORD
    record = json.loads(path.read_text().replace("results/cpu", "results/gpu"))
    place = record["command"].index("--model") + 1
    record["command"][place] = f"path:{tmp_path / 'own'}"
    path.write_text(json.dumps(record | {"model": "own"}))
    adapter = gpu / "resa" / "models" / MODEL / "resa-sft-s0"
    assert "# ReSA: resa-sft on " in card(adapter_in(adapter))


def test_what_is_no_adapter_of_a_run_is_one_line(folder, tmp_path):
    with pytest.raises(UserError, match=r"no adapter_config\.json; expected the folder of an"):
        adapter_in(tmp_path)
    away = shutil.copytree(folder, tmp_path / "away")
    with pytest.raises(UserError, match="away: expected results/RUN/PAPER/models/MODEL"):
        adapter_in(away)
    (folder.parents[2] / RECORD).unlink()
    with pytest.raises(UserError, match=f"runs: no record of cpu/resa/models/{MODEL}/resa-sft"):
        adapter_in(folder)


def test_by_itself_it_opens_no_connection(folder, monkeypatch, capsys, no_network):
    run(monkeypatch, folder)
    assert no_network == [] and "| base model |" in capsys.readouterr().out


def test_offline_nothing_is_sent_and_one_line_says_so(folder, program):
    done = program(ROOT, "shared.report.push", str(folder), "--to", "me/adapter")
    assert done.returncode == 1 and done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: me/adapter: Cannot reach http")
    assert "HF_HUB_OFFLINE" in line and line.endswith("HF_TOKEN must be a token that may write")


def test_a_hub_that_is_off_is_one_line(folder, hub, monkeypatch):
    def off(*_, **__):
        raise OfflineModeIsEnabled("the hub\nis off")

    monkeypatch.setattr(pushing.HfApi, "create_repo", off)
    with pytest.raises(UserError, match=r"^me/adapter: the hub is off; HF_TOKEN must be a token"):
        run(monkeypatch, folder, "--to", "me/adapter")
