"""The report of one scale, `report.html`, `report.md` and `provenance.md`: what templates show."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
from markupsafe import Markup

from shared.files import read_yaml
from shared.planning.rehearsal.reach import Reached
from shared.plots.words import Words
from shared.report import formats
from shared.report.cards import Card, Strip, card, strips
from shared.report.claims import ClaimView, claim_views
from shared.report.collect import Results, Row
from shared.report.counts import (
    CELL_VERDICTS,
    CLAIM_VERDICTS,
    arithmetic,
    main_figure,
    paper_counts,
    seconds,
    total_counts,
)
from shared.report.items import PROTOCOL_NAMES, ItemTable, item_tables, item_title
from shared.report.markdown import inline, item_lines, to_html
from shared.report.own import own_rows, stand_ins
from shared.report.pictures import FigureView, figure_views
from shared.report.provenance import Provenance, provenance
from shared.settings import as_printed

TEMPLATES = Path(__file__).parent / "templates"
PAGES = ("report.html", "report.md", "provenance.md")
# What a reader must know of a scale before any number.
SCALES = read_yaml(TEMPLATES / "scales.yaml")


@dataclass(frozen=True)
class PaperView:
    """One paper, ready to be shown."""

    results: Results
    words: Words
    counts: dict
    card: Card
    claims: list[ClaimView]
    strips: list[Strip]
    items: list[ItemTable]
    own: tuple[list[str], list[list[str]]]
    stand_ins: list[tuple[str, str]]
    figures: list[FigureView]
    tables: list[tuple[str, str, str]]  # name, title, HTML: those that are no table of the paper
    provenance: Provenance

    @property
    def id(self) -> str:
        return self.results.paper.id

    @property
    def paper(self) -> object:
        return self.results.paper

    @property
    def deviations(self) -> list:
        scale = as_printed(self.results.scale)
        return [entry for entry in self.paper.deviations if scale in entry.scales]

    @property
    def minutes(self) -> str:
        return formats.minutes(seconds([self.results]))

    @property
    def judged_claims(self) -> list[ClaimView]:
        return [claim for claim in self.claims if not claim.blocked]

    @property
    def blocked_claims(self) -> list[ClaimView]:
        return [claim for claim in self.claims if claim.blocked]

    @property
    def main_figure(self) -> FigureView | None:
        name = main_figure(self.results)
        return next((figure for figure in self.figures if figure.name == name), None)

    @property
    def main_item(self) -> ItemTable | None:
        """The first table with numbers of ours, of those for the README if there is one."""
        made = [table for table in self.items if table.attempted]
        named = [table for table in made if table.item in self.paper.readme_items]
        return next(iter(named + made), None)

    @property
    def anchors(self) -> dict[str, str]:
        """Table → where it stands in the page."""
        found = {table.item: f"{self.id}-table-{table.item}" for table in self.items}
        return {name: f"{self.id}-ours-{name}" for name, _, _ in self.tables} | found

    def told_by(self, kind: str, name: str) -> str:
        """The verdicts of the claims about a table or figure (`tables`, `figures`), for the
        filter."""
        verdicts = [claim.first.verdict for claim in self.claims if name in getattr(claim, kind)]
        return " ".join(dict.fromkeys(verdict.replace(" ", "-") for verdict in verdicts))

    @property
    def arithmetic(self) -> list[Row]:
        return arithmetic(self.results.audit)

    @property
    def disagreeing(self) -> int:
        return sum(row["agrees"] == "no" for row in self.arithmetic)


def paper_views(papers: Sequence[Results], out: Path, embedded: bool = True) -> list[PaperView]:
    """`out` is the folder of the page, from which links to figures start; `embedded`: figures lie
    in the page."""
    return [_view(results, out, embedded) for results in papers]


def render(
    scale: str,
    views: list[PaperView],
    model: str | None = None,
    workflow: str | None = None,
    reach: Sequence[Reached] = (),
) -> dict[str, str]:
    """The pages of a scale as text, by name.

    `model` is the user's own, if any; `workflow` is Snakemake's own page of the run, packed;
    `reach` is what scale `paper` would reach, if it was rehearsed.
    """
    papers = [view.results for view in views]
    context = {
        "scale": scale,
        "model": model,
        "banner": SCALES.get(scale, ""),
        "papers": views,
        "total": total_counts(papers),
        "minutes": formats.minutes(seconds(papers)),
        "workflow": workflow,
        "reach": reach,
        "names": {view.id: view.paper.name for view in views},
        "cell_verdicts": CELL_VERDICTS,
        "claim_verdicts": CLAIM_VERDICTS,
        "protocol_names": PROTOCOL_NAMES,
    }
    return {name: _environment(name).get_template(f"{name}.j2").render(context) for name in PAGES}


def _view(results: Results, out: Path, embedded: bool) -> PaperView:
    def link(path: Path) -> str:
        return Path(os.path.relpath(path, out)).as_posix()

    words = Words(results.paper)
    items = item_tables(results.comparison, results.cells, words)
    shown = {table.item for table in items}
    return PaperView(
        results=results,
        words=words,
        counts=paper_counts(results),
        card=card(results, words),
        claims=(claims := claim_views(results, words)),
        strips=strips(claims),
        items=items,
        own=own_rows(results.comparison, results.cells, words),
        stand_ins=stand_ins(results.comparison),
        figures=figure_views(results.figures, words, link, embedded),
        tables=[
            (name, item_title(name), to_html(words.prose(text)))
            for name, text in results.tables
            if name not in shown
        ],
        provenance=provenance(results.runs, results.sources),
    )


def _environment(name: str) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=name.endswith(".html"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["inline"] = lambda text: Markup(inline(text))
    environment.filters["absent"] = lambda value: formats.ABSENT if value in ("", None) else value
    environment.filters["pipe"] = lambda value: str(value).replace("|", "\\|").replace("\n", " ")
    environment.filters["title"] = item_title
    environment.filters["item_lines"] = item_lines
    return environment
