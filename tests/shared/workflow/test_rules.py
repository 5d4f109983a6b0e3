"""What the rules of papers have in common, read from their text."""

import re

import pytest

from shared.settings import ROOT, load_settings, paper_ids


@pytest.mark.parametrize("paper", paper_ids())
def test_a_training_is_started_on_all_of_its_gpus(paper):
    text = (ROOT / "papers" / paper / "rules.smk").read_text()
    for rule in re.split(r"^(?:use )?rule ", text, flags=re.MULTILINE)[1:]:
        started = "--gpus {resources.gpu} --nodes {resources.nodes}" in rule
        assert started == ("train=True" in rule), rule.partition(":")[0]


@pytest.mark.parametrize("paper", paper_ids())
def test_a_rule_waits_for_the_models_of_its_own_step(paper):
    text = (ROOT / "papers" / paper / "rules.smk").read_text()
    for rule in re.split(r"^(?:use )?rule ", text, flags=re.MULTILINE)[1:]:
        waits_for = re.findall(r'SETUP\.weights\("(.*?)"\)', rule)
        assert waits_for in ([], re.findall(r'SETUP\.step\("(.*?)"\)', rule))


@pytest.mark.parametrize("scale", ["gpu", "paper"])
def test_data_asks_for_the_memory_and_the_time_of_its_settings(snakemake, scale):
    """Refusal Tokens learns all of UltraChat at scale paper: a default would end its job."""
    target = f"results/{scale}/refusal_tokens/data"
    run = snakemake(ROOT, "-n", "--forcerun", "data", "--config", f"scale={scale}", "--", target)
    assert run.returncode == 0, run.stderr
    _, _, job = (run.stdout + run.stderr).partition("rule data:")
    asked = dict(re.findall(r"(mem_mb|disk_mb|runtime)=(\d+)", job))
    wanted = load_settings("refusal_tokens", scale).resources.model_dump()
    assert asked == {name: str(wanted[name]) for name in ("mem_mb", "disk_mb", "runtime")}


def test_the_bundled_model_comes_before_the_work_of_any_paper(snakemake):
    """At the lowest priority it came last, and the papers that need it after all others."""
    told = ("-n", "--forcerun", "bundled_model", "--config", "scale=cpu")
    run = snakemake(ROOT, *told, "--", "forbidden_science", "refusal_tokens")
    assert run.returncode == 0, run.stderr
    jobs = re.findall(r"rule (\w+):\n((?:    .*\n)+)", run.stdout + run.stderr)
    priority = {rule: int((re.findall(r"priority: (\d+)", said) or [0])[0]) for rule, said in jobs}
    papers = [rule for rule in priority if rule.startswith(("forbidden", "refusal"))]
    assert len(papers) > 3
    assert all(priority["bundled_model"] > priority[rule] for rule in papers)
