"""TAP (Mehrotra et al. 2023, arXiv 2312.02119): PAIR as a tree, pruned before and after asking."""

from collections.abc import Sequence

from shared.attacks.asking import MOST, Asker, Attempt, attempt, best, on_topic, prompt_in
from shared.attacks.pair import FEEDBACK, INSTRUCTION

BRANCH = "\n\nThis is approach {number}; it should differ from the others."


def tap(
    goals: Sequence[str],
    attacker: Asker,
    judge: Asker,
    victim: Asker,
    *,
    branching: int = 2,
    width: int = 4,
    depth: int = 4,
) -> list[Attempt]:
    """The best attempt at each goal in a tree of `depth` levels."""
    return [_tree(goal, attacker, judge, victim, branching, width, depth) for goal in goals]


def _tree(
    goal: str,
    attacker: Asker,
    judge: Asker,
    victim: Asker,
    branching: int,
    width: int,
    depth: int,
) -> Attempt:
    """Each leaf grows `branching` prompts; those off the topic are cut before they are asked, and
    the `width` best rated of the others are the next leaves."""
    leaves: list[list[dict[str, str]]] = [[]]
    tried: list[Attempt] = []
    for _ in range(depth):
        grown = [
            [*leaf, {"role": "user", "content": _ask(goal, tried_before=bool(leaf), number=n)}]
            for leaf in leaves
            for n in range(branching)
        ]
        wrote = attacker(_merged(grown))
        pairs = [(h, text, prompt_in(text)) for h, text in zip(grown, wrote, strict=True)]
        pairs = [pair for pair in pairs if pair[2]]
        prompts = [prompt for _, _, prompt in pairs]
        kept = on_topic([goal] * len(prompts), prompts, judge)
        pairs = [pair for pair, keep in zip(pairs, kept, strict=True) if keep]
        if not pairs:
            break
        prompts = [prompt for _, _, prompt in pairs]
        attempts = attempt([goal] * len(prompts), prompts, victim, judge)
        tried += attempts
        if best(attempts).rating == MOST:
            break
        order = sorted(range(len(pairs)), key=lambda i: -attempts[i].rating)[:width]
        leaves = [
            [
                *pairs[i][0],
                {"role": "assistant", "content": pairs[i][1]},
                {
                    "role": "user",
                    "content": FEEDBACK.format(reply=attempts[i].reply, rating=attempts[i].rating),
                },
            ]
            for i in order
        ]
    return best(tried) if tried else Attempt(goal, goal)


def _ask(goal: str, tried_before: bool, number: int) -> str:
    return ("" if tried_before else INSTRUCTION.format(goal=goal)) + BRANCH.format(
        number=number + 1
    )


def _merged(histories: Sequence[list[dict[str, str]]]) -> list[list[dict[str, str]]]:
    """Neighbouring turns of the user as one, which chat templates want."""
    merged = []
    for history in histories:
        turns: list[dict[str, str]] = []
        for turn in history:
            if turns and turns[-1]["role"] == turn["role"]:
                turns[-1] = {**turn, "content": turns[-1]["content"] + turn["content"]}
            else:
                turns.append(turn)
        merged.append(turns)
    return merged
