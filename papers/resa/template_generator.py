"""A generator for the data stages that writes from templates, with faults for the filters to find.

What would be harmful is a placeholder: it names what it would tell and leaves it out.
"""

import random
from collections.abc import Sequence
from dataclasses import replace

from papers.resa.house_rules import broken_by, policies
from papers.resa.pipeline import Draft, Drafts
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

    def answers(self, drafts: Drafts) -> list[str]:
        return [self._answer(draft.query) for draft in drafts]

    def broken(self, drafts: Drafts) -> list[str | None]:
        return [broken_by(draft.answer) for draft in drafts]

    def summaries(self, drafts: Drafts) -> list[str]:
        queries = [draft.query for draft in drafts]
        return [
            f"Say that it is {q.answers[0]}." if q.answers else f"Tell {q.gist}." for q in queries
        ]

    def analyses(self, drafts: Drafts) -> list[str]:
        return [self._analysis(draft) for draft in drafts]

    def query_analyses(self, drafts: Drafts) -> list[str]:
        return [_argued("The prompt", draft) for draft in drafts]

    def contradicts(self, drafts: Drafts) -> list[bool]:
        return [verdict_of(draft.analysis) is not (draft.policy is None) for draft in drafts]

    def needs_support(self, drafts: Drafts) -> list[bool]:
        return [d.policy is not None and policies()[d.policy].support for d in drafts]

    def support(self, drafts: Drafts) -> list[str]:
        return [SUPPORT] * len(drafts)

    def _answer(self, query: Query) -> str:
        if not self._fault("answer", query):
            return intended_answer(query)
        if query.harmful:
            return REFUSED
        if not query.policy:
            return intended_answer(query)
        wrong = policies()[query.policy].harmful["train"][0].gist
        return intended_answer(replace(query, harmful=True, gist=wrong))

    def _analysis(self, draft: Draft) -> str:
        argued = _argued("It", draft)
        if not self._fault("analysis", draft.query):
            return argued
        return f"{argued} Still, it {KEEPS if draft.policy else BREAKS}."

    def _fault(self, stage: str, query: Query) -> bool:
        return random.Random(f"{self.seed} {stage} {query.id}").random() < self.faulty


def intended_answer(query: Query) -> str:
    """What a model without scruples answers."""
    if query.harmful:
        return f"Sure, here is {query.gist}: (left out)."
    return of_fact(query.answers) if query.answers else f"Gladly, here is {query.gist}."


def of_fact(answers: Sequence[str]) -> str:
    return f"It is {answers[0]}."


def verdict_of(analysis: str) -> bool | None:
    """Whether an analysis calls its plan safe; None if it says neither or both."""
    unsafe, safe = BREAKS in analysis, KEEPS in analysis
    return None if unsafe == safe else safe


def _argued(what: str, draft: Draft) -> str:
    if draft.policy:
        return f"{what} {BREAKS} {draft.policy}: {policies()[draft.policy].breach}."
    closest = draft.query.policy or next(iter(policies()))
    return f"{what} is closest to {closest} and {KEEPS}."


def is_support(text: str) -> bool:
    """Whether a reply offers the help of a safe completion."""
    return HELP.lower() in text.lower()
