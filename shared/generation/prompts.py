"""Run many prompts through a model: in batches, longest first, no beginning twice.

    for numbers, rows in batches(
        model, prompts, batch_size=64, batch_tokens=16_384, new_tokens=20
    ):
        decoded = decode(rows, 20, stop)

gives each batch's prompts by number, run and ready to be decoded. `in_order` puts what was made of
them back into the order of the prompts.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import torch
from transformers import PreTrainedModel

from shared.generation.rows import Prefix, Rows, left_padded
from shared.models.batching import common_prefix, length_batches, pack, shared_beginnings
from shared.models.images import OnDemand
from shared.runner.progress import bar

Prompts = Sequence[Sequence[int]]
Made = TypeVar("Made")


def batches(
    model: PreTrainedModel,
    prompts: Prompts,
    *,
    batch_size: int,
    batch_tokens: int,
    new_tokens: int = 0,
    ways: int = 1,
    groups: Sequence[Hashable] | None = None,
    branching: bool = False,
    pictures: Sequence[Mapping[str, torch.Tensor]] | None = None,
    unit: str | None = None,
) -> Iterator[tuple[list[int], Rows]]:
    """(prompt numbers, their rows) batch by batch; what all prompts begin with is run once.

    A batch has at most `batch_size` rows, `batch_tokens` tokens of prompts, padded to the longest,
    and room for as many of replies of up to `new_tokens`: its cache holds twice `batch_tokens` at
    most. Where every prompt is to be continued in several `ways` (samples, first tokens), all of
    these are so many times fewer.

    groups: of each prompt, what it belongs to (its few-shot examples, its role). Groups are run
        one after another as they first occur, each with a beginning of its own.
    branching: what only some of the prompts begin with (one text, several questions) is run once
        too. The batches are then other ones, and with them the last digits.
    pictures: of each prompt, the tensors of its pictures (`shared.models.images`); their prompts
        are run whole.
    unit: what the progress bar counts; None: no bar.
    """
    tokens = batch_tokens // ways
    replies = tokens // new_tokens if new_tokens else batch_size
    size = max(1, min(batch_size // ways, replies))
    with bar(total=len(prompts), unit=unit or "prompt", disable=not unit) as shown:
        for members in _members(groups or [None] * len(prompts)):
            ids = [prompts[i] for i in members]
            if pictures is not None:
                made = _seeing(model, ids, OnDemand(members, pictures.__getitem__), size, tokens)
            else:
                several = branching and len(ids) > 1
                made = (_branching if several else _plain)(model, ids, size, tokens)
            for batch, rows in made:
                yield [members[place] for place in batch], rows
                shown.update(len(batch))


def in_order(made: Iterable[tuple[Sequence[int], Sequence[Made]]]) -> list[Made]:
    """What was made of each prompt, from (prompt numbers, one value each) in any order."""
    found = {
        number: value
        for numbers, values in made
        for number, value in zip(numbers, values, strict=True)
    }
    return [found[number] for number in range(len(found))]


def tokens_run(prompts: Prompts, groups: Sequence[Hashable] | None = None) -> int:
    """Tokens that `batches` runs without branching: what a group begins with counts once."""
    total = 0
    for members in _members(groups or [None] * len(prompts)):
        ids = [prompts[i] for i in members]
        total += sum(map(len, ids)) - (len(ids) - 1) * common_prefix(ids)
    return total


def _members(groups: Sequence[Hashable]) -> list[list[int]]:
    found: dict[Hashable, list[int]] = {}
    for number, group in enumerate(groups):
        found.setdefault(group, []).append(number)
    return list(found.values())


def _plain(
    model: PreTrainedModel, prompts: Prompts, size: int, tokens: int
) -> Iterator[tuple[list[int], Rows]]:
    shared = common_prefix(prompts) if len(prompts) > 1 else 0
    prefix = Prefix(model, prompts[0][:shared]) if shared else None
    for batch in length_batches(list(map(len, prompts)), size, tokens):
        yield batch, Rows(model, [prompts[i][shared:] for i in batch], prefix)


def _branching(
    model: PreTrainedModel, prompts: Prompts, size: int, tokens: int
) -> Iterator[tuple[list[int], Rows]]:
    shared = common_prefix(prompts)
    if shared and shared + 1 == min(map(len, prompts)):
        shared -= 1  # two tokens each at least: one for a branch's beginning, one of its own
    prefix = Prefix(model, prompts[0][:shared]) if shared else None
    own = [ids[shared:] for ids in prompts]
    branches = shared_beginnings(own, size)
    lengths = [shared + max(len(own[i]) for i in members) for members in branches]
    for batch in pack(lengths, list(map(len, branches)), size, tokens):
        stems = [common_prefix([own[i] for i in branches[branch]]) for branch in batch]
        members = [i for branch in batch for i in branches[branch]]
        stem_of = [place for place, branch in enumerate(batch) for _ in branches[branch]]
        beginnings = [
            own[branches[branch][0]][:stem] for branch, stem in zip(batch, stems, strict=True)
        ]
        rests = [own[i][stems[place] :] for i, place in zip(members, stem_of, strict=True)]
        rows = Rows(model, beginnings, prefix)
        rows.select(torch.tensor(stem_of, device=rows.logits.device))
        rows.append(*left_padded(rests, rows.logits.device))
        yield members, rows


def _seeing(
    model: PreTrainedModel,
    prompts: Prompts,
    pictures: Sequence[Mapping[str, torch.Tensor]],
    size: int,
    tokens: int,
) -> Iterator[tuple[list[int], Rows]]:
    for batch in length_batches(list(map(len, prompts)), size, tokens):
        seen = [pictures[i] for i in batch]
        joined = {name: torch.cat([each[name] for each in seen]) for name in seen[0]}
        del seen
        yield batch, Rows(model, [prompts[i] for i in batch], pictures=joined)
