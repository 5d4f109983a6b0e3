"""Calls that the settings tell beforehand, against the questions that the steps really put."""

import re

import pytest

from papers.center_bench import asked as center_bench
from papers.center_bench.data import _records
from papers.center_bench.generate import generate
from papers.center_bench.prompts import conversation
from papers.forbidden_science import ask as forbidden_science
from papers.forbidden_science.data import prompts
from papers.resa import costs
from papers.resa import queries as resa
from papers.roleref import benchmark as roleref
from papers.roleref.player import answered
from shared.attacks.pair import pair
from shared.attacks.renellm import renellm
from shared.attacks.tap import tap
from shared.chat.calls import calls, endpoints
from shared.chat.prices import list_prices
from shared.files import write_jsonl
from shared.planning.plan import collect
from shared.settings import ROOT, load_models, load_settings, model_names, paper_ids
from shared.settings.items import VARIABLE

MODEL = "api:org/model"


def test_endpoints_are_named_once():
    named = '{"model": "api:org/a", "judges": ["llm:api:org/b", "api:org/a"], "other": "path:api"}'
    assert list(endpoints(named)) == ["org/a", "org/b"]


@pytest.mark.parametrize("middle_only", [True, False])
def test_center_bench(tmp_path, middle_only):
    settings = load_settings("center_bench", "paper", MODEL)
    part = settings.asked["CenterBench"].model_copy(
        update={"sentences": 2, "middle_only": middle_only}
    )
    settings = settings.model_copy(update={"asked": {"Generated": part}})
    rows = [row for each in generate(0, 3) for row in _records(each)]
    write_jsonl(tmp_path / center_bench.FILE_OF["Generated"], rows)
    asked = center_bench.asked_questions(tmp_path, settings.asked)
    plain, thinking = settings.calls()
    assert (plain.what, thinking.what) == ("replies of model, plain", "replies of model, thinking")
    assert plain.most == thinking.most == len(asked)
    assert thinking.tokens == (plain.tokens[0], plain.tokens[1] + 16_000)
    characters = [sum(len(turn["content"]) for turn in conversation(each)) for each in asked]
    assert 0.7 * 4 * plain.tokens[0] < max(characters) < 1.3 * 4 * plain.tokens[0]


def test_the_ways_of_a_family_may_be_two_services():
    found = load_settings("center_bench", "paper", "DeepSeek").calls()
    assert [(each.model, each.what) for each in found] == [
        ("deepseek/deepseek-chat", "replies of DeepSeek, plain"),
        ("deepseek/deepseek-r1", "replies of DeepSeek, thinking"),
    ]


def test_center_bench_has_so_many_questions_as_the_authors_released():
    assert load_settings("center_bench", "paper", MODEL).replies() == 9720


@pytest.mark.parametrize("scale", ["smoke", "cpu"])
def test_forbidden_science(scale):
    settings = load_settings("forbidden_science", scale, MODEL)
    rows = prompts(settings)
    passes = [
        forbidden_science.self_reports(rows),
        forbidden_science.in_words(rows, settings.reply_tokens),
    ]
    asked = sum(len(each.conversations) for each in passes)
    (call,) = settings.calls()
    assert (call.model, call.what, call.most) == ("org/model", "replies of model", asked)
    characters = [sum(len(turn["content"]) for turn in each) for each in passes[0].conversations]
    assert 0.7 * 4 * call.tokens[0] < max(characters) < 1.3 * 4 * call.tokens[0]
    assert settings.in_words() == len(passes[1].conversations)


def test_roleref_has_no_more_replies_to_grade():
    """Alice has no question about what she missed, so there are somewhat fewer."""
    settings = load_settings("roleref", "paper")
    seed = settings.data_seed
    roles = [role for name in settings.works for role in roleref.read_work(name, seed)]
    rows = roleref.queries(roles, settings.counts, seed)
    replies = sum(
        len(answered([row for row in rows if row["role"] == role.id], settings.replies))
        for role in roles
    )
    (calls,) = settings.calls()
    assert 0.9 * calls.most < replies * len(settings.runs()) <= calls.most
    assert settings.model_copy(update={"data_path": "/authors"}).calls()[0].most is None


def test_resa_puts_each_stage_to_each_query():
    settings = load_settings("resa", "paper")
    here = {"released": None, "queries": {"vanilla": 6, "WJ": 4}, "wildjailbreak": None}
    settings = settings.model_copy(
        update={**here, "facts": settings.facts.model_copy(update={"train": 3})}
    )
    made = resa.training(settings.queries, settings.data_seed)
    harmful = sum(query.harmful for query in made)
    every = len(made) + settings.facts.train
    most = {(each.model, each.what): each.most for each in settings.calls()}
    guard = settings.generators.guard.model.removeprefix("api:")
    assert most[guard, "filter 1"] == every
    assert [n for (_, what), n in most.items() if what == "answers to harmful queries"] == [harmful]


def test_resa_puts_one_question_to_the_analyst_about_each_released_query():
    settings = load_settings("resa", "paper")
    once = {(each.model, each.what) for each in settings.calls() if each.once}
    analyst = settings.generators.analyst.model.removeprefix("api:")
    assert (analyst, "analyses of the released queries, one on each") in once
    assert not any(what.startswith("filter") for _, what in once)
    victim = settings.tests.pair_gpt.victim.model.removeprefix("api:")
    assert (victim, "prompts of PAP") in once and (victim, "replies in PAIR-GPT") in once


def test_attacks_and_judges_of_resa_are_counted_by_hand():
    """Of Gemma, which has no attacks of its own: 313 requests under four attacks (none, PAP,
    PAIR-GPT, DeepInception) and 960 benign ones, of it and of two variants; two verdicts on a
    harmful reply. PAIR-GPT takes 30 streams of 3 rounds on all 1,233 requests."""
    gemma = {
        each.what: each.most for each in load_settings("resa", "paper", "gemma-3-4b-it").calls()
    }
    assert gemma["verdicts on replies, two on each of a harmful request"] == 3 * 313 * 4 * 2
    assert gemma["verdicts on replies, one on each"] == 3 * (313 * 4 + 210 + 450 + 300)
    assert gemma["prompts of PAP"] == 313 + 520 + 400
    assert gemma["ratings in PAIR-GPT"] == 1233 * 90
    assert not any("TAP" in what for what in gemma)


class Counted:
    """What an attack asks: it says the same every time, and counts how often."""

    def __init__(self, said):
        self.said, self.asked = said, 0

    def __call__(self, conversations):
        self.asked += len(conversations)
        return [self.said] * len(conversations)

    prompts = __call__


@pytest.mark.parametrize(("attack", "loop"), [("PAIR", pair), ("TAP", tap), ("ReNeLLM", renellm)])
def test_an_attack_that_never_succeeds_asks_as_often_as_is_counted(attack, loop):
    """The judge of TAP is also asked whether a prompt is on its topic: it says yes."""
    settings = load_settings("resa", "paper")
    sizes = settings.adaptive.sizes()[attack].model_dump(exclude={"attacker"})
    attacker, judge, victim = Counted('{"prompt": "p"}'), Counted("Yes, 1"), Counted("No.")
    loop(["goal", "other"], attacker, judge, victim, **sizes)
    counted = costs._tries(settings, {"StrongREJECT": 2})[attack]
    assert (attacker.asked, judge.asked) == counted


def test_a_judge_beside_the_model_is_not_forgotten():
    settings = load_settings("forbidden_science", "paper", MODEL)
    judged = settings.model_copy(update={"judges": ["llm:api:org/judge"]})
    assert [each.model for each in judged.calls()] == ["org/model", "org/judge", "org/judge"]
    assert [each.once for each in judged.calls()] == [False, False, True]


def test_lines_of_the_plan():
    """Prices are the settings' own, or those of the list; the judge has none."""
    assert collect._calls([load_settings("r_tuning", "gpu")]) == ["none"]
    settings = load_settings("forbidden_science", "paper", MODEL)
    changes = {"judges": ["llm:api:org/judge", "llm:api:openai/gpt-4"], "prices": (1000.0, 0.0)}
    settings = settings.model_copy(update=changes)
    prompts = settings.replies() * settings.calls()[0].tokens[0]
    labelled = 169 * (400 * 30 + 16 * 60) / 1e6
    assert collect._calls([settings]) == [
        f"org/model: at most {settings.replies():,} (replies of model); at most"
        f" ${prompts / 1000:,.2f}",
        "org/judge: at most 74 (its verdicts on replies of model); unknown",
        "openai/gpt-4: at most 74 (its verdicts on replies of model); at most $0.96",
        "org/judge: at most 169 (its verdicts on human-labelled replies); unknown",
        "openai/gpt-4: at most 169 (its verdicts on human-labelled replies); at most $2.19",
        f"all together: at most ${prompts / 1000 + 74 * 0.01296 + labelled:,.2f} (list prices),"
        " and 2 unknown",
    ]


def test_every_model_of_scale_paper_has_a_price():
    """Of its own, or of the list. A server of one's own costs nothing a token."""
    settings = [each for paper in paper_ids() for each in load_models(paper, "paper")]
    free = {each.model for each in settings if getattr(each, "prices", None) == (0, 0)}
    named = {name for each in settings for name in endpoints(each.model_dump_json())}
    without = {f"api:{name}" for name in named if not list_prices(name)}
    assert without == free and len(free) == 3


PART = re.compile(r"\| `(\w+)`(?:, `models=(\S+)(?: items=(\S+))?`)? \|.*\| (–|\$[\d,]+) \|")


def test_the_readme_says_what_the_cheapest_part_of_a_paper_costs(monkeypatch):
    parts = PART.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    assert [paper for paper, *_ in parts] == paper_ids()
    for paper, models, items, said in parts:
        monkeypatch.setenv(VARIABLE, items)
        chosen = models.split(",") if models else model_names(paper, "paper")
        asked = [calls(load_settings(paper, "paper", name)) for name in chosen]
        once = {call for own in asked for call in own if call.once}
        each = [call for own in asked for call in own if not call.once]
        dollars = sum(call.dollars() for call in [*once, *each])
        assert said == (f"${dollars:,.0f}" if dollars else "–"), paper
