"""The questions of RoleRef: five types for each role, made from atomic facts and events.

A question:

    id, role, type, split   "holmes/fake/train/014", one of the five types, train or test; taught:
                            what a stand-in is prepared with (teach.py, pretrain.py), of the facts
                            of train
    fact                    the fact or event that it is about; no fact is in train and in test
    edit                    the kind of falsification (fake and context_conflict)
    question                the text
    target                  a right reply in the role's voice
    keys                    words that a right answer has (answerable)
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import count, cycle, islice, product
from pathlib import Path
from typing import NamedTuple

from papers.roleref import facts
from papers.roleref.facts import Event, Fact
from papers.roleref.settings import Counts, work_texts
from shared.data.splits import random_part
from shared.errors import UserError
from shared.files import read_yaml

FILES = ("invented.yaml", "works/*.yaml")

FOLDER = Path(__file__).parent
SPLITS = ("train", "test")
TAUGHT = ("answerable", "out_series")  # see teach.py
# So many of a role train, and all others test, as each of those is a unit of a verdict.
TRAIN_FACTS = {"profile_facts": 2, "facts": 6}
TRAIN_EVENTS = {1: 5, 2: 1}  # by how many roles were there


class Role(NamedTuple):
    """A role with what is known of it, and in which split each fact and event is."""

    id: str
    work: str
    texts: Mapping  # of the YAML file
    facts: list[Fact]
    events: list[Event]
    split_of: Mapping[str, str]  # id of a fact or event -> train or test


def read_work(name: str, seed: int) -> list[Role]:
    """The roles of a file in works/."""
    values = work_texts(name)
    events = []
    for number, row in enumerate(values["events"]):
        done = {role: row[role] for role in values["roles"] if role in row}
        events.append(Event(f"{name}/event/{number:02d}", row["when"], done))
    # the events of one role alone, of the other, and of both are split each for themselves
    split_of, alike = {}, {}
    for event in events:
        alike.setdefault(tuple(event.done), []).append(event.id)
    for there, ids in alike.items():
        split_of |= _split(ids, TRAIN_EVENTS[len(there)], seed)
    roles = []
    for role, texts in values["roles"].items():
        own = []
        for kind, trained in TRAIN_FACTS.items():
            ids = [f"{role}/{kind}/{number:02d}" for number in range(len(texts[kind]))]
            split_of |= _split(ids, trained, seed)
            lines = zip(texts[kind], ids, strict=True)
            own += [facts.read_fact(*each, kind == "profile_facts") for each in lines]
        roles.append(Role(role, name, texts, own, events, split_of))
    return roles


def _split(ids: Sequence[str], train: int, seed: int) -> dict[str, str]:
    order = random.Random(f"{seed} {ids[0]}").sample(list(ids), len(ids))
    return {id: "train" if place < train else "test" for place, id in enumerate(order)}


def queries(roles: Sequence[Role], counts: Counts, seed: int) -> list[dict]:
    """All queries: of train the three types that are trained on, of test all five; and as taught
    two types, of what train has left."""
    invented = read_yaml(FOLDER / "invented.yaml")
    own = {(role.id, split): list(_answerable(role, split)) for role in roles for split in SPLITS}
    made, told = [], Counter()  # of each fact, to how many roles of other stories it was put
    for role, split in product(roles, SPLITS):
        pools = {
            "answerable": own[role.id, split],
            "out_series": [
                row | {"target": role.texts["refuses"], "keys": []}
                for other in roles
                if other.work != role.work
                for row in own[other.id, split]
                if facts.has_name(row["question"])
            ],
            "fake": list(_false(role, split, invented, in_profile=False)),
        }
        if split == "test":
            pools["context_conflict"] = list(_false(role, split, invented, in_profile=True))
            pools["absent"] = list(_absent(role))
        found: dict[str, list[dict]] = {}
        for type, pool in pools.items():
            most = counts.test if split == "test" else getattr(counts, type)
            if type == "absent" and counts.absent is not None:
                most = min(counts.absent, len(pool))
            taught = counts.taught if split == "train" and type in TAUGHT else 0
            if type == "out_series":
                forms = [_form(row) for row in found["answerable"]]
                pool = _in_forms(pool, forms, told, f"{seed} {role.id}")
            found[type] = rows = _sample(role, type, split, pool, most, taught, seed)
            if type == "out_series":
                told.update(row["fact"] for row in rows[:most])
            for number, row in enumerate(rows):
                named = "taught" if taught and number >= len(rows) - taught else split
                id = f"{role.id}/{type}/{named}/{number:03d}"
                made.append({"id": id, "role": role.id, "type": type, "split": named, **row})
    _check_disjoint(made)
    return made


def _answerable(role: Role, split: str) -> Iterator[dict]:
    for fact in _of_split(role.facts, role, split):
        for question, slot in facts.true_questions(fact, role.texts["knows"]):
            yield _row(fact.id, question, fact.statement(), keys=facts.key_words(slot.text))
    for event in _of_split(role.events, role, split):
        if did := event.done.get(role.id):
            for question in facts.EVENT_QUESTIONS:
                yield _row(event.id, question.format(event.clause), f"{did}.", facts.key_words(did))


def _false(role: Role, split: str, invented: Mapping, in_profile: bool) -> Iterator[dict]:
    half = slice(0, 4) if split == "train" else slice(4, 8)
    names = {kind: words[half] for kind, words in invented.items()}
    topics = role.texts["limits"] if in_profile else role.texts["unsaid_limits"]
    topics = topics if in_profile else topics[:1] if split == "train" else topics[1:]
    chance = random.Random(f"{role.id} {split} {in_profile}")
    for fact in _of_split(role.facts, role, split):
        if fact.in_profile != in_profile:
            continue
        one = {kind: [chance.choice(words)] for kind, words in names.items()}
        for edit, question, false in facts.false_questions(fact, one, topics):
            right = f"I know nothing of {false}." if edit == "knowledge" else fact.statement()
            yield _row(fact.id, question, f"{role.texts['corrects']} {right}", edit=edit)


def _absent(role: Role) -> Iterator[dict]:
    for event in _of_split(role.events, role, "test"):
        for question in facts.EVENT_QUESTIONS if role.id not in event.done else ():
            yield _row(event.id, question.format(event.clause), "I was not there to see it.")


def _of_split(things: Sequence, role: Role, split: str) -> list:
    return [thing for thing in things if role.split_of[thing.id] == split]


def _row(fact: str, question: str, target: str, keys: Sequence[str] = (), edit: str = "") -> dict:
    return {"fact": fact, "edit": edit, "question": question, "target": target, "keys": [*keys]}


def _sample(
    role: Role, type: str, split: str, pool: list, most: int | None, taught: int, seed: int
) -> list:
    """`most` and then `taught` of a pool, in random order, but each fact is asked about once before
    any is asked about again, as questions about one fact say less. A role without any of a type
    was everywhere; one with too few is a mistake, as roles count alike in every mean."""
    size = len(pool) if most is None or not pool else most + taught
    what = f"counts, {split} questions of type {type} of {role.id}"
    if type == "out_series" and size <= len(pool):
        return pool[:size]  # in an order of its own
    whole = random_part(pool, max(size, len(pool)), f"{seed} {role.id} {type} {split}", what)
    return _spread(whole)[:size]


def _spread(rows: Sequence[dict]) -> list[dict]:
    """In the order in which they are, but first one question about each fact, then a second."""
    turns: defaultdict[str, Iterator[int]] = defaultdict(count)
    return sorted(rows, key=lambda row: next(turns[row["fact"]]))


def _in_forms(pool: list, forms: Sequence[str], told: Mapping[str, int], seed: str) -> list:
    """A pool in random order, but so that each row has the form in its place of `forms`, as long
    as there are any: else form would tell out_series questions from answerable ones. Of those of a
    form the next one is about a fact that was told least, so that many facts are asked about."""
    left, seen = defaultdict(list), Counter(told)
    for row in random_part(pool, len(pool), seed, "out_series"):
        left[_form(row)].append(row)
    made = []
    for form in islice(cycle(forms), len(pool)):
        rows = left[form] or max(left.values(), key=len)
        row = min(rows, key=lambda row: seen[row["fact"]])
        rows.remove(row)
        seen[row["fact"]] += 1
        made.append(row)
    return made


def _form(row: dict) -> str:
    """Of what kind a question is: of an event, with a topic before it, or plain."""
    if "/event/" in row["fact"]:
        return "event"
    return "topic" if row["question"].startswith(facts.TOPIC) else "plain"


def _check_disjoint(rows: Sequence[dict]) -> None:
    test = {row["fact"] for row in rows if row["split"] == "test"}
    if both := test & {row["fact"] for row in rows if row["split"] != "test"}:
        raise UserError(f"fact {min(both)} is in train and in test")
