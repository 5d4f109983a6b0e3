import json
import subprocess
import sys
import time

import pytest

from shared.runner import records
from shared.runner.records import write_run


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A git repository with code, results and a page, all committed."""

    def git(*arguments):
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True)

    for name in ("results/cpu/cells.csv", "shared/runner/code.py", "README.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("first\n")
    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "first")
    monkeypatch.setattr(records, "ROOT", tmp_path)
    return tmp_path


def test_results_do_not_make_the_code_dirty_but_code_does(tree):
    clean = records.commit()
    assert len(clean["commit"]) == 40 and clean["dirty"] is False
    (tree / "results/cpu/cells.csv").write_text("second\n")
    (tree / "README.md").write_text("second\n")
    assert records.commit()["dirty"] is False
    (tree / "shared/runner/code.py").write_text("second\n")
    assert records.commit() == {"commit": clean["commit"], "dirty": True}


def test_a_tree_without_git_may_be_told(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.delenv("GIT_COMMIT", raising=False)
    assert records.commit() == {"commit": None, "dirty": None}
    monkeypatch.setenv("GIT_COMMIT", "abc")
    assert records.commit() == {"commit": "abc", "dirty": False}


def test_a_record_says_what_ran_on_what(tmp_path):
    write_run(
        tmp_path / "runs" / "step.json",
        time.perf_counter() - 2,
        settings={"k": 5},
        seed=3,
        inputs={"rows.jsonl": "ba78"},
        tokens=10,
    )
    record = json.loads((tmp_path / "runs" / "step.json").read_text())
    assert record["seconds"] >= 2 and record["seed"] == 3 and record["settings"] == {"k": 5}
    assert record["inputs"] == {"rows.jsonl": "ba78"}
    assert record["tokens"] == 10
    assert {"numpy", "snakemake"} <= set(record["packages"])
    assert record["hardware"]["cores"] >= 1
    assert 20 < record["peak_mb"] < 1e6


def test_a_step_with_torch_says_with_which_instructions_it_computed(monkeypatch):
    """A step without torch does not load it for this."""
    import torch

    assert records._hardware()["simd"] == torch.backends.cpu.get_cpu_capability()
    monkeypatch.delitem(sys.modules, "torch")
    assert set(records._hardware()) == {"system", "machine", "python", "cores"}
