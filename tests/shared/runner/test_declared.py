"""What a rule learns of a step from its source."""

import json

import pytest

from shared.errors import UserError
from shared.runner import declared
from shared.settings import load_settings


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Write papers/toy/train.py; gives the module's name."""
    folder = tmp_path / "papers" / "toy"
    folder.mkdir(parents=True)
    monkeypatch.setattr(declared, "ROOT", tmp_path)
    known = (declared.literals, declared.parameters)

    def write(source):
        (folder / "train.py").write_text(source)
        for each in known:
            each.cache_clear()
        return "papers.toy.train"

    yield write
    for each in known:
        each.cache_clear()


STEP = "def train(run, data, seed, *, base=None):\n    pass\n\nstep(train)\n"


def test_the_arguments_of_a_step_are_those_of_its_function(module):
    assert declared.parameters(module(STEP)) == ("data", "seed", "base")
    other = "def other(run, wrong):\n    pass\n\n" + STEP
    assert declared.parameters(module(other)) == ("data", "seed", "base")
    with pytest.raises(UserError, match=r"papers\.toy\.train: no step"):
        declared.parameters(module("def train(run, data):\n    pass\n"))


def test_reads_and_files_are_taken_from_the_source(module):
    name = module('READS = ("model", "variant.method")\nFILES = ("*.yaml",)\n' + STEP)
    assert declared.literals(name)["READS"] == ("model", "variant.method")
    with pytest.raises(UserError, match=r"no file \*\.yaml in papers/toy"):
        declared.files(name)
    assert declared.literals(module(STEP)) == {"READS": (), "FILES": ()}


def test_what_is_not_written_out_is_one_line(module):
    with pytest.raises(UserError, match="train, line 2: expected a tuple of texts, written out"):
        declared.literals(module("MORE = ()\nREADS = (*MORE, 'model')\n"))


def test_values_are_those_of_the_variant_asked_for():
    settings = load_settings("r_tuning", "smoke")
    names = ("samples", "entropy_tasks", "variant.method", "variant")
    found = declared.values(names, settings, "r-tuning-r")
    assert (found["samples"], found["entropy_tasks"]) == (2, ["facts"])
    assert found["variant.method"] == "r-tuning-r" and found["variant"]["seeds"] == [0]
    before = declared.values(names, settings, "base")
    assert before["variant.method"] is None and before["variant"] is None
    assert json.loads(declared.as_text(names, settings, "base")) == before
