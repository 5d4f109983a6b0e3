"""The README's status table and the badge, from the summaries of all scales that were run."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

from shared.errors import UserError
from shared.files import read_json
from shared.planning.rehearsal.reach import Reached
from shared.report.counts import KINDS
from shared.report.formats import ABSENT
from shared.report.items import item_title
from shared.report.markdown import pipe_table
from shared.settings import is_result

NOTE = (
    "A claim counts once, read as the paper says where its code differs, and only if it is the "
    "paper's own. Verdicts are those of new runs; what was counted again from labels or data that "
    "the authors published, and what is arithmetic, stands apart. Numbers made with a stand-in "
    "model or data set are shown beside the paper's, not judged against them."
)
UNDECIDED = ("inconclusive", "one run", "not testable")
GALLERY = 4  # figures beside each other
FOREST = (
    "[![the effect of every claim with its interval, and the paper's own]"
    "(results/{scale}/forest.png)](results/{scale}/report.md)"
)
APART = KINDS[1:]  # beside the claims on new runs
LETTER, PADDING = 6.2, 6  # width of an average letter of 11 pixels, space on each side of a text


def read_summaries(results: Path) -> list[dict]:
    """`summary.json` of each scale under results/ that holds results."""
    paths = [path for path in sorted(results.glob("*/summary.json")) if is_result(path.parent.name)]
    if not paths:
        raise UserError(f"{results}: no summary.json but of smoke; run `snakemake report` first")
    summaries = []
    for path in paths:
        summaries.append(read_json(path))
        try:
            summaries[-1]["total"]["kinds"], summaries[-1]["papers"]
        except (KeyError, TypeError):
            raise UserError(f"{path}: not a summary of the report; write it again") from None
    return summaries


def status(summaries: Iterable[Mapping], reach: Sequence[Reached] = ()) -> str:
    """A table for each scale, and what scale `paper` would reach, as Markdown for the README in the
    root."""
    lines = []
    for summary in summaries:
        scale = summary["scale"]
        lines += [f"![claims at {scale}](results/{scale}/badge.svg)", ""]
        lines += [f"At scale `{scale}` ([the whole report](results/{scale}/report.md)):", ""]
        lines += [*_table(summary), "", *_gallery(summary)]
        if any(_effects(paper) for paper in summary["papers"].values()):
            lines += [FOREST.format(scale=scale), ""]
    return "\n".join([*lines, NOTE, *(["", _reach(reach)] if reach else [])])


def _effects(paper: Mapping) -> bool:
    return any(
        verdict in ("holds", "fails", "inconclusive", "one run")
        for by_protocol in paper["verdicts"].values()
        for verdict in by_protocol.values()
    )


def _gallery(summary: Mapping) -> list[str]:
    """The main figure of each paper, small, each a link to the paper's README."""
    cells = [
        f'<td width="{100 // GALLERY}%"><a href="papers/{paper_id}/README.md">'
        f'<img src="results/{summary["scale"]}/{paper_id}/figures/{paper["figure"]}.png" '
        f'alt="{escape(paper["name"])}: {item_title(paper["figure"])}"></a><br>'
        f"{escape(paper['name'])}</td>"
        for paper_id, paper in summary["papers"].items()
        if paper.get("figure")
    ]
    rows = [cells[at : at + GALLERY] for at in range(0, len(cells), GALLERY)]
    lines = [line for row in rows for line in ("<tr>", *row, "</tr>")]
    return ["<table>", *lines, "</table>", ""] if lines else []


def _reach(papers: Sequence[Reached]) -> str:
    known, reached = (sum(getattr(each, name) for each in papers) for name in ("known", "reached"))
    return (
        f"Of the {known:,} numbers that the papers print and that are known, {reached:,} have a "
        "path through scale `paper` to a cell of ours, which was walked from end to end "
        "([rehearsal](docs/rehearsal.md), [number by number](results/reach.csv))."
    )


def badge(summary: Mapping) -> str:
    """`claims replicated at cpu | 6 hold, 1 fail, 20 inconclusive, 40 of one run`, as SVG."""
    claims = summary["total"]["kinds"]["replicated"]
    label = f"claims replicated at {summary['scale']}"
    message = (
        f"{claims['holds']} hold, {claims['fails']} fail, "
        f"{claims['inconclusive']} inconclusive, {claims['one run']} of one run"
    )
    widths = [round(LETTER * len(text)) for text in (label, message)]
    left, right = (width + 2 * PADDING for width in widths)
    picture = Path(__file__).with_name("templates") / "badge.svg"
    return picture.read_text(encoding="utf-8").format(
        text=f"{label}: {message}",
        label=label,
        message=message,
        width=left + right,
        left=left,
        inner=right - 3,
        left_text=widths[0],
        right_at=left + PADDING,
        right_text=widths[1],
    )


def _table(summary: Mapping) -> list[str]:
    heads = ["holds", "fails", "undecided", "blocked", *APART]
    rows = []
    for paper_id, paper in summary["papers"].items():
        name = f"[{paper.get('name', paper_id)}](papers/{paper_id}/README.md)"
        kinds = paper["kinds"]
        if paper["run"]:
            new = kinds["replicated"]
            undecided = sum(new[verdict] for verdict in UNDECIDED)
            counts = [new["holds"], new["fails"], undecided, new["blocked"]]
            counts += [_holding(kinds[kind]) for kind in APART]
            rows.append([name, paper.get("replicated") or paper["title"], *map(str, counts)])
        else:
            rows.append([name, "no results yet", *[ABSENT] * len(heads)])
    return pipe_table(["paper", "what replicated", *heads], rows, numbers=len(heads))


def _holding(counts: Mapping[str, int]) -> str:
    """`3 of 4 hold`; nothing where there are none."""
    total = sum(counts.values())
    return f"{counts['holds']} of {total} hold" if total else ABSENT
