"""How many conversations an endpoint is asked at a time: a setting that changes no reply."""

import threading

import pytest

from shared.chat.asking import ask
from shared.chat.loading import open_chat
from shared.chat.settings import Asked
from shared.runner import declared
from shared.settings import load_settings
from shared.settings.changes import VARIABLE
from tests.shared.chat.conftest import completion, say


@pytest.mark.parametrize("most", [1, 3])
def test_no_more_are_asked_at_a_time(server, most):
    under_way, seen = [], []
    together = threading.Barrier(most)  # which also shows that so many are

    def behave(question, before):
        under_way.append(question)
        together.wait(timeout=10)
        seen.append(len(under_way))
        together.wait(timeout=10)
        under_way.remove(question)
        return 200, completion(question)

    server.behave = behave
    chat = open_chat(Asked(model="api:maker/model-1", concurrency=most))
    ask(chat, say(*"abcdefghi"), 8)
    assert max(seen) == most


def test_another_number_runs_nothing_again_and_a_step_may_use_it(monkeypatch):
    for paper, module in (("center_bench", "ask"), ("forbidden_science", "ask")):
        names = declared.literals(f"papers.{paper}.{module}")["READS"]
        before = load_settings(paper, "smoke")
        monkeypatch.setenv(VARIABLE, f"{paper}.concurrency=2")
        after = load_settings(paper, "smoke")
        assert (before.concurrency, after.concurrency) == (8, 2)
        variant = next(iter(before.variants), None)
        assert declared.as_text(names, after, variant) == declared.as_text(names, before, variant)
        assert declared.Declared(after, names, module).concurrency == 2
