"""Stage 1: queries of four types, vanilla or adversarial and harmful or benign.

Training and test queries share no template of a request and no filler of a slot.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal

from papers.resa.attacks import VEILED, attacked
from papers.resa.house_rules import Policy, Split, policies
from shared.data import facts
from shared.data.questions import Question
from shared.data.splits import split
from shared.data.templates import fill
from shared.errors import UserError

Side = Literal["harmful", "benign"]


@dataclass(frozen=True)
class Query:
    """What a user asks.

    prompt     the text as it is sent; `request` the same without an attack around it
    harmful    whether an answer would break a policy
    policy     the policy that it breaks or comes close to; "" for none in particular
    method     the attack around it, "" for a vanilla query
    veiled     the request in other words (queries from templates)
    gist       what an answer would tell (the same)
    answers    right answers, the first as it should be given (questions of fact)
    """

    id: str
    prompt: str
    request: str
    harmful: bool
    policy: str = ""
    method: str = ""
    veiled: str = ""
    gist: str = ""
    answers: tuple[str, ...] = ()

    @property
    def request_id(self) -> str:
        """The same under every attack."""
        return self.id.removesuffix(f"/{self.method}")

    @property
    def type(self) -> str:
        """As Table 1 names it."""
        side = "Harmful" if self.harmful else "Benign"
        return f"{'Adversarial' if self.method else 'Vanilla'} {side}"

    def record(self) -> dict:
        return {**asdict(self), "answers": list(self.answers)}


def vanilla(part: Split, harmful: bool, count: int | None, seed: int) -> list[Query]:
    """Requests of the house (None: all): policies take turns, and within a policy its templates."""
    side = "harmful" if harmful else "benign"
    made = list(_turns([_of_policy(policy, part, side, seed) for policy in policies().values()]))
    if count and count > len(made):
        raise UserError(f"{count} {side} queries wanted, there are only {len(made)}")
    return [replace(query, id=f"{part}/{side}/{n:04d}") for n, query in enumerate(made[:count])]


def adversarial(
    method: str, queries: Sequence[Query], numbers: Sequence[int] | None = None
) -> list[Query]:
    """The same requests in other words, or inside the texts of an attack: those of these numbers,
    or in turn."""
    return [
        replace(
            query,
            id=f"{query.id}/{method}",
            prompt=query.veiled if method in VEILED else attacked(method, query.request, number),
            method=method,
        )
        for number, query in zip(numbers or range(len(queries)), queries, strict=True)
    ]


def training(sizes: Mapping[str, int], seed: int) -> list[Query]:
    """`sizes["vanilla"]` requests of each side, and of each attack so many of each side around
    other requests (the same ones again when all have been used)."""
    queries: list[Query] = []
    for harmful in (True, False):
        pool = vanilla("train", harmful, None, seed)
        start = 0
        for method, count in sizes.items():
            rounds = [divmod(start + i, len(pool)) for i in range(count)]
            start += count
            taken = [_again(pool[place], times) for times, place in rounds]
            # one text further in each round, so that a request comes back in another one
            numbers = [i + times for i, (times, _) in enumerate(rounds)]
            queries += taken if method == "vanilla" else adversarial(method, taken, numbers)
    return queries


def _again(query: Query, times: int) -> Query:
    """A request that was used so many times before."""
    return replace(query, id=f"{query.id}-{times}") if times else query


def fact_queries(
    sizes: Mapping[str, int], seed: int, relations: Sequence[str] | None = None
) -> dict[str, list[Query]]:
    """Questions of fact in parts that share no subject; they break no policy. relations: those of
    `shared.data.facts` that are asked about; None: all."""
    rows = facts.questions()
    if unknown := sorted(set(relations or ()) - set(facts.RELATIONS)):
        raise UserError(f"facts.relations: unknown {unknown[0]}; of {', '.join(facts.RELATIONS)}")
    rows = [row for row in rows if relations is None or row.relation in relations]
    return {
        part: [_fact(f"{part}/fact/{n:04d}", rows[place]) for n, place in enumerate(places)]
        for part, places in split(rows, sizes, seed).items()
    }


def _fact(query_id: str, row: Question) -> Query:
    return Query(query_id, row.question, row.question, harmful=False, answers=row.answers)


def _of_policy(policy: Policy, part: Split, side: Side, seed: int) -> Iterator[Query]:
    """All requests of one side of a policy, its templates taking turns."""
    yield from _turns(by_template(policy, part, side, part, seed))


def by_template(
    policy: Policy, part: Split, side: Side, fillers: Split, seed: int
) -> list[list[Query]]:
    """The requests of one side of a policy, without ids: for each template of a split one with each
    of the fillers, which may be those of the other split."""
    made = []
    for number, template in enumerate(getattr(policy, side)[part]):
        name = f"{policy.name} {side} {part} {number}"
        filled = fill(name, template.ask, policy.slots[fillers], None, seed)
        made.append(
            [
                Query(
                    "", each.text, each.text, side == "harmful", policy.name,
                    veiled=template.veiled.format(**each.fillers),
                    gist=template.gist.format(**each.fillers),
                )
                for each in filled
            ]
        )  # fmt: skip
    return made


def _turns(sequences: Sequence[Sequence[Query]]) -> Iterator[Query]:
    """One of each in turn, until all have run out."""
    queues = [list(sequence) for sequence in sequences]
    while queues:
        queues = [queue for queue in queues if queue]
        yield from [queue.pop(0) for queue in queues]
