"""One pass gives all probabilities, and the replies go on from it as if each was asked alone."""

import copy

import pandas as pd
import pytest
import torch
from transformers import GenerationConfig

from papers.refusal_tokens import evaluate
from papers.refusal_tokens.examiner import Examiner
from papers.refusal_tokens.methods import METHODS
from papers.refusal_tokens.settings import Asking
from shared.errors import UserError
from shared.files import write_jsonl
from shared.models.added_tokens import add_tokens
from shared.runner.step import Run
from shared.settings import load_settings

ROWS = [
    {"instruction": text}
    for text in ("one", "two and more", "a third that is longer", "4", "five, six", "seven!")
]


class Recorder:
    """A judge that keeps what it was shown and calls a reply with an "a" a refusal."""

    name = "recorder"

    def __init__(self):
        self.seen = []

    def refusals(self, requests, replies):
        self.seen += zip(requests, replies, strict=True)
        return ["a" in reply for reply in replies]


@pytest.fixture
def settings():
    found = load_settings("refusal_tokens", "smoke")
    asking = Asking(prompt="Ask: {instruction} Say:", end="</s>")
    changes = {"asking": asking, "reply_tokens": 6, "further_judges": []}
    return found.model_copy(update=changes)


def examine(model, tokenizer, settings, tokens, **changes):
    judge = Recorder()
    examiner = Examiner(model, tokenizer, settings.model_copy(update=changes), tokens, judge)
    return examiner.examine(ROWS), judge


@pytest.fixture
def asked(tiny_model, tiny_tokenizer, settings):
    model, tokenizer = copy.deepcopy(tiny_model), copy.deepcopy(tiny_tokenizer)
    tokens = METHODS["categories"].tokens
    add_tokens(model, tokenizer, tokens)
    return model, tokenizer, tokens


def prompt_ids(tokenizer, settings, row):
    text = settings.asking.prompt.format(instruction=row["instruction"])
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def slowly(model, tokenizer, settings, row, first):
    """The reply after a first token, one forward pass of the whole text for every token."""
    ids = [*prompt_ids(tokenizer, settings, row), first]
    reply = [first]
    for _ in range(settings.reply_tokens):
        with torch.inference_mode():
            token = int(model(torch.tensor([ids])).logits[0, -1].argmax())
        if token == tokenizer.eos_token_id:
            break
        ids, reply = [*ids, token], [*reply, token]
    return tokenizer.decode(reply, skip_special_tokens=True)


def test_probabilities_are_those_of_a_whole_softmax(asked, settings):
    model, tokenizer, tokens = asked
    scores, _ = examine(model, tokenizer, settings, tokens)
    for row, score in zip(ROWS, scores, strict=True):
        with torch.inference_mode():
            logits = model(torch.tensor([prompt_ids(tokenizer, settings, row)])).logits[0, -1]
        for temperature in (1, 2):
            chances = (logits / temperature).softmax(0)
            for token in tokens:
                found = score[f"p{temperature}_{token.strip(' []')}"]
                expected = float(chances[tokenizer.convert_tokens_to_ids(token)])
                assert found == pytest.approx(expected, rel=1e-4)


def test_every_forced_reply_is_what_the_model_says_when_asked_alone(asked, settings):
    model, tokenizer, tokens = asked
    scores, judge = examine(model, tokenizer, settings, tokens, forced="every")
    replies = {}
    for request, reply in judge.seen:
        replies.setdefault(request, []).append(reply)
    for row, score in zip(ROWS, scores, strict=True):
        for token in tokens:
            expected = slowly(
                model, tokenizer, settings, row, tokenizer.convert_tokens_to_ids(token)
            )
            assert expected in replies[row["instruction"]]
            assert score[f"refused_{token.strip(' []')}"] == ("a" in expected)


def test_only_respond_and_the_likeliest_are_forced_where_that_is_asked(asked, settings):
    model, tokenizer, tokens = asked
    every, _ = examine(model, tokenizer, settings, tokens, forced="every")
    some, judge = examine(model, tokenizer, settings, tokens, forced="likeliest")
    names = [token.strip(" []") for token in tokens]
    for all_of, two in zip(every, some, strict=True):
        likeliest = max(names[1:], key=lambda name: two[f"p1_{name}"])
        judged = {name for name in names if two[f"refused_{name}"] is not None}
        assert judged >= {"respond", likeliest} and len(judged) <= 3
        assert all(two[f"refused_{n}"] == all_of[f"refused_{n}"] for n in judged)
    assert len(judge.seen) <= 3 * len(ROWS)


def test_the_batch_changes_nothing(asked, settings):
    model, tokenizer, tokens = asked
    together, _ = examine(model, tokenizer, settings, tokens)
    alone, _ = examine(model, tokenizer, settings, tokens, batch_size=1)
    for one, other in zip(together, alone, strict=True):
        assert {k: v for k, v in one.items() if k[0] != "p"} == {
            k: v for k, v in other.items() if k[0] != "p"
        }


def test_a_model_without_tokens_is_asked_once(tiny_model, tiny_tokenizer, settings):
    scores, judge = examine(tiny_model, tiny_tokenizer, settings, [])
    assert len(judge.seen) == len(ROWS)
    assert all(set(score) == {"first", "refused", "reply"} for score in scores)
    assert all(score["first"] == "" for score in scores)


def test_a_checkpoint_trained_without_the_tokens_is_named(tiny_model, tiny_tokenizer, settings):
    tokens = METHODS["one"].tokens
    with pytest.raises(UserError, match=r"the trained model has no token ' \[respond\]'"):
        Examiner(tiny_model, tiny_tokenizer, settings, tokens, Recorder())


def test_what_was_paid_for_before_a_kill_is_not_asked_again(
    tiny_model, tiny_tokenizer, settings, paid, monkeypatch, tmp_path
):
    """Six replies to judge; the step is killed after four verdicts of its judge."""
    fields = {"part": "original", "category": "", "refuse": True}
    rows = [{"id": str(i), **fields, **row} for i, row in enumerate(ROWS)]
    write_jsonl(tmp_path / "data" / "test.jsonl", rows)
    monkeypatch.setattr(evaluate, "load", lambda *_, **__: (tiny_model, tiny_tokenizer))
    changed = settings.model_copy(update={"judge": "llm:api:org/large", "batch_size": 99})
    run = Run(changed, tmp_path / "scores.parquet", key="key")
    paid.left = 4
    with pytest.raises(KeyboardInterrupt):
        evaluate.evaluate(run, tmp_path / "data", "base", 0)
    paid.left, paid.calls = None, 0
    evaluate.evaluate(run, tmp_path / "data", "base", 0)
    assert paid.calls == 2 and pd.read_parquet(run.out)["refused"].all()


def sampling(model, **config):
    """The model with generation settings of its own."""
    found = copy.deepcopy(model)
    found.generation_config = GenerationConfig(do_sample=True, **config)
    return found


def test_replies_are_drawn_as_the_models_own_settings_say(asked, settings):
    """Each request and first token has its own random numbers, whatever the batch; another seed
    draws others. The first token is forced or the likeliest, so its chances are as before."""
    model, tokenizer, tokens = asked
    hot = sampling(model, temperature=5.0, top_k=0)
    own = settings.asking.model_copy(update={"decoding": "own"})

    def replies(of, seed=0, **changes):
        judge = Recorder()
        changed = settings.model_copy(update=changes)
        scores = Examiner(of, tokenizer, changed, tokens, judge, own, seed).examine(ROWS)
        return sorted(judge.seen), [score["p1_respond"] for score in scores]

    drawn, chances = replies(hot)
    assert replies(hot, batch_size=1)[0] == drawn != replies(hot, seed=1)[0]
    assert chances == pytest.approx(replies(model)[1])
    _, judge = examine(model, tokenizer, settings, tokens)
    assert replies(model)[0] == sorted(judge.seen)  # settings that say nothing
    assert replies(sampling(model, top_k=1))[0] == sorted(judge.seen)


def test_of_benchmarks_only_the_own_reply_is_asked_for(asked, settings):
    model, tokenizer, tokens = asked
    judge = Recorder()
    scores = Examiner(model, tokenizer, settings, tokens, judge).examine(ROWS, forced=False)
    assert len(judge.seen) == len(ROWS)
    forced, _ = examine(model, tokenizer, settings, tokens)
    for plain, whole in zip(scores, forced, strict=True):
        assert plain["refused"] == whole["refused"] and plain["reply"] == whole["reply"]
        assert plain["p1_respond"] == pytest.approx(whole["p1_respond"])
    not_asked = [score[f"refused_{tokens[0].strip(' []')}"] for score in scores]
    assert not_asked.count(None) >= len(ROWS) - sum(s["first"] == "respond" for s in scores)
