"""Instructions of Refusal Tokens that are made here, from templates.yaml, words.yaml and facts."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import yaml

from papers.refusal_tokens.answers import answer
from papers.refusal_tokens.instruction import record
from papers.refusal_tokens.methods import CATEGORIES
from papers.refusal_tokens.settings import Settings, Sizes
from shared.data import facts
from shared.data.templates import Filled, fill
from shared.data.world import cities, countries
from shared.errors import UserError

FILES = ("templates.yaml", "words.yaml")

FOLDER = Path(__file__).parent
SPLITS = ("train", "test")
PARTS = ("original", "contrast", "ordinary", "temporal", "dated")
LARGE_CITY = 1_000_000  # inhabitants of the cities in instructions
MOST = 400  # fillings of one template, where all are asked for
# Ordinary instructions include questions about facts; those of a test have other relations.
FACTS = {
    "train": ("capital", "currency", "continent"),
    "test": ("official language", "nationality", "element of a symbol"),
}


def generated(settings: Settings, split: str) -> dict[str, list[dict]]:
    """The records of each part of a split, made from the templates."""
    sizes: Sizes = getattr(settings, split)
    seed, templates = settings.data_seed, load_templates()
    made: dict[str, list[dict]] = {part: [] for part in PARTS}
    for category in CATEGORIES:
        chosen = templates["refusals"][category]
        rows = _balanced(f"{split}/original/{category}", chosen[split], sizes.original, seed)
        refused = _refusing(rows, chosen["replies"], seed)
        made["original"] += [record(*row, "original", category, refuse=True) for row in refused]
        if category in templates["contrast"]:
            chosen = templates["contrast"][category]
            rows = _balanced(f"{split}/contrast/{category}", chosen[split], sizes.contrast, seed)
            made["contrast"] += [record(*row, "contrast", category) for row in rows]
    ordinary = _balanced(f"{split}/ordinary", templates["ordinary"][split], sizes.ordinary, seed)
    asked = _facts(split, sizes.ordinary, seed)
    both = [*ordinary, *asked]
    if sizes.ordinary is not None:  # a quarter of them about facts
        quarter = sizes.ordinary // 4
        both = [*ordinary[: sizes.ordinary - quarter], *asked[:quarter]]
    made["ordinary"] += [record(*row, "ordinary") for row in both]
    chosen = templates["temporal"]
    rows = _balanced(f"{split}/temporal", chosen[split], sizes.temporal, seed)
    refused = _refusing(rows, chosen["replies"], seed)
    made["temporal"] += [record(*row, "temporal", refuse=True) for row in refused]
    rows = _balanced(f"{split}/dated", templates["dated"][split], sizes.dated, seed)
    made["dated"] += [record(*row, "dated") for row in rows]
    return made


def check_apart(texts: Mapping[str, Iterable[str]]) -> None:
    """Raise `UserError` if an instruction is in two splits. Templates are apart by their lists,
    which must not share one either."""
    owner: dict[str, str] = {}
    for split, own in texts.items():
        for text in own:
            if owner.setdefault(text, split) != split:
                raise UserError(f"'{text}' is in {owner[text]} and {split}, expected in one")


@cache
def load_templates() -> dict:
    """templates.yaml; no template is in both of its lists."""
    found = yaml.safe_load((FOLDER / "templates.yaml").read_text(encoding="utf-8"))
    check_apart({split: map(_text, _all_of(found, split)) for split in SPLITS})
    return found


@cache
def slots() -> dict[str, list[str]]:
    """What may fill each slot. `object2` is another of `object`."""
    found = yaml.safe_load((FOLDER / "words.yaml").read_text(encoding="utf-8"))
    found["city"] = sorted({c["name"] for c in cities() if c["population"] >= LARGE_CITY})
    found["country"] = sorted(country.shown for country in countries())
    return found | {f"{name}{k}": words for name, words in found.items() for k in (2, 3)}


def every_text() -> int:
    """How many distinct instructions the templates can make."""
    every = (template for split in SPLITS for template in _all_of(load_templates(), split))
    return sum(len(fill("all", _text(t), slots(), None, 0)) for t in every)


def _all_of(templates: dict, split: str) -> list:
    lists = [*templates["refusals"].values(), *templates["contrast"].values()]
    lists += [templates["ordinary"], templates["temporal"], templates["dated"]]
    return [template for each in lists for template in each[split]]


def _balanced(
    name: str, templates: Sequence, size: int | None, seed: int
) -> list[tuple[str, str, str]]:
    """(id, instruction, reply) of `size` fillings that templates take turns in; None: all there
    are, up to MOST a template."""
    made = []
    for number, template in enumerate(templates):
        own = _fillings(f"{name}/{number:02d}", template, size or MOST, seed)
        made += [(turn, number, row) for turn, row in enumerate(own)]
    made = [row for *_, row in sorted(made, key=lambda entry: entry[:2])]
    if size is not None and len(made) < size:
        raise UserError(f"{name}: {size} instructions wanted, the templates make {len(made)}")
    return made[:size]


def _fillings(name: str, template, size: int, seed: int) -> Iterator[tuple[str, str, str]]:
    """Fillings whose like slots differ: no list has the same name twice."""
    found: list[Filled] = fill(name, _text(template), slots(), None, seed)
    number = 0
    for filled in found:
        if len(set(filled.fillers.values())) < len(filled.fillers):
            continue
        yield f"{name}/{number:04d}", _sentence(filled.text), _reply(template, filled)
        number += 1
        if number == size:
            return


def _text(template) -> str:
    return template if isinstance(template, str) else template["text"]


def _reply(template, filled: Filled) -> str:
    if isinstance(template, str):
        return ""
    if "answer" in template:
        return answer(template["answer"], filled.fillers)
    return _sentence(template.get("reply", "").format(**filled.fillers))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _refusing(rows: Sequence[tuple], replies: Sequence[str], seed: int) -> list[tuple]:
    rng = random.Random(seed)
    return [(name, text, rng.choice(replies)) for name, text, _ in rows]


def _facts(split: str, size: int | None, seed: int) -> list[tuple[str, str, str]]:
    chosen = [row for row in facts.questions() if row.relation in FACTS[split]]
    count = len(chosen) if size is None else size
    rows = random.Random(f"{seed} {split}").sample(chosen, min(count, len(chosen)))
    return [
        (f"{split}/ordinary/facts/{number:04d}", row.question, f"{row.answers[0]}.")
        for number, row in enumerate(rows)
    ]
