"""A typed function as a program: its command line, what it is given, what is recorded, what stays.

The functions here say that they stand in R-Tuning's modules, so they run with its settings.
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from shared.errors import UserError
from shared.runner import step as runner
from shared.runner.declared import Undeclared
from shared.runner.step import Run, parser_of
from shared.settings import changes
from tests.torchrun import in_two

TRAIN = "papers.r_tuning.train"  # reads model, prompt, block, training and two of its variant


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a function as the step of a module; gives its record."""
    monkeypatch.setattr(runner, "SCRATCH", tmp_path / "scratch")

    def start(function, *words, module=TRAIN, model="random-llama"):
        function.__module__ = module
        paths = ["--out", str(tmp_path / "out"), "--record", str(tmp_path / "runs" / "step.json")]
        common = ["--scale", "smoke", *(["--model", model] if model else []), *paths]
        runner._run(function, [*common, *map(str, words)])
        return json.loads((tmp_path / "runs" / "step.json").read_text())

    return start


def test_the_signature_is_the_command_line():
    def train(
        run: Run, data: Path, seed: int, base: Path | None = None, parts: list[Path] | None = None
    ) -> dict:
        """Fine-tune one variant."""

    train.__module__ = TRAIN
    parser = parser_of(train)
    assert parser.prog == "python -m papers.r_tuning.train"
    assert parser.description == "Fine-tune one variant."
    common = ["--scale", "cpu", "--out", "o", "--record", "r"]
    read = parser.parse_args([*common, "--data", "d", "--seed", "3", "--parts", "a", "b"])
    assert (read.data, read.seed, read.base) == (Path("d"), 3, None)
    assert read.parts == [Path("a"), Path("b")]
    with pytest.raises(SystemExit):
        parser.parse_args([*common, "--data", "d"])  # no seed
    with pytest.raises(SystemExit):
        parser.parse_args([*common, "--data", "d", "--see", "3"])  # no abbreviations


def test_a_full_disk_is_one_line_whatever_a_library_says(run, monkeypatch, tmp_path):
    (tmp_path / "data").write_text("abc")

    def train(run: Run, data: Path, variant: str, seed: int) -> dict:
        raise RuntimeError("PytorchStreamWriter failed writing file data/11")

    words = ("--data", tmp_path / "data", "--variant", "r-tuning", "--seed", 0)
    with pytest.raises(RuntimeError, match="PytorchStreamWriter"):
        run(train, *words)
    usage = SimpleNamespace(free=3_000_000)
    monkeypatch.setattr(runner.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(UserError, match=f"{tmp_path}: 3 MB are free, expected room for what"):
        run(train, *words)


def test_a_step_gets_its_settings_and_its_record_tells_all(run, tmp_path):
    (tmp_path / "data").write_text("abc")

    def train(run: Run, data: Path, variant: str, seed: int) -> dict:
        assert run.variant.method == "r-tuning" and run.settings.prompt.startswith("Question")
        run.out.write_text("model")
        run.loaded()
        return {"tokens": 100}

    record = run(train, "--data", tmp_path / "data", "--variant", "r-tuning", "--seed", 1)
    assert record["inputs"]["data"].startswith("ba7816bf")  # SHA-256 of "abc"
    assert (record["model"], record["seed"], record["tokens"]) == ("random-llama", 1, 100)
    assert record["tokens_per_second"] > 100
    assert record["settings"]["variant.method"] == "r-tuning"
    assert record["settings"]["training"]["learning_rate"] == 1.0e-3
    assert record["read"] == ["prompt", "variant.method"]
    assert "batch_size" not in record["settings"]


@pytest.mark.parametrize("place", ["settings", "variant"])
def test_a_setting_that_reads_does_not_name_is_refused(run, place):
    """So a step can't depend on what its rule does not watch."""

    def train(run: Run, variant: str, seed: int) -> dict:
        name = {"settings": "batch_size", "variant": "sampled"}[place]
        return {"read": getattr(getattr(run, place), name)}

    named = {"settings": "batch_size", "variant": "sampled"}[place]
    with pytest.raises(Undeclared, match=f"{TRAIN} reads '{named}', which its READS does not name"):
        run(train, "--variant", "vanilla", "--seed", 0)


def test_a_method_of_the_settings_sees_no_more_than_the_step(run):
    def train(run: Run, variant: str, seed: int) -> dict:
        return {"runs": run.settings.runs()}  # reads variants

    with pytest.raises(Undeclared, match="reads 'variants'"):
        run(train, "--variant", "vanilla", "--seed", 0)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("--variant", "chess", "--seed", 0),
            "unknown variant 'chess' at scale smoke; known: base",
        ),
        (("--variant", "vanilla", "--seed", 7), "unknown seed 7 of vanilla .*; seeds: 0, 1"),
        (("--variant", "vanilla", "--seed", 0, "--data", "nowhere"), "nowhere: no such file"),
    ],
)
def test_a_wrong_argument_is_one_line(run, words, message):
    def train(run: Run, variant: str, seed: int, data: Path | None = None) -> dict:
        raise AssertionError("must not run")

    with pytest.raises(UserError, match=message) as found:
        run(train, *words)
    assert "\n" not in str(found.value)


def test_an_unknown_model_lists_the_known_ones(run):
    def train(run: Run) -> dict:
        raise AssertionError("must not run")

    with pytest.raises(UserError, match=r"unknown model 'gpt-5' of r_tuning .*random-llama"):
        run(train, model="gpt-5")


def test_the_scratch_folder_is_found_again_after_a_failure_and_goes_with_success(run, tmp_path):
    """Its name depends on every input and setting, so no other step's checkpoint is taken up."""
    (tmp_path / "data").write_text("one")
    seen = []

    def train(run: Run, data: Path, variant: str, seed: int) -> dict:
        run.scratch.mkdir(parents=True, exist_ok=True)
        seen.append((run.scratch, (run.scratch / "checkpoint").exists()))
        (run.scratch / "checkpoint").write_text("half")
        if len(seen) == 1:
            raise RuntimeError("killed")
        return {}

    words = ("--data", tmp_path / "data", "--variant", "vanilla")
    with pytest.raises(RuntimeError):
        run(train, *words, "--seed", 0)
    run(train, *words, "--seed", 0)
    assert seen[0][0] == seen[1][0] and seen[1][1]
    assert not seen[1][0].exists()
    run(train, *words, "--seed", 1)
    (tmp_path / "data").write_text("two")
    run(train, *words, "--seed", 0)
    assert len({folder for folder, _ in seen}) == 3


def test_processes_of_a_step_part_when_it_has_succeeded(tmp_path):
    """A process that ends in its group is aborted now and then, its training lost."""
    (tmp_path / "data").write_text("one")
    program = tmp_path / "program.py"
    program.write_text(
        "import os\n"
        "from pathlib import Path\n"
        "from torch import distributed\n"
        "from shared.runner import step as runner\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "runner.SCRATCH = folder / 'scratch'\n"
        "def train(run, data: Path, variant: str, seed: int) -> dict:\n"
        "    distributed.init_process_group('gloo')\n"
        "    distributed.barrier()\n"
        "    return {}\n"
        f"train.__module__ = {TRAIN!r}\n"
        "words = '--scale smoke --model random-llama --variant vanilla --seed 0'.split()\n"
        "paths = [f'--{name}={folder / name}' for name in ('data', 'out', 'record')]\n"
        "runner._run(train, [*words, *paths])\n"
        "(folder / os.environ['RANK']).write_text(str(distributed.is_initialized()))\n"
    )
    in_two(program)
    assert [(tmp_path / rank).read_text() for rank in "01"] == ["False"] * 2
    assert (tmp_path / "record").exists()


def test_every_file_of_a_folder_counts_as_input(run, tmp_path):
    """A training read two files and hashed one: it went on from a checkpoint of other prompts."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "rows.jsonl").write_text("{}")
    folders = []

    def train(run: Run, data: Path, variant: str, seed: int) -> dict:
        folders.append(run.scratch)
        return {}

    words = ("--data", tmp_path / "data", "--variant", "vanilla", "--seed", 0)
    run(train, *words)
    (tmp_path / "data" / "rows.prefixes.json").write_text("{}")
    run(train, *words)
    assert folders[0] != folders[1]


def test_new_weights_in_a_users_folder_are_another_input(run, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "model.safetensors").write_text("old")
    keys = []

    def train(run: Run, variant: str, seed: int) -> dict:
        keys.append(run.key)
        return {}

    words = ("--variant", "vanilla", "--seed", 0)
    first = run(train, *words, model=f"path:{folder}")
    (folder / "model.safetensors").write_text("new")
    second = run(train, *words, model=f"path:{folder}")
    assert keys[0] != keys[1]
    assert first["inputs"]["model/model.safetensors"] != second["inputs"]["model/model.safetensors"]
    assert first["model"] == "mine"


def test_new_weights_of_a_guard_are_another_input(run, tmp_path, monkeypatch):
    folder = tmp_path / "guard"
    folder.mkdir()
    (folder / "model.safetensors").write_text("old")
    monkeypatch.setenv(changes.VARIABLE, f"resa.guard={{model: 'path:{folder}'}}")
    keys = []

    def evaluate(run: Run, variant: str, seed: int) -> dict:
        keys.append(run.key)
        return {}

    how = {"module": "papers.resa.evaluate", "model": None}
    first = run(evaluate, "--variant", "base", "--seed", 0, **how)
    (folder / "model.safetensors").write_text("new")
    second = run(evaluate, "--variant", "base", "--seed", 0, **how)
    name = "guard.model/model.safetensors"
    assert first["inputs"][name] != second["inputs"][name] and keys[0] != keys[1]
    assert first["inputs"].keys() == {name}


def test_a_step_that_fails_writes_no_record(run, tmp_path):
    def train(run: Run, variant: str, seed: int) -> dict:
        raise UserError("no")

    with pytest.raises(UserError):
        run(train, "--variant", "vanilla", "--seed", 0)
    assert not (tmp_path / "runs").exists()


def test_a_program_knows_its_module(monkeypatch):
    def train(run: Run) -> dict: ...

    train.__module__ = "__main__"
    monkeypatch.setitem(sys.modules, "__main__", sys.modules[__name__])
    monkeypatch.setattr(sys.modules[__name__], "__spec__", type("S", (), {"name": TRAIN}))
    assert runner.module_of(train) == TRAIN
