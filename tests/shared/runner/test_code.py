"""The import graph decides what runs again when a file changes."""

import pytest

from shared.errors import UserError
from shared.runner import code, declared
from shared.runner.code import code_hash, dependencies
from shared.settings import ROOT


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """shared.a imports shared.deep.b (inside a function); papers.x imports shared.a."""
    files = {
        "shared/__init__.py": "",
        "shared/a.py": "def f():\n    from shared.deep.b import g\n    return g()\n",
        "shared/deep/__init__.py": "",
        "shared/deep/b.py": "import os\nFILES = ('*.yaml',)\ndef g():\n    return 1\n",
        "shared/deep/table.yaml": "a: 1",
        "shared/lonely.py": "",
        "papers/__init__.py": "",
        "papers/x.py": "import numpy\nfrom shared import a\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(code, "ROOT", tmp_path)
    monkeypatch.setattr(declared, "ROOT", tmp_path)
    caches = (code._imports, declared.literals)
    for cache in caches:
        cache.cache_clear()
    yield tmp_path
    for cache in caches:
        cache.cache_clear()


def test_dependencies_follow_imports_and_their_packages(tree):
    names = [str(path.relative_to(tree)) for path in dependencies("papers.x")]
    assert names == [
        "papers/__init__.py",
        "papers/x.py",
        "shared/__init__.py",
        "shared/a.py",
        "shared/deep/__init__.py",
        "shared/deep/b.py",
    ]


def test_hash_changes_with_what_is_imported_and_with_nothing_else(tree):
    before = code_hash("papers.x")
    (tree / "shared/lonely.py").write_text("changed = True\n")
    assert code_hash("papers.x") == before
    (tree / "shared/deep/b.py").write_text("def g():\n    return 2\n")
    assert code_hash("papers.x") != before


def test_hash_changes_with_a_file_that_a_module_says_it_reads(tree):
    before = code_hash("papers.x")
    (tree / "shared/deep/table.yaml").write_text("a: 2")
    assert code_hash("papers.x") != before


def test_an_unknown_module_is_an_error(tree):
    with pytest.raises(UserError, match=r"no module papers\.y"):
        code_hash("papers.y")


def steps_that_read(path):
    steps = ("data", "identify", "train", "evaluate", "analyze", "figures")
    return [s for s in steps if ROOT / path in dependencies(f"papers.r_tuning.{s}")]


def test_what_the_steps_of_r_tuning_read():
    assert steps_that_read("shared/losses/supervised.py") == ["train"]
    assert steps_that_read("shared/metrics/ranking.py") == ["analyze", "figures"]
    assert steps_that_read("shared/plots/charts.py") == ["figures"]
    assert steps_that_read("shared/generation/decode.py") == ["identify", "evaluate"]
    assert steps_that_read("shared/data/facts.py") == ["data"]
