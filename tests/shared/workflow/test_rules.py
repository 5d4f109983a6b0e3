"""What the rules of papers have in common, read from their text."""

import re

import pytest

from shared.settings import ROOT, paper_ids


@pytest.mark.parametrize("paper", paper_ids())
def test_a_training_is_started_on_all_of_its_gpus(paper):
    text = (ROOT / "papers" / paper / "rules.smk").read_text()
    for rule in re.split(r"^rule ", text, flags=re.MULTILINE)[1:]:
        started = "--gpus {resources.gpu} --nodes {resources.nodes}" in rule
        assert started == ("train=True" in rule), rule.partition(":")[0]
