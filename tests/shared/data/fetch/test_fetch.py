"""`python -m shared.data.fetch`: everything of a scale, and what can't be had named at the end."""

import pytest

from shared.data.fetch import __main__ as program
from shared.data.fetch.wanted import ByHand, Repository
from shared.errors import UserError
from tests.hub import Served

REVISION = Served({}).revision
GOOD = Repository("model", "org/good", REVISION)
GATED = Repository("model", "org/gated", REVISION)
OWN = ByHand("a file", "it is yours", "put it there")


def run(monkeypatch, wanted, *arguments):
    monkeypatch.setattr(program, "everything", lambda settings: dict.fromkeys(wanted))
    monkeypatch.setattr("sys.argv", ["fetch", "--scale", "smoke", *arguments])
    program.main()


def test_one_thing_that_cannot_be_had_does_not_keep_the_others(hub, monkeypatch, capsys):
    files = {"model.safetensors": b"weights", "config.json": b"{}"}
    hub.repositories = {
        "models/org/good": Served(files),
        "models/org/gated": Served(files, gated=True),
    }
    with pytest.raises(SystemExit) as raised:
        run(monkeypatch, [GATED, OWN, GOOD])
    said = capsys.readouterr()
    assert raised.value.code == 1
    assert said.out.splitlines() == [
        "not fetched: a file: it is yours; put it there",
        "org/good@0123456: 2 files, 0.00 MB, checked, 0.00 MB of it new",
    ]
    (error,) = [line for line in said.err.splitlines() if line.startswith("error:")]
    assert error.startswith("error: org/gated@0123456: gated; accept its licence at ")
    run(monkeypatch, [GOOD])
    assert capsys.readouterr().out.endswith("2 files, 0.00 MB, checked, all here before\n")


def test_a_scale_that_needs_nothing(monkeypatch, capsys):
    run(monkeypatch, [], "r_tuning")
    assert capsys.readouterr().out == "scale smoke needs nothing from elsewhere\n"


def test_a_model_that_the_scale_does_not_have_is_no_success(monkeypatch):
    with pytest.raises(UserError, match=r"no model 'llama' at scale smoke; models: .*random-llama"):
        run(monkeypatch, [], "r_tuning", "--models", "llama")
