"""A run with another setting, through Snakemake: kept apart, and why it runs again."""

import pytest

pytestmark = pytest.mark.workflow

DATA = "results/smoke+few/forbidden_science/data"


def test_results_are_kept_apart_and_a_changed_setting_is_named(repository, snakemake, last_line):
    def run(*words, industrial=5):
        few = f"set=forbidden_science.prompts.industrial={industrial}"
        return snakemake(repository, *words, "--config", "scale=smoke", few, "name=few")

    whole = repository / "results" / "smoke" / "forbidden_science" / "data"
    before = {path.name: path.read_bytes() for path in whole.iterdir() if path.is_file()}
    assert run(DATA).returncode == 0
    ours = {path.name: path.read_bytes() for path in (repository / DATA).iterdir()}
    assert set(ours) == set(before) and ours != before
    assert before == {path.name: path.read_bytes() for path in whole.iterdir() if path.is_file()}

    again = run("-n", DATA, industrial=6)
    assert "reason: Params have changed since last execution: prompts.industrial: 5 → 6\n" in (
        again.stdout + again.stderr
    )
    wrong = snakemake(
        repository, "--config", "scale=smoke", "set=forbidden_science.promts.industrial=1", "name=x"
    )
    assert "did you mean forbidden_science.prompts?" in last_line(wrong)
