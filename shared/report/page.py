"""The report of one scale, `report.html` and `report.md`: what the templates show."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
import yaml
from markupsafe import Markup

from shared.planning.rehearsal.reach import Reached
from shared.report import formats
from shared.report.claims import ClaimView, claim_views
from shared.report.collect import Results, Row
from shared.report.counts import (
    CELL_VERDICTS,
    CLAIM_VERDICTS,
    arithmetic,
    paper_counts,
    seconds,
    total_counts,
)
from shared.report.items import (
    PROTOCOL_NAMES,
    ItemTable,
    item_tables,
    item_title,
    own_rows,
    stand_ins,
)
from shared.report.markdown import inline, to_html
from shared.report.pictures import FigureView, figure_views
from shared.report.provenance import Provenance, provenance
from shared.settings import as_printed

TEMPLATES = Path(__file__).parent / "templates"
# What a reader must know of a scale before any number.
SCALES = yaml.safe_load((TEMPLATES / "scales.yaml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class PaperView:
    """One paper, ready to be shown."""

    results: Results
    counts: dict
    claims: list[ClaimView]
    items: list[ItemTable]
    own: tuple[list[str], list[list[str]]]
    stand_ins: list[tuple[str, str]]
    figures: list[FigureView]
    tables: list[tuple[str, str]]  # title, HTML
    provenance: Provenance

    @property
    def id(self) -> str:
        return self.results.paper.id

    @property
    def paper(self) -> object:
        return self.results.paper

    @property
    def deviations(self) -> list:
        return [
            entry
            for entry in self.paper.deviations
            if as_printed(self.results.scale) in entry.scales
        ]

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
    def arithmetic(self) -> list[Row]:
        return arithmetic(self.results.audit)

    @property
    def disagreeing(self) -> int:
        return sum(row["agrees"] == "no" for row in self.arithmetic)


def render(
    scale: str,
    papers: list[Results],
    model: str | None = None,
    workflow: str | None = None,
    reach: Sequence[Reached] = (),
) -> dict[str, str]:
    """`report.html` and `report.md` of a scale, as text.

    `model` is the user's own, if any; `workflow` is Snakemake's own page of the run, packed;
    `reach` is what scale `paper` would reach, if it was rehearsed.
    """
    context = {
        "scale": scale,
        "model": model,
        "banner": SCALES.get(scale, ""),
        "papers": [_view(results) for results in papers],
        "total": total_counts(papers),
        "minutes": formats.minutes(seconds(papers)),
        "workflow": workflow,
        "reach": reach,
        "cell_verdicts": CELL_VERDICTS,
        "claim_verdicts": CLAIM_VERDICTS,
        "protocol_names": PROTOCOL_NAMES,
    }
    return {
        name: _environment(name).get_template(f"{name}.j2").render(context)
        for name in ("report.html", "report.md")
    }


def _view(results: Results) -> PaperView:
    return PaperView(
        results=results,
        counts=paper_counts(results),
        claims=claim_views(results.claims),
        items=item_tables(results.comparison, results.cells),
        own=own_rows(results.comparison, results.cells),
        stand_ins=stand_ins(results.comparison),
        figures=figure_views(results.figures),
        tables=[(item_title(name), to_html(text)) for name, text in results.tables],
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
    return environment
