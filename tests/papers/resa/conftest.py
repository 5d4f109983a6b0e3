"""The data of scale `cpu`, made once for the tests of the steps, and a model to ask."""

import pytest

from papers.resa import data, evaluate
from papers.resa.evaluate import FLAGS, NAMES, NUMBERS, wanted
from papers.resa.judging import Judge
from papers.resa.scoring import scores
from papers.resa.settings import BASE
from papers.resa.test_sets import of_source
from shared.chat.replies import Reply
from shared.comparison.scores import as_frame
from shared.files import read_jsonl
from shared.judges.strings import StringJudge
from shared.runner.step import Run
from shared.settings import load_settings

CPU = load_settings("resa", "cpu")


def changed(settings, **values):
    return type(settings).model_validate({**settings.model_dump(), **values})


class Saying:
    """A chat model that says what a function of the prompt says; `limits` keeps what it may."""

    name = identity = "saying"

    def __init__(self, say):
        self.say, self.limits = say, []

    def answers(self, conversations, max_new_tokens, *, stop=(), start=""):
        for place, conversation in enumerate(conversations):
            self.limits.append(max_new_tokens)
            yield place, Reply(self.say(conversation[-1]["content"]), "", "", 5, 7)


RULES = [StringJudge(name.removeprefix("strings:")) for name in CPU.judges]
JUDGES = {judge.name: Judge(judge) for judge in RULES}


def framed(made):
    return as_frame(made, names=NAMES, flags=FLAGS, numbers=NUMBERS)


def asked(rows, say, name, **changes):
    variant = None if name == BASE else CPU.variants[name].model_copy(update=changes)
    kept = wanted(rows, variant, CPU)
    chat = Saying(say)
    replies, measured = evaluate.answer(chat, kept, variant, CPU)
    return kept, scores(kept, replies, variant, CPU, JUDGES), measured, chat


def ability(dataset, answers):
    return {
        **of_source(dataset).columns(), "id": dataset, "request": dataset, "asks": "?",
        "prompt": "?", "kind": "ability", "answers": answers,
    }  # fmt: skip


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """Rows of each file by its stem, and the folder."""
    out = tmp_path_factory.mktemp("data")
    data.data(Run(load_settings("resa", "cpu"), out, key="test"))
    return {path.stem: read_jsonl(path) for path in out.glob("*.jsonl")}, out
