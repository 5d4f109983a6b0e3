"""What the rehearsal writes is read by the readers of what it stands for."""

from collections import Counter

import pytest

from papers.resa import data, pipeline
from papers.resa.rehearsal import WRITERS
from papers.resa.released import read_released
from papers.resa.settings import (
    GUARD_FIELDS,
    HARMBENCH_PROMPT,
    STRONGREJECT_PROMPT,
)
from papers.resa.test_prompts import read_prompts, read_templates
from papers.resa.test_settings import PromptFile
from papers.resa.wildjailbreak import read_evaluation, read_wildjailbreak
from shared.data import sources
from shared.data.abilities import read_humaneval, read_math500
from shared.data.fetch.wanted import ByHand
from shared.files import read_json
from shared.judges.prompt_file import read_prompt
from shared.planning.rehearsal.endpoint import answer
from shared.settings import load_models, load_settings

PAPER = load_settings("resa", "paper")


@pytest.fixture(scope="module")
def staged(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stage")
    for each in {w.source for s in load_models("resa", "paper") for w in s.downloads()
                 if isinstance(w, ByHand) and w.source} | set(PAPER.tests.benchmarks) | {
                     "math500", "humaneval"}:
        WRITERS[each](folder)
    return folder


def test_samples_have_the_defects_of_chats(staged):
    """One is there twice, one has no check and one breaks off inside it; a harmful one ends in a safe
    completion."""
    wild = read_wildjailbreak(staged / "wildjailbreak/train.tsv")
    assert Counter(sample["type"] for sample in wild).most_common(1)[0][1] == 1
    assert wild[1]["answer"] == "Here:\na line." and wild[3]["prompt"] == 'As a "poet", draw it.'
    samples = read_released(staged / PAPER.released, PAPER.wording, wild)
    prompts = [sample["prompt"] for sample in samples]
    assert len(prompts) - len(set(prompts)) == 1
    assert [s["analysis"] for s in samples].count(None) == 2
    assert {s["method"] for s in samples} == {"", "WJ", "PAIR, PAP or GPTFuzzer"}
    assert {s["harmful"] for s in samples} == {True, False}
    assert max(v.size or 0 for v in load_settings("resa", "rehearsal", "Qwen2.5-7B-Instruct").variants.values()) <= len(samples) - 2


def test_prompts_of_every_attack_and_judge_are_there(staged):
    mirror = str(staged)
    for named in PAPER.tests.harmful_files:
        found = [query.prompt for query in read_prompts(named, mirror)]
        assert found and all("Mock-forbidden" in text for text in found)
    for named in PAPER.tests.templates.values():
        assert read_templates(named, mirror)
    seeds = PromptFile(name="GPTFuzzer", file=PAPER.adaptive.gptfuzzer.seeds, column="text")
    assert len(read_templates(seeds, mirror)) == 2
    assert len(read_evaluation(staged / PAPER.tests.adversarial_benign_file)) == 1
    for file, fields in (
        (STRONGREJECT_PROMPT, ("forbidden_prompt", "response")),
        (HARMBENCH_PROMPT, ("behavior", "generation")),
        *((each.prompt, GUARD_FIELDS) for each in PAPER.filters.values()),
    ):
        assert read_prompt(staged / file, fields)


def test_questions_of_ability_are_read(staged):
    assert len(read_math500(staged / "math500/math500.jsonl", "m")) == 2
    (task,) = read_humaneval(staged / "humaneval/HumanEval.jsonl.gz", "h")
    assert task.answers[0].startswith("from typing")
