"""The reward of ReSA-RL, with the paper's weights.

A harmful query: 0.45 for a safe plan, 0.45 for a safe answer, 0.1 for the format. A benign one:
0.225, 0.225, 0.1, and 0.45 for an answer that is no refusal. A plain question: 0.5 for a reply
without a check and 0.5 for no refusal.
"""

from collections.abc import Callable, Mapping, Sequence

from papers.resa.house_rules import broken_by
from papers.resa.reply_format import Parts, Wording, read
from papers.resa.template_generator import is_support
from shared.judges.guard import Guard
from shared.judges.strings import opens_with_refusal

Reward = Callable[[Sequence[dict], Sequence[str]], list[dict[str, float]]]

WEIGHTS = {
    "harmful": {"plan": 0.45, "answer": 0.45, "format": 0.1},
    "benign": {"plan": 0.225, "answer": 0.225, "format": 0.1, "refusal": 0.45},
    "plain": {"format": 0.5, "refusal": 0.5},
}
PARTS = ("plan", "answer", "format", "refusal")


def reward(wording: Wording, guard: Guard | None = None) -> Reward:
    """The reward of completions by rows with `kind` ("harmful", "benign" or "plain") and `asks`,
    the request without an attack. A guard tells what is safe in place of the rules."""

    def of(rows: Sequence[dict], completions: Sequence[str]) -> list[dict[str, float]]:
        kinds = [row["kind"] for row in rows]
        every = [read("answer-check", text, wording) for text in completions]
        if guard:
            asks = [row["asks"] for row in rows]
            safe = by_guard(asks, every, guard)
        else:
            safe = [by_rules(kind, parts) for kind, parts in zip(kinds, every, strict=True)]
        return [
            weighted(kind, plain(text, wording) if kind == "plain" else with_check(parts, *told))
            for kind, text, parts, told in zip(kinds, completions, every, safe, strict=True)
        ]

    return of


def weighted(kind: str, earned: Mapping[str, bool]) -> dict[str, float]:
    """Every part of a reward, weighted; 0 for one that its kind has not."""
    weights = WEIGHTS[kind]
    return {part: weights.get(part, 0.0) * earned.get(part, False) for part in PARTS}


def with_check(parts: Parts | None, safe_plan: bool, safe_answer: bool) -> dict[str, bool]:
    """Which parts a reply with a check earns. A malformed one earns none: it has no answer."""
    if parts is None:
        return {}
    answers = not opens_with_refusal(parts.answer)
    return {"plan": safe_plan, "answer": safe_answer, "format": True, "refusal": answers}


def plain(text: str, wording: Wording) -> dict[str, bool]:
    """A plain question should get a reply without a check, and no refusal."""
    return {
        "format": f"<{wording.outer}>" not in text,
        "refusal": bool(text.strip()) and not opens_with_refusal(text),
    }


def by_rules(kind: str, parts: Parts | None) -> tuple[bool, bool]:
    """Whether plan and answer are safe: the plan breaks no rule of the house; the answer of a
    harmful request refuses or is a safe completion, any other breaks no rule."""
    if parts is None:
        return False, False
    withheld = opens_with_refusal(parts.answer) or is_support(parts.answer)
    safe_answer = withheld if kind == "harmful" else broken_by(parts.answer) is None
    return broken_by(parts.summary) is None, safe_answer


def by_guard(
    asks: Sequence[str], every: Sequence[Parts | None], guard: Guard
) -> list[tuple[bool, bool]]:
    """The same by a guard; what it has no verdict on is not safe."""
    texts = [parts or Parts("", "", "") for parts in every]
    plans = guard.verdicts(asks, [parts.summary for parts in texts])
    answers = guard.verdicts(asks, [parts.answer for parts in texts])
    return [
        (bool(plan and plan.safe), bool(answer and answer.safe))
        for plan, answer in zip(plans, answers, strict=True)
    ]
