"""Stages 2 and 3 of the data: intended answers, their summaries, safety analyses, two filters.

Each stage asks a `Generator` about drafts of samples: this project's templates
(`template_generator`) or the chat models that the paper names (`chat_generator`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from papers.resa.queries import Query
from papers.resa.reply_format import REFUSAL
from shared.judges.guard import HAZARDS

UNREAD = "dropped: what a model said can't be read"


@dataclass(frozen=True)
class Draft:
    """A sample in the making.

    answer   what a model without scruples would answer; never what a user is shown
    policy   the policy that the answer breaks; None for a safe one
    summary  the plan of the answer
    """

    query: Query
    answer: str = ""
    policy: str | None = None
    summary: str = ""
    analysis: str = ""


Drafts = Sequence[Draft]


class Generator(Protocol):
    """What the stages ask for; every method gives one thing a draft, in their order, or None where
    what a model said can't be read."""

    def answers(self, drafts: Drafts) -> list[str | None]: ...

    def broken(self, drafts: Drafts) -> list[str | None]:
        """The policy that each answer breaks."""
        ...

    def summaries(self, drafts: Drafts) -> list[str | None]: ...

    def analyses(self, drafts: Drafts) -> list[str | None]:
        """Why a plan breaks its policy, or (None) what comes closest and why it is not broken."""
        ...

    def query_analyses(self, drafts: Drafts) -> list[str | None]:
        """The same of the query alone, for check-then-answer."""
        ...

    def contradicts(self, drafts: Drafts) -> list[bool]:
        """Whether an analysis argues against its own verdict, or can't be told not to."""
        ...

    def needs_support(self, drafts: Drafts) -> list[bool]:
        """Whether whoever asks may need help more than a refusal (self-harm)."""
        ...

    def support(self, drafts: Drafts) -> list[str | None]:
        """Replies that refuse and yet offer help; an attack is seen through."""
        ...


def answered(queries: Sequence[Query], generator: Generator) -> list[Draft]:
    """Stage 2: the intended answers, each with the policy that it breaks."""
    drafts = [Draft(query) for query in queries]
    drafts = _with(drafts, answer=generator.answers(drafts))
    policies = generator.broken(drafts)
    return [replace(draft, policy=p) for draft, p in zip(drafts, policies, strict=True)]


def build(queries: Sequence[Query], generator: Generator) -> tuple[list[dict], dict[str, int]]:
    """Samples of all stages, and how many were dropped where.

    A sample is a query's record with `summary`, `analysis`, `query_analysis`, `answer` (what the
    user is shown), `support` (the answer is a safe completion) and `type`.
    """
    every = answered(queries, generator)
    # filter 1: the answer to a harmful query must break a policy, that to a benign one none
    drafts = [each for each in every if each.query.harmful == (each.policy is not None)]
    wrong = Counter(each.query.harmful for each in every)
    wrong.subtract(each.query.harmful for each in drafts)
    dropped = {
        "dropped by filter 1: harmful, answered safely": wrong[True],
        "dropped by filter 1: benign, answered unsafely": wrong[False],
    }
    drafts = _with(drafts, summary=generator.summaries(drafts))
    drafts = _with(drafts, analysis=generator.analyses(drafts))
    contradicts = generator.contradicts(drafts)
    dropped["dropped by filter 2: contradictory analysis"] = sum(contradicts)
    drafts = [each for each, wrong in zip(drafts, contradicts, strict=True) if not wrong]

    supported = generator.needs_support(drafts)
    helped = [each for each, wants in zip(drafts, supported, strict=True) if wants]
    completions = iter(generator.support(helped))
    query_analyses = generator.query_analyses(drafts)
    shown = [
        next(completions) if support else REFUSAL if draft.query.harmful else draft.answer
        for draft, support in zip(drafts, supported, strict=True)
    ]
    samples = [
        {
            **draft.query.record(),
            "type": draft.query.type,
            "summary": draft.summary,
            "analysis": draft.analysis,
            "query_analysis": query_analysis,
            "answer": answer,
            "support": support,
        }
        for draft, query_analysis, support, answer in zip(
            drafts, query_analyses, supported, shown, strict=True
        )
        if answer is not None
    ]
    dropped[UNREAD] = len(queries) - len(samples) - sum(dropped.values())
    return samples, dropped


def with_query_analyses(samples: Sequence[dict], generator: Generator) -> list[dict]:
    """Samples with a check, made elsewhere, to which the analysis of the query is added, where it
    can be read. The policy that a harmful query breaks is the first hazard that the analysis of its
    plan names."""
    checked = [sample for sample in samples if sample["analysis"]]
    drafts = [
        Draft(
            Query(sample["id"], sample["prompt"], sample["request"], sample["harmful"]),
            policy=_named(sample["analysis"]) if sample["harmful"] else None,
        )
        for sample in checked
    ]
    found = dict(zip([s["id"] for s in checked], generator.query_analyses(drafts), strict=True))
    return [{**sample, "query_analysis": found.get(sample["id"])} for sample in samples]


def _named(analysis: str) -> str:
    return next((h for h in HAZARDS.values() if h.lower() in analysis.lower()), "usage policy")


def composition(samples: Sequence[dict]) -> dict[str, int]:
    """Counts by type and attack, as in Table 1."""
    counts: Counter[str] = Counter()
    for sample in samples:
        counts[sample["type"]] += 1
        if sample["method"]:
            counts[f"{sample['type']}: {sample['method']}"] += 1
    counts["safe completions"] = sum(sample["support"] for sample in samples)
    return dict(sorted(counts.items()))


def _with(drafts: Drafts, **made: Sequence) -> list[Draft]:
    """Drafts with one field filled in, a value each; without those that got none."""
    ((name, values),) = made.items()
    filled = zip(drafts, values, strict=True)
    return [replace(each, **{name: value}) for each, value in filled if value is not None]
