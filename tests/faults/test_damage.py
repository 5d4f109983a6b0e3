"""Files that end too early or are others: an earlier state is taken, or one line names the file."""

import shutil
import signal

import pytest

from shared import settings
from shared.comparison.scores import read_scores
from shared.errors import UserError
from shared.files import read_json, write_json
from shared.models.loading import load
from shared.runner import caps
from shared.runner.records import read_runs
from shared.settings import ROOT, load_paper
from shared.training.checkpoints import last_checkpoint
from shared.workflow.expected import recorded
from tests.faults import steps

CHECKPOINT = (
    "model.safetensors",
    "optimizer.pt",
    "scheduler.pt",
    "rng_state.pth",
    "training_args.bin",
    "trainer_state.json",
)


def cut(path):
    """Half of a file, as a power cut may leave it."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def emptied(path):
    path.write_bytes(b"")


@pytest.fixture(scope="session")
def killed(given, tmp_path_factory):
    """A training that was killed with a whole checkpoint behind it, to be copied."""
    folder = tmp_path_factory.mktemp("killed") / "run"
    assert steps.run("train", given, folder, "die", "checkpoint-3") == -signal.SIGKILL
    return folder


def checkpoint_of(folder):
    (scratch,) = (folder / "scratch").glob("r_tuning-*")
    return last_checkpoint(scratch / "0")


@pytest.mark.parametrize("damage", [cut, emptied])
@pytest.mark.parametrize("name", CHECKPOINT)
def test_a_checkpoint_with_a_damaged_file_is_none(name, damage, killed, tmp_path):
    whole = checkpoint_of(killed)
    assert {path.name for path in whole.iterdir()} >= set(CHECKPOINT)
    copy = shutil.copytree(whole, tmp_path / whole.name)
    assert last_checkpoint(tmp_path) == copy
    damage(copy / name)
    assert last_checkpoint(tmp_path) is None
    earlier = shutil.copytree(whole, tmp_path / "checkpoint-0")
    assert last_checkpoint(tmp_path) == earlier


def test_a_training_with_a_damaged_checkpoint_ends_in_the_same_bytes(
    killed, given, undisturbed, tmp_path
):
    folder = shutil.copytree(killed, tmp_path / "run")
    cut(checkpoint_of(folder) / "optimizer.pt")
    assert steps.run("train", given, folder) == 0, steps.said(folder)
    assert steps.result(folder) == undisturbed("train").result


@pytest.mark.parametrize(
    ("name", "file"), [("train", "questions"), ("ask", "prompts"), ("analyze", "forbidden_science")]
)
def test_an_input_that_ends_too_early_is_one_line_that_names_it(name, file, given, tmp_path):
    broken = shutil.copytree(given, tmp_path / "given")
    path = max((p for p in (broken / file).rglob("*.[jp][sa]*") if "runs" not in p.parts and
                p.suffix in (".jsonl", ".parquet")), key=lambda p: p.stat().st_size)  # fmt: skip
    cut(path)
    assert steps.run(name, broken, tmp_path / "run") == 1
    said = steps.said(tmp_path / "run")
    assert "Traceback" not in said
    (line,) = [line for line in said.splitlines() if line.startswith("error: ")]
    assert path.name in line
    assert not (tmp_path / "run" / "record.json").exists()


def test_a_changed_input_is_another_training_and_takes_no_checkpoint(killed, given, tmp_path):
    """Else the rest of it would be trained on other data than its beginning."""
    other = shutil.copytree(given, tmp_path / "given")
    for path in (other / "questions").glob("*.jsonl"):
        path.write_text(path.read_text().replace("What", "Which"))
    folder = shutil.copytree(killed, tmp_path / "run")
    assert steps.run("train", other, folder) == 0, steps.said(folder)
    record = read_json(folder / "record.json")
    assert record["stages"][0]["resumed_from_step"] == 0


@pytest.mark.parametrize("damage", [cut, emptied])
@pytest.mark.parametrize("name", ["paper.yaml", "reported.csv"])
def test_a_damaged_file_of_a_paper_is_one_line(name, damage, monkeypatch, tmp_path):
    shutil.copytree(ROOT / "papers" / "center_bench", tmp_path / "center_bench")
    damage(tmp_path / "center_bench" / name)
    monkeypatch.setattr(settings, "PAPERS", tmp_path)
    reads = {
        "paper.yaml": load_paper.__wrapped__,
        "reported.csv": settings.printed_items.__wrapped__,
    }
    if name == "reported.csv":
        monkeypatch.setattr(settings, "load_paper", lambda paper: load_paper(paper))
    with pytest.raises(UserError, match=name) as error:
        reads[name]("center_bench")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("damage", [cut, emptied])
def test_a_damaged_record_is_named_and_does_not_stop_a_run(damage, tmp_path):
    runs = tmp_path / "r_tuning" / "runs"
    write_json(runs / "data.json", {"seconds": 3.0})
    write_json(runs / "train.json", {"seconds": 5.0})
    damage(runs / "train.json")
    assert list(recorded(tmp_path).values()) == [3.0]  # what a run expects to take
    with pytest.raises(UserError, match=r"train\.json:\d+:\d+: not JSON"):
        read_runs(tmp_path / "r_tuning")


@pytest.mark.parametrize("damage", [cut, emptied])
def test_what_was_spent_is_never_taken_for_nothing(damage, monkeypatch, tmp_path):
    caps.set_caps({"max_cost": 10}, tmp_path)
    caps.cap("max_cost").take(9.5)
    damage(tmp_path / "taken.json")
    with pytest.raises(UserError, match=r"taken\.json:\d+:\d+: not JSON"):
        caps.cap("max_cost").take(9.5)


@pytest.mark.parametrize("damage", [cut, emptied])
def test_damaged_scores_are_named(damage, given, tmp_path):
    path = next((given / "forbidden_science" / "scores").rglob("*.parquet"))
    copy = shutil.copy(path, tmp_path / path.name)
    damage(tmp_path / path.name)
    with pytest.raises(UserError, match=rf"{path.name}: not a whole parquet file"):
        read_scores(copy)


@pytest.mark.parametrize("damage", [cut, emptied])
def test_damaged_weights_are_named(damage, tiny_model, tiny_tokenizer, tmp_path):
    for each in (tiny_model, tiny_tokenizer):
        each.save_pretrained(tmp_path / "model")
    damage(tmp_path / "model" / "model.safetensors")
    with pytest.raises(UserError, match=r"model") as error:
        load(f"path:{tmp_path / 'model'}")
    assert str(tmp_path / "model") in str(error.value) and "\n" not in str(error.value)
