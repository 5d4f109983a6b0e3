"""What the rules of papers have in common, read from their text."""

import re

import pytest

from shared.settings import ROOT, paper_ids


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
