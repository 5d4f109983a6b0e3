"""Stages 2 and 3 of the data: intended answers, their summaries, safety analyses, two filters.

Each stage is a function of queries and a `Generator`: this project's templates
(`template_generator`) or the chat models that the paper names (`chat_generator`).
"""

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from papers.resa.queries import Query
from papers.resa.reply_format import REFUSAL

Texts = Sequence[str]


class Generator(Protocol):
    """What the stages ask for; every method gives one thing a query, in their order."""

    def answers(self, queries: Sequence[Query]) -> list[str]:
        """What a model without scruples would answer; never what a user is shown."""
        ...

    def broken(self, queries: Sequence[Query], answers: Texts) -> list[str | None]:
        """The policy that each answer breaks; None for a safe one."""
        ...

    def summaries(self, queries: Sequence[Query], answers: Texts) -> list[str]:
        """The plan of each answer."""
        ...

    def analyses(
        self,
        queries: Sequence[Query],
        summaries: Texts,
        answers: Texts,
        policies: Sequence[str | None],
    ) -> list[str]:
        """Why a plan breaks its policy, or (None) what comes closest and why it is not broken."""
        ...

    def query_analyses(self, queries: Sequence[Query], policies: Sequence[str | None]) -> list[str]:
        """The same of the query alone, for check-then-answer."""
        ...

    def contradicts(self, analyses: Texts, policies: Sequence[str | None]) -> list[bool]:
        """Whether an analysis argues against its own verdict."""
        ...

    def needs_support(self, queries: Sequence[Query], policies: Sequence[str | None]) -> list[bool]:
        """Whether whoever asks may need help more than a refusal (self-harm)."""
        ...

    def support(self, queries: Sequence[Query]) -> list[str]:
        """Replies that refuse and yet offer help; an attack is seen through."""
        ...


def intended_answers(
    queries: Sequence[Query], generator: Generator
) -> tuple[list[Query], list[str], list[str | None]]:
    """Stage 2 with filter 1: queries, answers and broken policies of those that are kept.

    A harmful query must have got an answer that breaks a policy, a benign one an answer that
    breaks none.
    """
    answers = generator.answers(queries)
    broken = generator.broken(queries, answers)
    kept = [i for i, query in enumerate(queries) if query.harmful == (broken[i] is not None)]
    return [queries[i] for i in kept], [answers[i] for i in kept], [broken[i] for i in kept]


def build(queries: Sequence[Query], generator: Generator) -> tuple[list[dict], dict[str, int]]:
    """Samples of all stages, and how many were dropped where.

    A sample is a query's record with `summary`, `analysis`, `query_analysis`, `answer` (what the
    user is shown), `support` (the answer is a safe completion) and `type`.
    """
    asked, answers, broken = intended_answers(queries, generator)
    summaries = generator.summaries(asked, answers)
    analyses = generator.analyses(asked, summaries, answers, broken)
    contradicts = generator.contradicts(analyses, broken)
    kept = [i for i, wrong in enumerate(contradicts) if not wrong]
    dropped = {
        "dropped by filter 1: harmful, answered safely": _lost(queries, asked, harmful=True),
        "dropped by filter 1: benign, answered unsafely": _lost(queries, asked, harmful=False),
        "dropped by filter 2: contradictory analysis": sum(contradicts),
    }

    asked, answers, broken, summaries, analyses = (
        [values[i] for i in kept] for values in (asked, answers, broken, summaries, analyses)
    )
    shown, supported = final_answers(asked, answers, broken, generator)
    samples = [
        {
            **query.record(),
            "type": query.type,
            "summary": summary,
            "analysis": analysis,
            "query_analysis": query_analysis,
            "answer": answer,
            "support": support,
        }
        for query, summary, analysis, query_analysis, answer, support in zip(
            asked,
            summaries,
            analyses,
            generator.query_analyses(asked, broken),
            shown,
            supported,
            strict=True,
        )
    ]
    return samples, dropped


def final_answers(
    queries: Sequence[Query],
    answers: Texts,
    broken: Sequence[str | None],
    generator: Generator,
) -> tuple[list[str], list[bool]]:
    """What follows the check: the answer of a benign query, the fixed refusal of a harmful one, or
    a safe completion where help is needed (the second list)."""
    wanted = generator.needs_support(queries, broken)
    places = [i for i, wants in enumerate(wanted) if wants]
    shown = [
        REFUSAL if query.harmful else answer for query, answer in zip(queries, answers, strict=True)
    ]
    for place, text in zip(places, generator.support([queries[i] for i in places]), strict=True):
        shown[place] = text
    return shown, list(wanted)


def composition(samples: Sequence[dict]) -> dict[str, int]:
    """Counts by type and attack, as in Table 1."""
    counts: Counter[str] = Counter()
    for sample in samples:
        counts[sample["type"]] += 1
        if sample["method"]:
            counts[f"{sample['type']}: {sample['method']}"] += 1
    counts["safe completions"] = sum(sample["support"] for sample in samples)
    return dict(sorted(counts.items()))


def _lost(queries: Sequence[Query], kept: Sequence[Query], *, harmful: bool) -> int:
    before, after = (sum(query.harmful == harmful for query in rows) for rows in (queries, kept))
    return before - after
