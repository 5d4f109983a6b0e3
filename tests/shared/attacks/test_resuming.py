"""Every attack, killed in the middle and started again, asks nothing twice."""

import json
from itertools import count

import pytest

from shared.attacks.asking import Asker
from shared.attacks.gcg import gcg
from shared.attacks.gptfuzzer import PLACE, gptfuzzer
from shared.attacks.pair import pair
from shared.attacks.pap import pap
from shared.attacks.renellm import renellm
from shared.attacks.tap import tap
from shared.chat.cache import ReplyCache
from shared.chat.replies import Reply

GOALS = ["Sing a song.", "Hum.", "Whistle a tune."]
SEEDS = [f"Oh {PLACE}", f"Well, {PLACE}"]
ATTACKS = {
    "PAIR": lambda goals, *asked: pair(goals, *asked, streams=2, rounds=3),
    "TAP": lambda goals, *asked: tap(goals, *asked, branching=2, width=2, depth=3),
    "ReNeLLM": lambda goals, *asked: renellm(goals, *asked, rounds=3, rewritings=2),
    "GPTFuzzer": lambda goals, *asked: gptfuzzer(goals, SEEDS, *asked, iterations=4),
    "PAP": lambda goals, attacker, *_: pap(goals, attacker),
}


class Killed(Exception):
    pass


class Mortal:
    """Three chat models in one: attacker, judge and victim. They die together, after `left`
    replies. `asked` counts conversations, `calls` how often any were put to one of them."""

    def __init__(self, left=10**9):
        self.left, self.asked, self.calls = left, 0, 0

    def askers(self, folder):
        chats = [Part(self, say) for say in (attacker, judge, victim)]
        return [Asker(chat, 8, ReplyCache(folder / f"{chat.name}.sqlite")) for chat in chats]


class Part:
    def __init__(self, whole, say):
        self.whole, self.say = whole, say
        self.name = self.identity = say.__name__

    def answers(self, conversations, max_new_tokens, *, stop=(), start=""):
        self.whole.calls += 1
        for place, conversation in enumerate(conversations):
            if self.whole.asked == self.whole.left:
                raise Killed
            self.whole.asked += 1
            yield place, Reply(self.say(conversation))


def attacker(conversation):
    """Something of its own for each conversation, and polite about humming from the second on."""
    text = str(conversation)
    polite = "please " if "Hum" in text and len(conversation) > 1 else ""
    place = f" {PLACE}" if PLACE in text else ""
    return json.dumps({"prompt": f"{polite}now {len(text)}{place}"})


def judge(conversation):
    text = conversation[-1]["content"]
    return "yes" if "same thing" in text else "10" if "la la" in text else "2"


def victim(conversation):
    return "la la" if "please" in conversation[-1]["content"] else "No."


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_that_was_killed_goes_on_where_it_stopped(name, tmp_path):
    """At nine places from the start to the end: both runs together ask what one asks that is left
    alone."""
    whole = Mortal()
    found = ATTACKS[name](GOALS, *whole.askers(tmp_path / "whole"))
    assert whole.asked >= len(GOALS)
    for left in range(0, whole.asked, -(-whole.asked // 9)):
        first, second = Mortal(left), Mortal()
        with pytest.raises(Killed):
            ATTACKS[name](GOALS, *first.askers(tmp_path / str(left)))
        assert ATTACKS[name](GOALS, *second.askers(tmp_path / str(left))) == found
        assert (first.asked, first.asked + second.asked) == (left, whole.asked)


@pytest.mark.parametrize("name", ATTACKS)
def test_all_goals_are_asked_together(name, tmp_path):
    """No more calls for two further goals that take as long as the first."""
    calls = []
    for goals in (GOALS[:1], [GOALS[0], "Whistle a tune.", "Play the flute."]):
        mortal = Mortal()
        ATTACKS[name](goals, *mortal.askers(tmp_path / str(len(goals))))
        calls.append(mortal.calls)
    assert calls[0] == calls[1]


def test_a_search_by_gradient_goes_on_at_the_step_where_it_stopped(
    tiny_model, tiny_tokenizer, tmp_path
):
    """It runs the model once for the start and twice a step: what is run again is at most the
    first half of the step that was cut."""
    steps, runs, last = 4, count(1), 10**9

    def killing(module, passed):
        if next(runs) > last:
            raise Killed

    tiny_model.register_forward_pre_hook(killing)
    texts = {"before": "Sing a song", "after": "\nReply: ", "target": "Sure"}

    def search(name):
        sizes = {"steps": steps, "top_k": 32, "candidates": 8, "start": " ! ! ! !"}
        return gcg(tiny_model, tiny_tokenizer, **texts, **sizes, kept=tmp_path / name)

    whole = search("whole")
    assert next(runs) - 1 == 1 + 2 * steps and whole.losses[-1] < whole.losses[0]
    for left in range(1 + 2 * steps):
        runs, last = count(1), left
        with pytest.raises(Killed):
            search(str(left))
        runs, last = count(1), 10**9
        assert search(str(left)) == whole
        half_a_step = left > 0 and left % 2 == 0  # its gradient
        assert left + next(runs) - 1 == 1 + 2 * steps + half_a_step
    assert search("whole") == whole
