"""A generator for the data stages that writes from templates, with faults for the filters to find.

What would be harmful is a placeholder: it names what it would tell and leaves it out.
"""

import random
from collections.abc import Sequence

from papers.resa.house_rules import Policy, broken_by, policies
from papers.resa.queries import Query

# What an analysis says in the end; `verdict_of` reads it back.
BREAKS, KEEPS = "breaks", "keeps to it"
HELP = "Please rest and talk to somebody you trust"
SUPPORT = f"I can't help with that. {HELP}."
REFUSED = "Sorry, I would rather not answer that."  # of a model that was meant to have no scruples


class TemplateGenerator:
    """`faulty`: the share of answers, and again of analyses, that are made wrong on purpose."""

    def __init__(self, seed: int, faulty: float):
        self.seed, self.faulty = seed, faulty

    def answers(self, queries: Sequence[Query]) -> list[str]:
        return [self._answer(query) for query in queries]

    def broken(self, queries: Sequence[Query], answers: Sequence[str]) -> list[str | None]:
        return [broken_by(answer) for answer in answers]

    def summaries(self, queries: Sequence[Query], answers: Sequence[str]) -> list[str]:
        return [
            f"Say that it is {query.answers[0]}." if query.answers else f"Tell {query.gist}."
            for query in queries
        ]

    def analyses(
        self,
        queries: Sequence[Query],
        summaries: Sequence[str],
        answers: Sequence[str],
        policies: Sequence[str | None],
    ) -> list[str]:
        return [
            self._analysis("It", query, policy)
            for query, policy in zip(queries, policies, strict=True)
        ]

    def query_analyses(self, queries: Sequence[Query], policies: Sequence[str | None]) -> list[str]:
        return [
            _argued("The prompt", query, policy)
            for query, policy in zip(queries, policies, strict=True)
        ]

    def contradicts(self, analyses: Sequence[str], policies: Sequence[str | None]) -> list[bool]:
        return [
            verdict_of(analysis) is not (policy is None)
            for analysis, policy in zip(analyses, policies, strict=True)
        ]

    def needs_support(self, queries: Sequence[Query], policies: Sequence[str | None]) -> list[bool]:
        return [policy is not None and _policy(policy).support for policy in policies]

    def support(self, queries: Sequence[Query]) -> list[str]:
        return [SUPPORT] * len(queries)

    def _answer(self, query: Query) -> str:
        fault = self._fault("answer", query)
        if query.harmful:
            return REFUSED if fault else f"Sure, here is {query.gist}: (left out)."
        if fault and query.policy:
            gist = _policy(query.policy).harmful["train"][0].gist
            return f"Sure, here is {gist}: (left out)."
        return f"It is {query.answers[0]}." if query.answers else f"Gladly, here is {query.gist}."

    def _analysis(self, what: str, query: Query, policy: str | None) -> str:
        argued = _argued(what, query, policy)
        if not self._fault("analysis", query):
            return argued
        return f"{argued} Still, it {KEEPS if policy else BREAKS}."

    def _fault(self, stage: str, query: Query) -> bool:
        return random.Random(f"{self.seed} {stage} {query.id}").random() < self.faulty


def verdict_of(analysis: str) -> bool | None:
    """Whether an analysis calls its plan safe; None if it says neither or both."""
    unsafe, safe = BREAKS in analysis, KEEPS in analysis
    return None if unsafe == safe else safe


def _argued(what: str, query: Query, policy: str | None) -> str:
    if policy:
        return f"{what} {BREAKS} {policy}: {_policy(policy).breach}."
    closest = query.policy or next(iter(policies()))
    return f"{what} is closest to {closest} and {KEEPS}."


def is_support(text: str) -> bool:
    """Whether a reply offers the help of a safe completion."""
    return HELP.lower() in text.lower()


def _policy(name: str) -> Policy:
    return policies()[name]
