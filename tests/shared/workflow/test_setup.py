"""The Snakefile's setup: `--config` checked, and what it makes of a rule."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from shared.data import catalogue
from shared.settings import model_names, paper_ids
from shared.workflow.setup import Setup, checked, unknown_target


def wildcards(**given):
    return SimpleNamespace(**given)


class Output(list):
    record = "results/cpu/r_tuning/runs/step.json"


def test_a_step_is_told_scale_model_and_its_arguments():
    made = checked({}).step("papers.r_tuning.train")
    job = wildcards(model="Small-1M", task="facts", variant="r-tuning", seed="1")
    given = SimpleNamespace(data="results/data", base=[])
    command = made["step"](job, given, Output(["models/a b", Output.record]))
    assert command == (
        "papers.r_tuning.train --scale cpu --model Small-1M --data results/data --task facts"
        f" --variant r-tuning --seed 1 --out 'models/a b' --record {Output.record}"
    )
    given.base = "base.parquet"
    assert "--base base.parquet" in made["step"](job, given, Output(["m", Output.record]))


def test_several_outputs_go_to_their_folder():
    made = checked({}).step("papers.r_tuning.data")
    outputs = Output(["scores/a.parquet", "scores/b.parquet", Output.record])
    assert " --out scores " in made["step"](wildcards(), SimpleNamespace(), outputs)


def test_a_rule_watches_what_its_step_reads_and_nothing_else():
    made = checked({"scale": "smoke"}).step("papers.r_tuning.train")
    watched = made["settings"](wildcards(model="random-llama", variant="r-tuning"))
    assert '"block":64' in watched and '"variant.protocol":"corrected"' in watched
    assert '"batch_size"' not in watched and "sampled" not in watched
    official = made["settings"](wildcards(model="random-llama", variant="r-tuning-official"))
    assert official != watched


@pytest.mark.parametrize(
    ("paper", "step", "scale", "read"),
    [
        ("r_tuning", "data", "gpu", "falseqa"),  # downloaded
        ("forbidden_science", "calibrate", "cpu", "forbidden_science"),  # a user's own copy
    ],
)
def test_a_rule_watches_what_is_pinned_of_the_sources_that_it_reads(
    monkeypatch, paper, step, scale, read
):
    """A corrected revision or checksum makes the data anew; one of another paper does not."""

    def watched(source, **changes):
        there = dict(catalogue.sources())
        there[source] = there[source].model_copy(update=changes)
        with monkeypatch.context() as patch:
            patch.setattr(catalogue, "sources", lambda: there)
            return checked({"scale": scale}).step(f"papers.{paper}.{step}")["sources"]

    as_it_is = watched(read)
    assert watched(read, revision="0" * 40) != as_it_is != watched(read, files={"a": "0" * 64})
    assert watched(read, note="another") == as_it_is == watched("coconot", revision="0" * 40)


def test_the_rule_of_all_data_watches_the_sources_of_each_paper():
    params = checked({"scale": "gpu"}).shared_step("data")
    assert "thunlp" in params["sources"](wildcards(paper="r_tuning"))
    assert params["sources"](wildcards(paper="roleref")) == ""


def test_some_models_of_a_scale():
    setup = checked({"scale": "paper", "models": "LLaMA-13B, OpenLLaMA-3B"})
    assert setup.columns["r_tuning"] == ("OpenLLaMA-3B", "LLaMA-13B")  # in the order of tables
    every = checked({"scale": "paper"})
    assert set(every.papers) == set(paper_ids())
    assert list(every.columns["r_tuning"]) == model_names("r_tuning", "paper")
    wanted = setup.scores("r_tuning")
    assert "results/paper/r_tuning/scores/LLaMA-13B/pararel/base.parquet" in wanted
    assert not any("LLaMA-7B" in path for path in wanted)


def test_a_rehearsal_is_scale_paper_with_less_of_everything_and_no_gpu():
    setup = checked({"scale": "paper", "rehearse": True})
    assert (setup.run_name, setup.config) == ("rehearsal", "scale=paper rehearse=true")
    assert setup.columns["r_tuning"] == checked({"scale": "paper"}).columns["r_tuning"]
    ours, theirs = (s.settings("r_tuning") for s in (setup, checked({"scale": "paper"})))
    assert (ours.model, ours.prompt) == (theirs.model, theirs.prompt)
    # processors may emulate bfloat16
    assert ours.training == theirs.training.model_copy(update={"precision": "fp32"})
    assert ours.variants.keys() == theirs.variants.keys()
    assert {v for each in ours.variants.values() for v in each.seeds} == {0}
    asked = setup.resources("r_tuning", train=True)
    assert asked["gpu"](wildcards(model="LLaMA-13B")) == 0


def test_resources_are_those_of_the_model():
    trains = checked({"scale": "paper"}).resources("r_tuning", train=True)
    assert trains["gpu"](wildcards(model="OpenLLaMA-3B")) == 1
    assert trains["gpu"](wildcards(model="LLaMA-13B")) == 4


def test_a_step_that_runs_no_language_model_asks_for_no_gpu():
    setup = checked({"scale": "gpu"})
    asks, scores = setup.resources("center_bench"), setup.resources("center_bench", gpu=False)
    job = wildcards(model="SmolLM2-135M")
    assert asks["gpu"](job) == 1 and scores["gpu"] == 0
    assert scores["mem_mb"](job) == asks["mem_mb"](job)


def test_the_model_before_training_has_no_folder():
    trained = checked({}).trained("r_tuning")
    job = wildcards(model="Small-1M", variant="r-tuning", seed="1")
    assert trained(job) == "<results>/r_tuning/models/Small-1M/r-tuning-s1"
    assert trained(wildcards(model="Small-1M", variant="base", seed="0")) == []


def test_a_model_of_ones_own_is_one_column_that_stands_for_the_papers(tmp_path, hollow_model):
    hollow_model(tmp_path)
    setup = checked({"scale": "gpu", "model": f"path:{tmp_path}"})
    (settings,) = setup.each("r_tuning")
    assert (settings.name, settings.stands_in_for) == (tmp_path.name, "OpenLLaMA-3B")
    assert settings.tasks == checked({"scale": "gpu"}).settings("r_tuning").tasks
    how = {"model": f"path:{tmp_path}", "stands_in_for": "LLaMA-7B"}
    other = checked({"scale": "gpu", **how})
    assert other.settings("r_tuning").stands_in_for == "LLaMA-7B"
    assert "--stands-in-for LLaMA-7B" in " ".join(other.arguments)
    assert str(tmp_path / "config.json") in setup.weights("papers.r_tuning.train")(
        wildcards(model=tmp_path.name, variant="r-tuning")
    )


BUNDLED = "resources/models/smollm2-135m-instruct-q4_1"


def test_the_models_of_all_settings_that_a_step_reads_are_inputs(tmp_path, hollow_model):
    """A guard in a folder of the user's own, and a judge that is converted before the step."""
    hollow_model(tmp_path)
    judges = "resa.judges=['llm:bundled:smollm2-135m-instruct-q4_1']"
    asked = f"resa.guard={{model: 'path:{tmp_path}'}},{judges}"
    setup = checked({"scale": "smoke", "set": asked, "name": "guarded"})
    (model,) = setup.columns["resa"]
    job = wildcards(model=model, variant="base", seed="0")
    asks = setup.weights("papers.resa.evaluate")(job)
    assert str(tmp_path / "model.safetensors") in asks and asks.count(BUNDLED) == 1
    assert setup.weights("papers.resa.train")(job) == [BUNDLED]  # of its own tokenizer
    for file in tmp_path.iterdir():
        file.unlink()
    with pytest.raises(SystemExit, match=f"error: resa: model folder {tmp_path} holds no config"):
        setup.weights("papers.resa.evaluate")(job)


def test_weights_that_others_trained_are_inputs_where_they_are_there(
    tmp_path, hollow_model, monkeypatch
):
    setup = checked({"scale": "paper"})
    weights = setup.weights("papers.resa.evaluate")
    job = wildcards(model="Qwen2.5-7B-Instruct", variant="stair-dpo", seed="0")
    monkeypatch.chdir(tmp_path)
    assert weights(job) == []
    spec = setup.variant("resa", job).weights
    released = Path(spec.removeprefix("path:"))
    released.parent.mkdir(parents=True)
    hollow_model(released)
    assert str(released / "model.safetensors") in weights(job)
    assert weights(wildcards(model=job.model, variant="resa-sft", seed="0")) == []


def test_the_papers_own_model_by_its_repository_is_no_stand_in():
    spec = f"hub:huggyllama/llama-7b@{'a' * 40}"  # another revision of it
    (settings,) = checked({"scale": "gpu", "model": spec}).each("r_tuning")
    assert (settings.name, settings.stands_in_for) == ("LLaMA-7B", None)


def test_two_models_never_share_a_folder():
    models = ("path:/a/b", "path:/a/c", "path:/a-b", "path:/a_b", "hub:a/b@1")
    names = {Setup("cpu", model).run_name for model in models}
    assert Setup("cpu").run_name == "cpu" and len(names) == 5 and "cpu" not in names
    assert all("/" not in name and name.startswith("cpu+") for name in names)
    assert Setup("gpu", "path:/a b").config == "scale=gpu 'model=path:/a b'"
    capped = checked({"models": "SmolLM2-135M", "max_cost": 5, "max_gpu_hours": 2.5})
    assert capped.config == "scale=cpu models=SmolLM2-135M max_cost=5 max_gpu_hours=2.5"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"sacle": "cpu"},
            "unknown setting 'sacle'; settings: scale, model, stands_in_for, models, items",
        ),
        ({"scale": "huge"}, "unknown scale 'huge'; scales: smoke, cpu, gpu, paper"),
        ({"models": "GPT-9"}, "no model 'GPT-9' at scale cpu; models: .*SmolLM2-135M"),
        ({"model": "gpt2"}, "model 'gpt2': expected bundled:NAME.*models=NAME"),
        ({"stands_in_for": "LLaMA-7B"}, "stands_in_for: expected together with model="),
        ({"models": 7}, "models: expected a text, found 7"),
        ({"scale": ["cpu"]}, "scale: expected a text, found "),
        ({"scale": ""}, "scale: expected a text, found nothing"),  # `--config scale=`
        (
            {"model": f"hub:org/text@{'a' * 40}", "stands_in_for": "LLaMA-8B"},
            ".*stands_in_for: no paper prints 'LLaMA-8B'",
        ),
        ({"model": "path:/nowhere"}, "model folder /nowhere does not exist"),
        ({"model": "bundled:x", "models": "A"}, "models: expected without model="),
        (
            {"rehearse": True},
            "rehearse: expected with scale=paper and its own models, found sc",
        ),
    ],
)
def test_a_bad_config_ends_in_one_line(config, message):
    with pytest.raises(SystemExit, match=f"error: {message}") as found:
        checked(config)
    assert "\n" not in str(found.value)


def test_a_paper_that_a_model_does_not_fit_is_left_out_and_says_why():
    """A text model can't read KIE-HVQA's pictures; a run of the other papers goes on without it."""
    setup = checked({"scale": "cpu", "model": f"hub:org/text@{'a' * 40}"})
    assert "forbidden_science" in setup.papers and "kie_hvqa" not in setup.papers
    assert "kie_hvqa at scale cpu does not fit" in setup.left_out["kie_hvqa"]
    with pytest.raises(SystemExit, match="error: kie_hvqa at scale cpu does not fit hub:org/text"):
        unknown_target("kie_hvqa", setup.left_out)
    some = checked({"scale": "paper", "models": "LLaMA-7B"})
    assert some.papers == ["r_tuning"]
    with pytest.raises(SystemExit, match="resa has none of these models at scale paper; models: "):
        unknown_target("resa", some.left_out)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("r_tunnig", "'r_tunnig'; did you mean r_tuning? papers: center_bench, "),
        ("reprot", "'reprot'; did you mean report? papers: center_bench, "),
        ("xyz", "'xyz'; papers: center_bench, "),
    ],
)
def test_a_word_that_is_no_target_is_told_the_nearest(name, said):
    with pytest.raises(SystemExit, match=re.escape(f"error: unknown paper or target {said}")):
        unknown_target(name, {})


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"variant": "vanila"}, "r_tuning: unknown variant 'vanila' at scale cpu; did you mean va"),
        ({"model": "Small-1"}, "unknown model 'Small-1' of r_tuning at scale cpu; did you mean Sm"),
        ({"seed": "9"}, "r_tuning: unknown seed 9 of vanilla at scale cpu; seeds: 0, 1, 2, 3, 4"),
        ({"seed": "0x"}, "r_tuning: unknown seed 0x of vanilla at scale cpu; seeds: 0, 1, 2, 3, 4"),
        ({"task": "fact"}, "r_tuning: unknown task 'fact' at scale cpu; did you mean facts?"),
    ],
)
def test_a_path_that_misspells_a_part(wrong, said):
    """Input functions ask for the variant, `params` for the settings."""
    setup = checked({})
    right = {"model": "Small-1M", "task": "facts", "variant": "vanilla", "seed": "0"}
    asked = (
        lambda job: setup.variant("r_tuning", job),
        setup.step("papers.r_tuning.train")["settings"],
    )
    for ask in asked:
        assert ask(wildcards(**right))
        with pytest.raises(SystemExit) as ended:
            ask(wildcards(**right | wrong))
        assert str(ended.value).startswith(f"error: {said}")


@pytest.mark.parametrize(
    ("paper", "module", "wrong", "said"),
    [
        ("safe_eraser", "train_vanilla", {"seed": "9"}, "unknown seed 9 at scale cpu; seeds: 0, 1"),
        (
            "safe_eraser",
            "evaluate",
            {"variant": "vanilla", "seed": "9"},
            "unknown seed 9 of vanilla at scale cpu; seeds: 0, 1, 2, 3",
        ),
        (
            "resa",
            "evaluate",
            {"variant": "base", "seed": "1"},
            "unknown seed 1 of base at scale cpu; seeds: 0",
        ),
    ],
)
def test_a_seed_of_a_model_before_training_that_nothing_starts_from(paper, module, wrong, said):
    setup = checked({})
    (model, *_) = setup.columns[paper]
    ask = setup.step(f"papers.{paper}.{module}")["settings"]
    assert ask(wildcards(model=model, **wrong | {"seed": "0"}))
    with pytest.raises(SystemExit) as ended:
        ask(wildcards(model=model, **wrong))
    assert str(ended.value).startswith(f"error: {paper}: {said}")


def test_a_model_of_ones_own_that_a_path_misspells(tmp_path, hollow_model):
    hollow_model(tmp_path / "mine")
    setup = checked({"scale": "gpu", "model": f"path:{tmp_path / 'mine'}"})
    with pytest.raises(SystemExit, match=r"unknown model 'mime' of r_tuning; did you mean mine\?"):
        setup.settings("r_tuning", "mime")
