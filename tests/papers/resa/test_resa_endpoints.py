"""How ReSA asks models behind an endpoint: the tested one, and its helpers."""

import pytest

from papers.resa import analyze, evaluate
from papers.resa.settings import BASE
from shared.chat.loading import open_chat
from shared.chat.replies import Reply
from shared.comparison.cells import cells
from shared.errors import UserError
from shared.files import write_jsonl
from shared.runner.declared import Declared
from shared.runner.step import Run
from shared.settings import StandIns, _load_settings, load_models, load_settings, recorded_settings
from shared.settings.own_models import VARIABLE
from tests.papers.resa.conftest import changed

SMOKE = load_settings("resa", "smoke")
OWN = """
resa:
  Deep-1:
    model: api:maker/deep-1
    thinking: true
    thinking_tokens: 500
    body: {reasoning: {max_tokens: 500}}
    prices: [1, 5]
    most_dollars: 20
    may_be_gone: true
    concurrency: 3
"""


class Stopped(Exception):
    """The tested model is open."""


@pytest.fixture
def endpoint(monkeypatch):
    """None that is ever reached."""
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:1/v1")


def test_a_model_of_ones_own_is_asked_as_its_file_says(monkeypatch, tmp_path, endpoint):
    (tmp_path / "mine.yaml").write_text(OWN)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "mine.yaml"))
    _load_settings.cache_clear()
    (settings,) = load_models("resa", "paper")
    _load_settings.cache_clear()
    opened = []

    def stop(asked, **how):
        opened.append(open_chat(asked, **how))
        raise Stopped

    monkeypatch.setattr(evaluate, "open_chat", stop)
    monkeypatch.setattr(evaluate, "find_harm_judges", lambda _: None)
    row = {"kind": "benign", "dataset": "XSTest"}
    write_jsonl(tmp_path / "test.jsonl", [row])
    run = Run(
        Declared(settings, evaluate.READS, "evaluate"), tmp_path / "scores.parquet", key="key"
    )
    with pytest.raises(Stopped):
        evaluate.evaluate(run, tmp_path, BASE, 0)
    (chat,) = opened
    assert (chat.extra_tokens, chat.concurrency, chat.may_be_gone) == (500, 3, True)
    assert (chat.budget.prices, chat.budget.dollars) == ((1, 5), 20)
    assert "reasoning" in chat.identity


def test_thoughts_of_a_model_that_thinks_are_counted_in_what_it_costs():
    """313 requests under four attacks and 960 benign ones; of variants two attacks. Each reply has
    1,024 tokens, beside 16,000 of thoughts. The others think no more than they are said to."""
    replies = {
        settings.name: call
        for settings in load_models("resa", "paper")
        for call in settings.calls()
        if call.what.startswith("replies of")
    }
    assert replies["deepseek-r1-20250528"].tokens[1] == 1024 + 16_000
    assert replies["o4-mini-20250416"].tokens[1] == 1024 + 16_000
    assert replies["gpt-4.1-20250414"].tokens[1] == 1024


def test_both_kinds_of_a_judge_behind_an_endpoint_are_counted():
    cpu = load_models("resa", "cpu")[0]
    counted = [
        [call.most for call in changed(cpu, judges=[f"{kind}:api:org/x"]).calls()]
        for kind in ("llm", "rubric")
    ]
    assert counted[0] == counted[1] != []


HELPER = {"model": "api:org/x", "may_be_gone": True}
FINE = {"model": "api:org/x", "thinking": True, "prices": (1, 2), "most_dollars": 3}
ROLES = {
    "generators.analyst": lambda asked: {
        "generators": {
            **{name: FINE for name in ("uncensored", "helpful", "guard")},
            **{"analyst": asked, "answer_tokens": 9, "short_tokens": 9},
        }
    },
    "guard": lambda asked: {"guard": asked},
    "adaptive.attacker": lambda asked: {"adaptive": {"attacker": asked}},
    "adaptive.pair.attacker": lambda asked: {
        "adaptive": {"attacker": FINE, "pair": {"streams": 1, "rounds": 1, "attacker": asked}}
    },
    "tests.pap": lambda asked: {"tests": {**SMOKE.tests.model_dump(), "pap": asked}},
    "filters.Post-hoc (GuardReasoner)": lambda asked: {
        "filters": {
            "Post-hoc (GuardReasoner)": {
                **asked, "prompt": "p", "withholds": "1", "passes": "0", "tokens": 1,
                "source": "StrongREJECT", "attacks": [],
            }
        }
    },
}  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
def test_a_helper_thinks_and_has_prices_but_may_not_be_gone(role):
    changed(SMOKE, **ROLES[role](FINE))
    values = {**SMOKE.model_dump(), **ROLES[role](HELPER)}
    with pytest.raises(UserError) as error:
        recorded_settings("resa", values)
    assert str(error.value).endswith(f"{role}.may_be_gone: expected False, found True")


def test_a_retired_model_leaves_its_cells_out(built, monkeypatch, tmp_path):
    class Gone:
        name = identity = "gone"

        def answers(self, conversations, max_new_tokens, *, stop=(), start=""):
            for place in range(len(conversations)):
                yield place, Reply(None, "HTTP 404: no such model")

    rows, _ = built
    write_jsonl(tmp_path / "data" / "test.jsonl", rows["test"])
    write_jsonl(tmp_path / "data" / "train.jsonl", rows["train"])
    monkeypatch.setattr(evaluate, "open_chat", lambda *_, **__: Gone())
    settings = changed(SMOKE, variants={})
    scores = tmp_path / settings.name / "base-s0.parquet"
    evaluate.evaluate(Run(settings, scores, key="key"), tmp_path / "data", BASE, 0)
    found = cells(
        analyze.groups(scores.parent, settings),
        analyze.ITEMS,
        analyze.METRICS,
        StandIns(datasets=settings.stand_ins),
    )
    assert found["value"].isna().all()


@pytest.mark.parametrize(
    ("variant", "whole"), [("resa-rl", True), ("resa-sft", False), ("safety-reflection", False)]
)
def test_a_check_between_think_tags_is_part_of_the_reply(monkeypatch, tmp_path, variant, whole):
    """One that the limit cut off is then judged as a reply without an answer, not left out."""
    settings = load_settings("resa", "paper", "Llama3.1-8B-Instruct")
    opened = {}

    def stop(asked, **how):
        opened.update(how)
        raise Stopped

    monkeypatch.setattr(evaluate, "open_chat", stop)
    monkeypatch.setattr(evaluate, "find_harm_judges", lambda _: None)
    write_jsonl(tmp_path / "test.jsonl", [{"kind": "benign", "dataset": "XSTest"}])
    run = Run(settings, tmp_path / "scores.parquet", settings.variants.get(variant), key="key")
    with pytest.raises(Stopped):
        evaluate.evaluate(run, tmp_path, variant, 0, trained=tmp_path)
    assert opened["whole"] is whole
