"""The card of an adapter that a run of `smoke` trained."""

import json

import pytest

pytestmark = pytest.mark.workflow


def test_the_card_of_a_trained_adapter_tells_its_training_and_its_cells(repository, program):
    results = repository / "results" / "smoke" / "resa"
    adapter = next(results.glob("models/*/resa-sft-s0"))
    run = program(repository, "shared.report.push", adapter.relative_to(repository))
    assert run.returncode == 0, run.stderr
    record = json.loads(next(results.glob("runs/*/train-resa-sft-s0.json")).read_text())
    for name, digest in record["inputs"].items():
        assert f"| {name} | {digest} |" in run.stdout
    rate = record["settings"]["training"]["learning_rate"]
    assert f'"learning_rate": {rate}' in run.stdout
    assert "| table2 | " in run.stdout.partition("## Results")[2]
    assert str(repository) not in run.stdout
