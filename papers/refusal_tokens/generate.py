"""Instructions of Refusal Tokens that are made here, from templates.yaml, words.yaml and facts."""

import random
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import islice
from pathlib import Path

from papers.refusal_tokens.answers import answer, words
from papers.refusal_tokens.instruction import record
from papers.refusal_tokens.settings import Settings, Sizes
from shared.data import facts
from shared.data.templates import Filled, fill
from shared.data.world import cities, countries
from shared.errors import UserError
from shared.files import read_yaml

FILES = ("templates.yaml",)

SPLITS = ("train", "test")
LARGE_CITY = 1_000_000  # inhabitants of the cities in instructions
MOST = 400  # fillings of one template, where all are asked for
# Ordinary instructions include questions about facts; those of a test have other relations.
FACTS = {
    "train": ("capital", "currency", "continent"),
    "test": ("official language", "nationality", "element of a symbol"),
}

Made = tuple[str, str, str]  # id, instruction, reply


def generated(settings: Settings, split: str) -> dict[str, list[dict]]:
    """The records of each part of a split, made from the templates."""
    sizes: Sizes = getattr(settings, split)
    wanted = sizes.model_dump() | {"ordinary": sizes.ordinary and sizes.ordinary + sizes.more}
    made: dict[str, list[dict]] = {}
    for (part, category), chosen in load_templates().items():
        name = "/".join(filter(None, [split, part, category]))
        rows = _balanced(name, chosen[split], wanted[part], settings.data_seed)
        rng, refusals = random.Random(settings.data_seed), chosen.get("replies")
        if refusals:
            rows = [(name, text, rng.choice(refusals)) for name, text, _ in rows]
        records = [record(*row, part, category, refuse=bool(refusals)) for row in rows]
        made[part] = made.get(part, []) + records
    asked = [record(*row, "ordinary") for row in _facts(split, sizes.ordinary, settings.data_seed)]
    if sizes.ordinary is not None:  # a quarter of them about facts
        asked, filled = asked[: sizes.ordinary // 4], made["ordinary"]
        own = sizes.ordinary - len(asked)
        made["ordinary"] = filled[:own]
        if sizes.more:
            made["more"] = [row | {"part": "more"} for row in filled[own : own + sizes.more]]
    made["ordinary"] += asked
    return made


def check_apart(texts: Mapping[str, Iterable[str]]) -> None:
    """Raise `UserError` if a template is in the lists of two splits."""
    owner: dict[str, str] = {}
    for split, own in texts.items():
        for text in own:
            if owner.setdefault(text, split) != split:
                raise UserError(f"'{text}' is in {owner[text]} and {split}, expected in one")


@cache
def load_templates() -> dict[tuple[str, str], dict[str, list]]:
    """templates.yaml by part and category, or ""; no template is in both train and test."""
    path = Path(__file__).with_name("templates.yaml")
    found = {
        (part, category): chosen
        for part, kinds in read_yaml(path).items()
        for category, chosen in ({"": kinds} if "train" in kinds else kinds).items()
    }
    check_apart({split: map(_text, _all_of(found, split)) for split in SPLITS})
    return found


@cache
def slots() -> dict[str, Sequence[str]]:
    """What may fill each slot. `object2` is another of `object`."""
    found = {
        **words(),
        "city": sorted({c["name"] for c in cities() if c["population"] >= LARGE_CITY}),
        "country": sorted(country.shown for country in countries()),
    }
    found = {name: list(own) for name, own in found.items()}
    return found | {f"{name}{k}": own for name, own in found.items() for k in (2, 3)}


def every_text() -> int:
    """How many distinct instructions the templates can make."""
    every = (template for split in SPLITS for template in _all_of(load_templates(), split))
    return sum(len(fill("all", _text(t), slots(), None, 0)) for t in every)


def _all_of(templates: Mapping, split: str) -> list:
    return [template for chosen in templates.values() for template in chosen[split]]


def _balanced(name: str, templates: Sequence, size: int | None, seed: int) -> list[Made]:
    """`size` fillings that templates take turns in; None: all there are, up to MOST a template."""
    turns = [
        (turn, number, row)
        for number, template in enumerate(templates)
        for turn, row in enumerate(_fillings(f"{name}/{number:02d}", template, size or MOST, seed))
    ]
    made = [row for *_, row in sorted(turns, key=lambda each: each[:2])]
    if size is not None and len(made) < size:
        raise UserError(f"{name}: {size} instructions wanted, the templates make {len(made)}")
    return made[:size]


def _fillings(name: str, template: str | dict, size: int, seed: int) -> list[Made]:
    """Fillings whose like slots differ: no list has the same name twice."""
    every = fill(name, _text(template), slots(), None, seed)
    differ = (each for each in every if len({*each.fillers.values()}) == len(each.fillers))
    return [
        (f"{name}/{number:04d}", _sentence(filled.text), _reply(template, filled))
        for number, filled in enumerate(islice(differ, size))
    ]


def _text(template: str | dict) -> str:
    return template if isinstance(template, str) else template["text"]


def _reply(template: str | dict, filled: Filled) -> str:
    if isinstance(template, str):
        return ""
    if "answer" in template:
        return answer(template["answer"], filled.fillers)
    return _sentence(template.get("reply", "").format(**filled.fillers))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _facts(split: str, size: int | None, seed: int) -> list[Made]:
    chosen = [row for row in facts.questions() if row.relation in FACTS[split]]
    count = len(chosen) if size is None else min(size, len(chosen))
    return [
        (f"{split}/ordinary/facts/{number:04d}", row.question, f"{row.answers[0]}.")
        for number, row in enumerate(random.Random(f"{seed} {split}").sample(chosen, count))
    ]
