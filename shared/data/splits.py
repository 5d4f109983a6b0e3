"""Samples, balanced over relations or not, and train and test sets that share no subject."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

from shared.data.questions import Question
from shared.errors import UserError

Row = TypeVar("Row")


def first_of_each(
    rows: Iterable[Row], size: int | None, kind: Callable[[Row], Hashable]
) -> list[Row]:
    """The first `size` rows of each kind, in their order; None: all."""
    seen: Counter[Hashable] = Counter()
    kept = []
    for row in rows:
        seen[kind(row)] += 1
        if size is None or seen[kind(row)] <= size:
            kept.append(row)
    return kept


def random_part(rows: Sequence[Row], size: int, seed: int | str, what: str) -> list[Row]:
    """`size` rows in random order; with the same seed a smaller part begins a larger one. `what`
    names the setting in the error."""
    if size > len(rows):
        raise UserError(f"{what}: found {size}, expected at most {len(rows)}, all there are")
    return random.Random(seed).sample(rows, len(rows))[:size]


def sample(rows: Sequence[Question], size: int | None, seed: int, what: str) -> list[int]:
    """Positions of `size` rows, in order, balanced over relations; all rows if `size` is None.

    Relations take turns, in a random order; one that has run out is passed over, so that each
    gives as many as every other or all it has. `what` names the setting in the error.
    """
    if size is None:
        return list(range(len(rows)))
    if size > len(rows):
        raise UserError(f"{what}: found {size}, expected at most {len(rows)}, the rows there are")
    rng = random.Random(seed)
    positions = defaultdict(list)
    for position, row in enumerate(rows):
        positions[row.relation].append(position)
    queues = [rng.sample(positions[name], len(positions[name])) for name in sorted(positions)]
    rng.shuffle(queues)
    chosen: list[int] = []
    while len(chosen) < size:
        queues = [queue for queue in queues if queue]
        chosen += [queue.pop() for queue in queues[: size - len(chosen)]]
    return sorted(chosen)


def split(
    rows: Sequence[Question], sizes: Mapping[str, int | None], seed: int
) -> dict[str, list[int]]:
    """Positions of the rows of each split; no subject and no question is in two splits.

    All rows of a subject go to one split. Subjects are dealt out in the proportion of `sizes`
    (several None share equally what the numbers leave), separately for subjects that occur in
    the same relations, so that each relation is divided in about this proportion; then each
    split is sampled to its size, balanced over relations.
    """
    shares = _shares(len(rows), sizes)
    relations = defaultdict(set)
    for row in rows:
        relations[row.subject].add(row.relation)
    subjects = sorted(relations)
    random.Random(seed).shuffle(subjects)
    subjects.sort(key=lambda subject: sorted(relations[subject]))  # stable: random within a kind

    side, dealt = {}, dict.fromkeys(sizes, 0)
    for number, subject in enumerate(subjects, start=1):
        side[subject] = max(sizes, key=lambda name: shares[name] * number - dealt[name])
        dealt[side[subject]] += 1

    parts = {}
    for name, size in sizes.items():
        own = [position for position, row in enumerate(rows) if side[row.subject] == name]
        picked = sample([rows[position] for position in own], size, seed, name)
        parts[name] = [own[position] for position in picked]
    assert_disjoint({name: [rows[p] for p in part] for name, part in parts.items()})
    return parts


def assert_disjoint(parts: Mapping[str, Sequence[Question]]) -> None:
    """Raise `UserError` if two parts share a question text, or a subject within a relation."""
    owner: dict[tuple[str, ...], str] = {}
    for name, rows in parts.items():
        for row in rows:
            for key in ((row.question,), (row.relation, row.subject)):
                if owner.setdefault(key, name) != name:
                    raise UserError(
                        f"{name}: {' / '.join(key)!r} is also in {owner[key]}, expected in one"
                    )


def _shares(rows: int, sizes: Mapping[str, int | None]) -> dict[str, float]:
    numbers = sum(size for size in sizes.values() if size is not None)
    rest = [name for name, size in sizes.items() if size is None]
    whole = max(rows, numbers) if rest else numbers
    return {
        name: (whole - numbers) / len(rest) / whole if size is None else size / whole
        for name, size in sizes.items()
    }
