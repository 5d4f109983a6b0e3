"""Make a small model that knows what the roles know and refuses what is of another story.

It reads what `teach` tells a stand-in, several times, each in other words: what the roles know, of
both splits, as statements that words of them or an indirect question bring to mind; refusals of
words of other stories; and the questions with answers that no other step has. A part of it is said
after a role's profile, the rest after a line. No false question is read, nor of an event a role
missed. What is written is an ordinary model folder.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from papers.roleref import teach, train
from papers.roleref.queries import read_queries, read_roles
from papers.roleref.settings import Reading
from shared.models.small_lm import vocabulary
from shared.runner.step import Run, step
from shared.training.from_nothing import expect_small, train_from_nothing

READS = ("model", "reading")

INDIRECT = ("Say {}.", "Tell me {}.", "I ask {}.")
Conversation = tuple[dict, list[dict]]  # a role with its prompt, and what is said in turn


def pretrain(run: Run, data: Path, seed: int) -> dict:
    """Train the small model from nothing. seed: of its weights, and of what it reads."""
    settings, reading = run.settings, run.settings.reading
    expect_small(settings.model)
    roles, asked = read_roles(data), read_queries(data, "taught")
    read = [
        each for n in range(reading.times) for each in once(roles, asked, reading, f"{seed} {n}")
    ]
    tokenizer = vocabulary(settings.model.vocabulary, words(read))
    made = [
        example
        for role, rows in read
        for example in train.examples(
            tokenizer, {rows[0]["role"]: role}, [rows], reading.training.max_length
        )
    ]
    record = train_from_nothing(run, tokenizer, made, reading.training, seed)
    return {"conversations": len(made), **record}


def once(
    roles: Mapping[str, dict], asked: Mapping[str, Sequence[dict]], reading: Reading, seed: str
) -> Iterator[Conversation]:
    """All that is read of all roles, once. asked: questions with answers, by role."""
    how = {"refused": reading.refused, "seed": seed}
    told = teach.statements(roles, **how)
    indirect = teach.statements(roles, INDIRECT, "indirect", **how)
    for id, role in roles.items():
        rows = [*told[id], *indirect[id], *asked.get(id, [])]
        random.Random(f"{seed} {id}").shuffle(rows)
        profiled = round(reading.profiled * len(rows))
        brief = role | {"prompt": teach.BRIEF.format(**role)}
        for of, part, turns in zip(
            (brief, role), (rows[profiled:], rows[:profiled]), reading.turns, strict=True
        ):
            yield from ((of, part[at : at + turns]) for at in range(0, len(part), turns))


def words(read: Sequence[Conversation]) -> Iterator[str]:
    """What the vocabulary is learnt from."""
    for role, rows in read:
        yield role["prompt"]
        yield from (f"{row['question']} {row['target']}" for row in rows)


if __name__ == "__main__":
    step(pretrain)
