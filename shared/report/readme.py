"""The results in a paper's README."""

from collections.abc import Sequence
from pathlib import Path

from shared.errors import UserError
from shared.report import formats
from shared.report.claims import ClaimRow
from shared.report.collect import Results
from shared.report.items import item_title
from shared.report.markdown import item_lines, pipe_table
from shared.report.page import SCALES, PaperView, paper_views


def results_table(results: Results, items: Sequence[str], readme: Path) -> str:
    """The main figure, claims with their verdicts and the reproduced rows of some items, as
    Markdown.

    `items` are names of `comparison.csv` or of files in `tables/`, none for the first two items
    with numbers of ours. Rows that were not attempted are left to the report.
    """
    (view,) = paper_views([results], readme.parent, embedded=False)
    lines = [f"Scale `{results.scale}`. {SCALES.get(results.scale, '')}".strip()]
    if results.missing:
        lines += ["", *(f"- {line}" for line in results.missing)]
    if sentence := results.paper.replicated.get(results.scale):
        lines += ["", f"**{sentence}**"]
    if figure := view.main_figure:
        lines += ["", f"![{figure.title}]({figure.png})", "", f"*{figure.caption}*"]
    if view.claims:
        lines += ["", *_claims(view)]
    tables = {table.item: table for table in view.items}
    if not items:
        items = [item for item, table in tables.items() if table.attempted][:2]
    written = dict(results.tables)
    for item in items if tables else ():
        if item in tables and (tables[item].attempted or item not in written):
            table = tables[item]
            absent = f"**{table.title}**: no number of ours at this scale."
            lines += ["", *(item_lines(table) if table.attempted else [absent])]
        elif item in written:
            text = view.words.prose(written[item].strip())
            lines += ["", f"**{item_title(item)}**:", "", text]
        else:
            known = ", ".join(dict.fromkeys([*tables, *written]))
            raise UserError(f"no item or table '{item}' for the README; there are: {known}")
    return "\n".join(lines)


def _claims(view: PaperView) -> list[str]:
    bars = [*view.card.bars, view.card.ours]
    sums = "; ".join(f"{bar.name}: {bar.text}" for bar in bars if bar.parts)
    rows = []
    for claim in view.judged_claims:
        others = [f"{name}: {_verdict(row)}" for name, row in claim.others if row.effect]
        papers = claim.first.effect.papers if claim.first.effect else ""
        counted = claim.reported if claim.reported != formats.ABSENT else ""
        rows.append(
            [
                f"{claim.id}. {claim.text} ({claim.source})",
                ", ".join(filter(None, (papers, counted))) or formats.ABSENT,
                "; ".join([_verdict(claim.first), *others]),
                claim.reason,
            ]
        )
    lines = [f"**Claims** ({sums}), with the effect and its 95 % interval:", ""]
    lines += pipe_table(["claim", "in the paper", "here", "why"], rows)
    if blocked := [claim.id for claim in view.blocked_claims]:
        lines += ["", f"Blocked at this scale: {', '.join(blocked)}."]
    return lines


def _verdict(row: ClaimRow) -> str:
    return f"**{row.verdict}** {row.effect.text if row.effect else ''}".strip()
