"""TAP (Mehrotra et al. 2023, arXiv 2312.02119): PAIR as a tree, pruned before and after asking."""

from collections.abc import Sequence
from typing import NamedTuple

from shared.attacks.asking import MOST, Asker, Attempt, attempt, best, on_topic, prompt_in
from shared.attacks.pair import FEEDBACK, INSTRUCTION

BRANCH = "\n\nThis is approach {number}; it should differ from the others."

History = list[dict[str, str]]


class Leaf(NamedTuple):
    """A conversation with the attacker about the goal at a place."""

    place: int
    history: History


def tap(
    goals: Sequence[str],
    attacker: Asker,
    judge: Asker,
    victim: Asker,
    *,
    branching: int,
    width: int,
    depth: int,
) -> list[Attempt]:
    """The best attempt at each goal in a tree of `depth` levels; the trees of all goals grow side
    by side.

    Each leaf grows `branching` prompts; those off the topic are cut before they are asked, and of
    each goal the `width` best rated of the others are the next leaves. A goal with an attempt that
    was rated highest is left alone.
    """
    leaves = [Leaf(place, []) for place in range(len(goals))]
    tried: list[list[Attempt]] = [[] for _ in goals]
    for _ in range(depth):
        grown = [_grown(leaf, goals[leaf.place], n) for leaf in leaves for n in range(branching)]
        wrote = attacker([leaf.history for leaf in grown])
        grown = [
            Leaf(leaf.place, [*leaf.history, {"role": "assistant", "content": text}])
            for leaf, text in zip(grown, wrote, strict=True)
            if prompt_in(text)
        ]
        kept = on_topic([goals[leaf.place] for leaf in grown], _prompts(grown), judge)
        grown = [leaf for leaf, keep in zip(grown, kept, strict=True) if keep]
        attempts = attempt([goals[leaf.place] for leaf in grown], _prompts(grown), victim, judge)
        leaves = []
        for place in dict.fromkeys(leaf.place for leaf in grown):
            own = [pair for pair in zip(grown, attempts, strict=True) if pair[0].place == place]
            tried[place] += [each for _, each in own]
            if best(tried[place]).rating < MOST:
                ranked = sorted(own, key=lambda pair: -pair[1].rating)[:width]
                leaves += [_answered(leaf, each) for leaf, each in ranked]
        if not leaves:
            break
    return [
        best(attempts) if attempts else Attempt(goal, goal)
        for goal, attempts in zip(goals, tried, strict=True)
    ]


def _grown(leaf: Leaf, goal: str, number: int) -> Leaf:
    """The same with a request for the `number`th next prompt, as one turn with what came before."""
    *before, last = leaf.history or [{"role": "user", "content": INSTRUCTION.format(goal=goal)}]
    asked = last["content"] + BRANCH.format(number=number + 1)
    return Leaf(leaf.place, [*before, {"role": "user", "content": asked}])


def _answered(leaf: Leaf, attempted: Attempt) -> Leaf:
    feedback = FEEDBACK.format(reply=attempted.reply, rating=attempted.rating)
    return Leaf(leaf.place, [*leaf.history, {"role": "user", "content": feedback}])


def _prompts(grown: Sequence[Leaf]) -> list[str]:
    return [prompt_in(leaf.history[-1]["content"]) for leaf in grown]
