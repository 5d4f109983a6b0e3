"""What the rehearsal writes is read by the readers of what it stands for."""

from collections import Counter

import pytest

from papers.resa.chat_generator import QUERY_NO_BREACH, field
from papers.resa.evaluation_settings import PromptFile
from papers.resa.guards import verdict
from papers.resa.rehearsal import WRITERS
from papers.resa.released import read_released
from papers.resa.settings import (
    GUARD_FIELDS,
    HARMBENCH_PROMPT,
    STRONGREJECT_PROMPT,
)
from papers.resa.test_prompts import read_prompts, read_templates
from papers.resa.wildjailbreak import read_evaluation, read_wildjailbreak
from shared.attacks import gptfuzzer, pair, pap, renellm
from shared.attacks.asking import ON_TOPIC, RATING, prompt_in
from shared.chat.loading import open_chat
from shared.chat.settings import Asked
from shared.data.abilities import read_humaneval, read_math500
from shared.data.fetch.wanted import ByHand, SourceFiles
from shared.judges.guard import parse
from shared.judges.prompt_file import read_prompt
from shared.planning.rehearsal.endpoint import answer
from shared.settings import load_models, load_settings

PAPER = load_settings("resa", "paper")


@pytest.fixture(scope="module")
def staged(tmp_path_factory):
    """The mirror of a rehearsal, with all that is in it for this paper."""
    folder = tmp_path_factory.mktemp("stage")
    wanted = [
        each for settings in load_models("resa", "rehearsal") for each in settings.downloads()
    ]
    own = [each.source for each in wanted if isinstance(each, ByHand | SourceFiles)]
    for source in filter(None, dict.fromkeys(own)):
        WRITERS[source](folder)
    return folder


def test_samples_have_the_defects_of_chats(staged):
    """One is there twice, one has no check, one breaks off inside it, and a harmful one ends in a
    safe completion."""
    wild = read_wildjailbreak(staged / "wildjailbreak/train.tsv")
    assert Counter(sample["type"] for sample in wild).most_common(1)[0][1] == 1
    assert wild[1]["answer"] == "Here:\na line." and wild[3]["prompt"] == 'As a "poet", draw it.'
    samples = read_released(staged / PAPER.released, PAPER.wording, wild)
    prompts = [sample["prompt"] for sample in samples]
    assert len(prompts) - len(set(prompts)) == 1
    assert [s["analysis"] for s in samples].count(None) == 2
    assert {s["method"] for s in samples} == {"", "WJ", "PAIR, PAP or GPTFuzzer"}
    assert {s["harmful"] for s in samples} == {True, False}
    learnt = load_settings("resa", "rehearsal", "Qwen2.5-7B-Instruct").variants.values()
    assert max(variant.size or 0 for variant in learnt) <= len(samples) - 2


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


@pytest.mark.parametrize(
    "spec", ["STAIR-Llama-3.1-8B-DPO-3", "STAIR-Qwen2-7B-DPO-3", "RealSafe-R1"]
)
def test_released_weights_chat(spec, tmp_path):
    WRITERS[spec](tmp_path / spec)
    chat = open_chat(Asked(model=f"path:{tmp_path / spec}"))
    (reply,) = dict(chat.answers([[{"role": "user", "content": "Where is Cork?"}]], 3)).values()
    assert reply.text


def test_attackers_and_guards_answer_in_the_asked_form_at_times():
    """A prompt, a template, a rating, whether a prompt is on the topic, an analysis, a verdict; and
    of each now and then something else."""
    numbers = range(12)

    def said(asked, model=""):
        return [answer(asked, number, model) for number in numbers]

    prompts = [prompt_in(text) for text in said(pair.INSTRUCTION.format(goal="Paint."))]
    assert prompts == [prompt_in(text) for text in said(pap.REWRITE)] and {None} < {*prompts}
    assert {prompt_in(text) for text in said(renellm.REWRITE)} == {*prompts}
    templates = [prompt_in(text) or "" for text in said(gptfuzzer.MUTATE)]
    assert {text.count(gptfuzzer.PLACE) for text in templates} == {0, 1}
    assert {"1", "10"} < {*said(RATING)} and {"yes", "no"} < {*said(ON_TOPIC)}
    analyses = [field(text, "planning_analysis") for text in said(QUERY_NO_BREACH)]
    assert {None} < {*analyses}
    safe = {v and v.safe for v in map(parse, said("", "meta/llama-guard-3-8b"))}
    assert safe == {True, False}
    for each in load_settings("resa", "rehearsal").filters.values():
        assert {verdict(t, each) for t in said("", each.model)} == {True, False}


def test_counts_alone_are_smaller():
    """Names and places of the tables are those of scale `paper`; GuardReasoner is behind an
    endpoint, as random weights give no verdict."""
    for whole, less in zip(*(load_models("resa", s) for s in ("paper", "rehearsal")), strict=True):
        assert whole.name == less.name and whole.stand_ins == less.stand_ins
        kept = ("method", "style", "point", "attacks", "sources", "plain", "prefilled", "samples")
        for name, variant in whole.variants.items():
            for setting in kept:
                assert getattr(variant, setting) == getattr(less.variants[name], setting)
        assert whole.wording == less.wording and whole.judges == less.judges
        assert whole.filters.keys() == less.filters.keys()
        assert (whole.adaptive and [*whole.adaptive.sizes()]) == (
            less.adaptive and [*less.adaptive.sizes()]
        )
