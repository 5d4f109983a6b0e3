"""What a user can do wrong, and the line that says so: a row each, as cheaply as it can be shown.

Mistakes in `--config` are in tests/shared/workflow/test_setup.py, those in the words of a
command in test_mistakes.py beside it, an endpoint's in tests/shared/chat/test_endpoint_failures.py.
"""

import json
import runpy
import shutil
import subprocess
import sys

import pytest
import yaml

from shared import settings
from shared.data.fetch import hub
from shared.runner import code, source, step_help
from shared.settings import ROOT, load_paper, load_settings, model_names
from shared.workflow import before_snakemake, broken, setup
from shared.workflow.config import read
from tests.lines import one_line

PAPER = "refusal_tokens"
STEPS = sorted(p for p in (ROOT / "papers").glob("*/*.py") if "\n    step(" in p.read_text())


# Models in folders of the user's own


def cut(folder):
    with open(folder / "model.safetensors", "r+b") as file:
        file.truncate(9)


def too_long(folder):
    with open(folder / "model.safetensors", "ab") as file:
        file.write(b"more")


def only_an_adapter(folder):
    (folder / "config.json").rename(folder / "adapter_config.json")


def a_shard_less(folder):
    index = {"weight_map": {"a": "model.safetensors", "b": "model-2.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (lambda f: [p.unlink() for p in f.iterdir()], "model folder {f} holds no config, weights"),
        (shutil.rmtree, "model folder {f} does not exist"),
        (lambda f: (f / "config.json").unlink(), "model folder {f}: no config.json"),
        (only_an_adapter, "model folder {f}: no config.json; it holds an adapter"),
        (lambda f: (f / "config.json").write_text("{"), "{f}/config.json:1:2: not JSON"),
        (lambda f: (f / "model.safetensors").unlink(), "model folder {f}: no weights; expected *."),
        (lambda f: (f / "tokenizer.json").unlink(), "model folder {f}: no tokenizer; expected one"),
        (cut, "{f}/model.safetensors: not a whole file of safetensors (9 bytes)"),
        (too_long, "{f}/model.safetensors: found 14 bytes, expected 10 by its own header"),
        (
            lambda f: (f / "model.safetensors").write_text("version https://git-lfs.github.com"),
            "{f}/model.safetensors: a pointer of Git LFS",
        ),
        (a_shard_less, "model folder {f}: no model-2.safetensors, which model.safetensors.index"),
    ],
)
def test_a_folder_that_is_no_whole_model(tmp_path, hollow_model, spoil, line):
    folder = hollow_model(tmp_path / "model")
    read({"model": f"path:{folder}"})
    spoil(folder)
    assert one_line(read, {"model": f"path:{folder}"}).startswith(line.format(f=folder))


def test_a_model_without_a_chat_template_is_kept_from_the_papers_that_talk_to_it(
    tmp_path, hollow_model
):
    folder = hollow_model(tmp_path / "model")
    (folder / "chat_template.jinja").unlink()
    made = setup.checked({"scale": "gpu", "model": f"path:{folder}"})
    assert "r_tuning" in made.papers and "center_bench" not in made.papers
    assert f"{folder} has no chat template" in made.left_out["center_bench"]
    (folder / "tokenizer_config.json").write_text('{"chat_template": "{{ messages }}"}')
    assert "center_bench" in setup.checked({"scale": "gpu", "model": f"path:{folder}"}).papers


@pytest.mark.parametrize("paper", ["kie_hvqa", "safe_eraser"])
def test_a_model_of_text_is_kept_from_the_papers_that_show_it_pictures(
    tmp_path, hollow_model, monkeypatch, paper
):
    folder = hollow_model(tmp_path / "model")
    config = {"scale": "paper", "model": f"path:{folder}"}
    made = setup.checked(config)
    assert "resa" in made.papers and paper not in made.papers
    assert made.left_out[paper] == (
        f"{paper} at scale paper does not fit path:{folder}: model folder {folder} reads text alone"
        " (no vision_config in its config.json); expected one that sees"
    )
    (folder / "config.json").write_text('{"vision_config": {}}')
    assert (
        setup.checked(config)
        .left_out[paper]
        .endswith("does not say how pictures are prepared; expected preprocessor_config.json")
    )
    (folder / "preprocessor_config.json").write_text("{}")
    assert paper in setup.checked(config).papers
    (folder / "config.json").write_text("{}")
    monkeypatch.setattr(hub, "here", lambda repository: folder)  # one that was fetched before
    made = setup.checked({"scale": "paper", "model": f"hub:org/text@{'a' * 40}"})
    assert "reads text alone" in made.left_out[paper]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ("resa.guard={{model: '{spec}'}}", "guard.model"),
        ("resa.judges=['llm:{spec}']", "judges.0"),
        ("roleref.rubric='{spec}'", "rubric"),
        ("safe_eraser.judge='llm:{spec}'", "judge"),
    ],
)
def test_a_folder_of_a_setting_that_is_not_there(tmp_path, change, place):
    absent = tmp_path / "mistyped"
    change = change.format(spec=f"path:{absent}")
    paper = change.partition(".")[0]
    (name, *_) = model_names(paper, "smoke")
    with pytest.raises(SystemExit) as ended:
        setup.checked({"scale": "smoke", "set": change, "name": "a"})
    where = f"error: {paper} at scale smoke, model {name}: {place}"
    assert str(ended.value) == f"{where}: found no folder {absent}; expected one with a model"


@pytest.mark.parametrize("paper", ["r_tuning", "refusal_tokens", "resa", "roleref", "safe_eraser"])
def test_a_paper_that_trains_needs_weights(paper):
    said = one_line(load_settings, paper, "gpu", "api:org/model")
    assert said.startswith(f"{paper} at scale gpu does not fit api:org/model: model: ")


# Files of a paper


@pytest.fixture
def paper(tmp_path, monkeypatch):
    """A paper's folder, to be spoilt."""
    folder = tmp_path / "papers" / PAPER
    shutil.copytree(ROOT / "papers" / PAPER, folder)
    for module in (settings, broken):
        monkeypatch.setattr(module, "PAPERS", folder.parent)
    for module in (source, code):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    (tmp_path / "shared").symlink_to(ROOT / "shared")
    load_paper.cache_clear()
    yield folder
    load_paper.cache_clear()


def changed(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def claim(change):
    """A change of the first claim of a `paper.yaml`."""

    def spoil(folder):
        path = folder / "paper.yaml"
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
        first = next(one for one in values["claims"] if one.get("holds"))
        change(first)
        first["id"] = "c0"
        path.write_text(yaml.safe_dump(values), encoding="utf-8")

    return spoil


def no_python(folder):
    changed(folder / "train.py", "def train(", "def train")
    code._imports.cache_clear()  # which were read before


def a_folder(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (
            no_python,
            f"papers/{PAPER}/train.py:",
        ),
        (
            lambda f: (f / "paper.yaml").write_bytes(b"\xff\xfe"),
            f"papers/{PAPER}/paper.yaml: expected UTF-8, found byte 0xff",
        ),
        (lambda f: (f / "paper.yaml").write_bytes(b"\0\1"), "paper.yaml: not YAML"),
        (lambda f: (f / "paper.yaml").write_text("id: [\n"), "paper.yaml:2: not YAML"),
        (lambda f: a_folder(f / "paper.yaml"), "paper.yaml: is a folder; expected YAML"),
        (lambda f: (f / "paper.yaml").write_text("[]"), "paper.yaml: expected NAME: VALUE"),
        (
            lambda f: changed(f / "paper.yaml", "\nsummary:", "\nsumary:"),
            "paper.yaml: unknown key 'sumary'; did you mean summary?",
        ),
        (
            claim(lambda c: c.update(sorce=c.pop("source"))),
            "paper.yaml: claims.c0: unknown key 'sorce'; did you mean source?",
        ),
        (claim(lambda c: c.pop("source")), "claims.c0.source: found nothing, expected a value"),
        (claim(lambda c: c.pop("holds")), "claim 'c0': found none; expected one of holds"),
        (claim(lambda c: c.update(holds="a[")), "claim 'c0'"),
        (
            claim(lambda c: (c.pop("holds"), c.update(function="nothing"))),
            "claim 'c0': no function 'nothing' in analyze.py",
        ),
        (
            claim(lambda c: c.update(item="refusal_f")),
            "claim 'c0': unknown item 'refusal_f'; did you mean refusal_f1?",
        ),
        (
            lambda f: (f / "reported.csv").write_text("item,modle\n"),
            "reported.csv:1: found columns item,modle; expected item,model",
        ),
        (lambda f: (f / "reported.csv").unlink(), "reported.csv: no such file"),
    ],
)
def test_a_mistake_in_a_file_of_a_paper(paper, spoil, line):
    broken.check_files(PAPER)
    load_paper.cache_clear()
    spoil(paper)
    assert line in one_line(broken.check_files, PAPER)


def test_an_item_that_is_misspelt_in_one_row_of_the_printed_numbers(paper):
    path = paper / "reported.csv"
    first, row, *rest = path.read_text(encoding="utf-8").splitlines(keepends=True)
    item = row.partition(",")[0]
    swapped = item[:-2] + item[-1] + item[-2]
    others = [line for line in rest if line.startswith(f"{item},")]
    assert others
    path.write_text("".join([first, row.replace(item, swapped, 1), *rest]), encoding="utf-8")
    said = one_line(broken.check_files, PAPER)
    assert said.endswith(f"unknown item '{swapped}'; did you mean {item}?")


@pytest.mark.parametrize(
    ("item", "wrong"),
    [("refusal_f1", "refusal_fl"), ("table9", "tabel9")],  # of the code, of paper.yaml alone
)
def test_an_item_that_is_misspelt_in_all_rows_of_the_printed_numbers(paper, item, wrong):
    changed(paper / "paper.yaml", "- items: [roc,", "- items: [table9, roc,")
    path = paper / "reported.csv"
    first, *rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
    own = [row for row in rows if row.startswith(f"{item},")] or [rows[0]]
    mistaken = [f"{wrong},{row.partition(',')[2]}" for row in own]
    others = [row for row in rows if row not in own]
    path.write_text("".join([first, *mistaken, *others]), encoding="utf-8")
    said = one_line(broken.check_files, PAPER)
    assert said.endswith(f"reported.csv: unknown item '{wrong}'; did you mean {item}?")


def test_a_broken_paper_is_left_out_and_the_others_run(monkeypatch, capsys):
    why = "papers/resa/train.py:3: not Python (invalid syntax)"
    monkeypatch.setattr(setup, "broken", lambda papers: {"resa": why})
    made = setup.checked({})
    assert "resa" not in made.papers and "r_tuning" in made.papers
    assert capsys.readouterr().err == f"resa is left out: {why}\n"
    with pytest.raises(SystemExit, match="error: papers/resa/train"):
        setup.unknown_target("resa", made.left_out)


# The command and the environment


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("--config scale=paper r_tuning", "'r_tuning' follows --config, where settings are"),
        ("-c2 --config scale=gpu resa -n", "targets come before it: snakemake resa --config"),
        ("r_tuning --config scale=paper models=A", None),
        ("--config scale=paper -n r_tuning", None),
        ("--workflow-profile profiles/slurm", "profiles/slurm: its plugin is not installed"),
    ],
)
def test_what_snakemake_would_answer_at_length(monkeypatch, words, line):
    monkeypatch.setattr(before_snakemake, "find_spec", lambda name: None)
    said = before_snakemake.mistake(words.split())
    assert said is None if line is None else line in said


def test_slurm_is_missed_before_a_run_and_not_before_a_plan(monkeypatch):
    monkeypatch.setattr(before_snakemake, "find_spec", lambda name: True)
    monkeypatch.setattr(before_snakemake.shutil, "which", lambda name: None)
    words = ["--workflow-profile=profiles/slurm"]
    assert before_snakemake.mistake(words) == (
        "profiles/slurm: found no sbatch; expected a machine that submits to Slurm"
    )
    assert before_snakemake.mistake([*words, "-n"]) is None


def test_the_profiles_look_before_snakemake_does():
    for profile in (ROOT / "profiles").glob("*/profile.yaml"):
        values = yaml.safe_load(profile.read_text(encoding="utf-8"))
        assert values["__use_yte__"] and "before_snakemake.py" in values["__definitions__"][0]


def test_another_python_than_that_of_the_environment(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SystemExit, match=r"has no pydantic; expected the Python of \.venv, with"):
        runpy.run_path(str(ROOT / "shared" / "__init__.py"))


def test_an_environment_of_another_folder(tmp_path):
    """A clone that was moved: what pip wrote into .venv has the old path in it."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    activate = tmp_path / ".venv" / "bin" / "activate"

    def make(*targets):
        command = ["make", "--dry-run", *targets]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True).stderr

    activate.write_text('VIRTUAL_ENV="/elsewhere/.venv"\n')
    assert f".venv was made in another folder than {tmp_path}" in make("report")
    assert "another folder" not in make("clean")
    activate.write_text(f'VIRTUAL_ENV="{tmp_path}/.venv"\n')
    assert "another folder" not in make("report")


def test_the_help_of_a_step_loads_no_pytorch():
    command = [sys.executable, "-X", "importtime", "-m", "papers.r_tuning.train", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and "--variant VARIANT" in done.stdout
    assert "pydantic" in done.stderr and "torch" not in done.stderr


@pytest.mark.parametrize("path", STEPS, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_every_step_has_a_help(path, capsys):
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    with pytest.raises(SystemExit) as ended:
        step_help.show(["python", "-m", module, "--help"])
    shown = capsys.readouterr().out
    assert ended.value.code == 0 and shown.startswith(f"usage: python -m {module} ")
    assert "--record RECORD" in shown
