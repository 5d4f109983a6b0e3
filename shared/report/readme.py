"""The results table in a paper's README."""

from collections.abc import Sequence

from shared.errors import UserError
from shared.report import formats
from shared.report.claims import ClaimRow, claim_views
from shared.report.collect import Results
from shared.report.counts import claim_counts, protocols
from shared.report.items import ItemTable, OurColumn, Shown, item_tables, item_title
from shared.report.markdown import pipe_table
from shared.report.page import SCALES


def results_table(results: Results, items: Sequence[str]) -> str:
    """Claims with their verdicts and the reproduced rows of some items, as Markdown.

    `items` are names of `comparison.csv` or of files in `tables/`, none for the first two items
    with numbers of ours. Rows that were not attempted are left to the report.
    """
    lines = [f"Scale `{results.scale}`. {SCALES.get(results.scale, '')}".strip()]
    if results.missing:
        lines += ["", *(f"- {line}" for line in results.missing)]
    if results.claims:
        lines += ["", *_claims(results)]
    tables = {table.item: table for table in item_tables(results.comparison, results.cells)}
    if not items:
        items = [item for item, table in tables.items() if table.attempted][:2]
    written = dict(results.tables)
    for item in items if tables else ():
        if item in tables and (tables[item].attempted or item not in written):
            lines += ["", *_item(tables[item])]
        elif item in written:
            lines += ["", f"**{item_title(item)}**:", "", written[item].strip()]
        else:
            known = ", ".join([*tables, *written])
            raise UserError(f"no item or table '{item}' for the README; there are: {known}")
    return "\n".join(lines)


def _claims(results: Results) -> list[str]:
    counts = claim_counts(results.claims)
    found = protocols(results.claims)
    sums = "; ".join(
        (f"{name}: " if name else "")
        + ", ".join(f"{verdict} {count}" for verdict, count in counts[name].items() if count)
        for name in found
    )
    rows, blocked = [], []
    for claim in claim_views(results.claims):
        if claim.blocked:
            blocked.append(claim.id)
            continue
        by = {row.protocol: row for row in claim.rows}
        verdicts = [_verdict(by[name]) if name in by else formats.ABSENT for name in found]
        rows.append([f"{claim.id}. {claim.text} ({claim.source})", claim.reported, *verdicts])
    head = ["claim", "in the paper", *(name or "verdict" for name in found)]
    lines = [f"**Claims** ({sums}), with the effect and its 95 % interval:", ""]
    lines += pipe_table(head, rows)
    if blocked:
        lines += ["", f"Blocked at this scale: {', '.join(blocked)}."]
    return lines


def _verdict(row: ClaimRow) -> str:
    numbers = [] if row.effect == formats.ABSENT else [row.effect, row.interval]
    return " ".join([f"**{row.verdict}**", *numbers]).strip()


def _item(table: ItemTable) -> list[str]:
    names = [shown.text for shown in table.models]
    models = list(dict.fromkeys(_whose(column) for column in table.ours))
    heads = [
        ", ".join(filter(None, ("ours", column.protocol, len(models) > 1 and column.our_model)))
        for column in table.ours
    ]
    reproduced = [
        place for place, name in enumerate(names) if name in {c.model for c in table.ours}
    ]
    rows, notes = [], []
    for row in table.rows:
        if all(shown.text == formats.ABSENT for shown in row.ours):
            continue
        dataset = f"{row.dataset} (ours: {row.our_dataset})" if row.our_dataset else row.dataset
        metric = [] if table.metric else [row.metric]
        reported = [_reported(row.reported[place], table, notes) for place in reproduced]
        rows.append([dataset, *metric, row.method, *reported, *map(_number, row.ours)])
    title = f"**{table.title}**" + (f", {table.metric}" if table.metric else "")
    title += "".join(f", {model}" for model in models)
    if not rows:
        return [f"{title}: not attempted at this scale."]
    head = ["data set", *([] if table.metric else ["metric"]), "method"]
    head += [f"paper, {names[place]}" for place in reproduced] + heads
    lines = [f"{title}:", "", *pipe_table(head, rows, numbers=len(reproduced) + len(heads))]
    for number, note in enumerate(notes, start=1):
        lines += ["", f"<sup>{number}</sup> {note}"]
    return lines


def _reported(shown: Shown, table: ItemTable, notes: list[str]) -> str:
    """A number of the paper; where it is not printed by it, with a footnote, added to `notes`."""
    if not shown.note:
        return shown.text
    if (note := table.notes[shown.note - 1]) not in notes:
        notes.append(note)
    return f"{shown.text}<sup>{notes.index(note) + 1}</sup>"


def _whose(column: OurColumn) -> str:
    return column.our_model + (f" (stand-in for {column.model})" if column.stand_in else "")


def _number(shown: Shown) -> str:
    judged = shown.verdict if shown.verdict in ("match", "compatible", "differs") else ""
    return " ".join(filter(None, (shown.text, shown.interval, judged)))
