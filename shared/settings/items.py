"""Some tables and figures alone: `snakemake r_tuning --config scale=paper items=table1,table3`.

`items` in paper.yaml says what of a scale's settings an item needs:

    items:
      table1: {variants: [vanilla, r-tuning], tasks: [pararel, mmlu], asker: []}

of each setting named here, which is a mapping, these entries. Of several items it is what any of
them needs. An item that is not there needs all.
"""

import os
from collections.abc import Mapping, Sequence

from shared.errors import UserError

Needs = Mapping[str, Sequence[str]]  # setting -> entries

VARIABLE = "REPLICATIONS_ITEMS"


def wanted() -> tuple[str, ...]:
    """The items of this run; none: all there are."""
    names = os.environ.get(VARIABLE, "").split(",")
    return tuple(name.strip() for name in names if name.strip())


def cut_to(values: dict, asked: Sequence[str], items: Mapping[str, Needs]) -> dict:
    """The settings of a scale with what the items asked for need. Of a mapping of which they need
    no entry null is left. Raises `UserError` where the scale has none of those needed."""
    needs = [items.get(name, {}) for name in asked]
    named = set.intersection(*(set(each) for each in needs)) if needs else set()
    cut = {}
    for name in named & set(values):
        if not isinstance(values[name] or {}, Mapping):  # the settings will say what is wrong
            continue
        wanted = dict.fromkeys(entry for each in needs for entry in each[name])
        cut[name] = {key: value for key, value in (values[name] or {}).items() if key in wanted}
        if wanted and not cut[name]:
            raise UserError(
                f"items: {', '.join(asked)}: found none of {', '.join(wanted)} in the {name} of"
                " this scale, expected some"
            )
    return values | {name: found or None for name, found in cut.items()}
