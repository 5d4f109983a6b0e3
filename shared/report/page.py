"""The report of one scale: what the templates show, from the results of its papers."""

import base64
import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import jinja2
from markupsafe import Markup

from shared.report import formats
from shared.report.collect import Picture, Results, Row
from shared.report.counts import (
    CELL_VERDICTS,
    CLAIM_VERDICTS,
    arithmetic,
    cell_counts,
    claim_counts,
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

# What a reader must know of a scale before any number.
SCALES = {
    "smoke": (
        "This is the smoke test. Models have random weights and data are a few generated rows: "
        "nothing here is a result."
    ),
    "cpu": (
        "Numbers of stand-in models are shown beside the paper's, not judged against them. Small "
        "models and small or generated data stand in for the paper's own; claims are judged, since "
        "a direction can be."
    ),
    "gpu": (
        "Numbers of stand-in models are shown beside the paper's, not judged against them. Small "
        "models stand in for the paper's own, on real benchmarks; claims are judged, since a "
        "direction can be."
    ),
    "paper": "The paper's own models, data and hyperparameters: numbers are judged, both ways.",
}


class ClaimRow(NamedTuple):
    protocol: str
    verdict: str
    effect: str
    interval: str
    n: str
    p: str
    p_holm: str
    pairs: str
    test: str
    note: str


class ClaimView(NamedTuple):
    id: str
    text: str
    source: str
    reported: str  # "10 of 12"
    rows: list[ClaimRow]

    @property
    def remarks(self) -> list[str]:
        """Test and note of the rows that were judged."""
        judged = [row for row in self.rows if row.verdict != "blocked"]
        return _once({r.protocol: "; ".join(filter(None, (r.test, r.note))) for r in judged})

    @property
    def reasons(self) -> list[str]:
        """Why the rows could not be judged."""
        return _once({row.protocol: row.note for row in self.rows if row.verdict == "blocked"})

    @property
    def blocked(self) -> bool:
        return all(row.verdict == "blocked" for row in self.rows)


class RunView(NamedTuple):
    step: str
    commit: str
    dirty: bool
    duration: str
    share: float  # of the paper's seconds, in percent
    tokens: str
    hardware: str
    inputs: dict[str, str]


class FigureView(NamedTuple):
    title: str
    caption: str
    data: str  # base64 of the PNG
    width: int
    height: int


@dataclass(frozen=True)
class PaperView:
    """One paper, ready to be shown."""

    results: Results
    cells: dict[str, int]
    claim_counts: dict[str, dict[str, int]]
    claims: list[ClaimView]
    items: list[ItemTable]
    own: tuple[list[str], list[list[str]]]
    stand_ins: list[tuple[str, str]]
    figures: list[FigureView]
    tables: list[tuple[str, str]]  # title, HTML
    runs: list[RunView]
    packages: dict[str, str]
    settings: list[tuple[list[str], str]]  # steps, their settings
    sources: tuple[list[str], list[list[list[str]]]] | None  # heading; rows of cells of lines
    seconds: str

    @property
    def id(self) -> str:
        return self.results.paper.id

    @property
    def paper(self) -> object:
        return self.results.paper

    @property
    def deviations(self) -> list:
        return [entry for entry in self.paper.deviations if self.results.scale in entry.scales]

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


def render(scale: str, papers: list[Results], model: str | None = None) -> dict[str, str]:
    """`report.html` and `report.md` of a scale, as text; `model` is the user's own, if any."""
    views = [_view(results) for results in papers]
    context = {
        "scale": scale,
        "model": model,
        "banner": SCALES.get(scale, ""),
        "papers": views,
        "cell_verdicts": CELL_VERDICTS,
        "claim_verdicts": CLAIM_VERDICTS,
        "protocol_names": PROTOCOL_NAMES,
    }
    return {
        name: _environment(name).get_template(f"{name}.j2").render(context)
        for name in ("report.html", "report.md")
    }


def claim_views(claims: list[Row]) -> list[ClaimView]:
    """One view a claim, with a row for each protocol it was judged under."""
    views: dict[str, ClaimView] = {}
    for row in claims:
        reported = formats.share(row["reported_in_direction"], row["reported_pairs"])
        view = ClaimView(row["id"], row["text"], row["source"], reported, [])
        views.setdefault(row["id"], view).rows.append(_claim_row(row))
    return list(views.values())


def _once(texts: dict[str, str]) -> list[str]:
    """Texts by protocol, with the protocol only where they differ."""
    if len(set(texts.values())) == 1:
        return list(filter(None, set(texts.values())))
    return [f"{protocol}: {text}" for protocol, text in texts.items() if text]


def _claim_row(row: Row) -> ClaimRow:
    digits = formats.effect_digits(row["effect"], row["ci_low"], row["ci_high"])
    return ClaimRow(
        protocol=row["protocol"],
        verdict=row["verdict"],
        effect=formats.number(row["effect"], digits, signed=True),
        interval=formats.interval(row["ci_low"], row["ci_high"], digits),
        n=formats.count(row["n"]) if row["n"] != "0" else formats.ABSENT,
        p=formats.p_value(row["p"]),
        p_holm=formats.p_value(row["p_holm"]),
        pairs=formats.share(row["pairs_in_direction"], row["pairs"]),
        test="judged by the count alone" if row["test"] == "count" else row["test"],
        note=row["note"],
    )


def _view(results: Results) -> PaperView:
    seconds = sum(run.get("seconds") or 0 for run in results.runs)
    packages: dict[str, set[str]] = {}
    settings: dict[str, list[str]] = {}
    for run in results.runs:
        for name, version in (run.get("packages") or {}).items():
            packages.setdefault(name, set()).add(version)
        if run.get("settings"):
            text = json.dumps(run["settings"], indent=1, ensure_ascii=False)
            settings.setdefault(text, []).append(run["step"])
    return PaperView(
        results=results,
        cells=cell_counts(results.comparison),
        claim_counts=claim_counts(results.claims),
        claims=claim_views(results.claims),
        items=item_tables(results.comparison, results.cells),
        own=own_rows(results.comparison, results.cells),
        stand_ins=stand_ins(results.comparison),
        figures=[_figure(picture) for picture in results.figures],
        tables=[(item_title(name), to_html(text)) for name, text in results.tables],
        runs=[_run(run, seconds) for run in results.runs],
        packages={name: ", ".join(sorted(found)) for name, found in sorted(packages.items())},
        settings=[(steps, text) for text, steps in settings.items()],
        sources=_sources(results.sources) if results.sources else None,
        seconds=formats.duration(seconds or None),
    )


def _run(run: dict, total: float) -> RunView:
    seconds = run.get("seconds")
    return RunView(
        step=run["step"],
        commit=(run.get("commit") or formats.ABSENT)[:10],
        dirty=bool(run.get("dirty")),
        duration=formats.duration(seconds),
        share=100 * seconds / total if seconds else 0,
        tokens=formats.count(run.get("tokens_per_second")),
        hardware=_hardware(run.get("hardware") or {}),
        inputs={name: digest[:12] for name, digest in (run.get("inputs") or {}).items()},
    )


def _sources(sources: list[dict]) -> tuple[list[str], list[list[list[str]]]]:
    """One row a source, with every key that any of them has; a cell is a list of lines."""
    head = list(dict.fromkeys(key for source in sources for key in source))
    return head, [[_lines(source.get(key)) for key in head] for source in sources]


def _lines(value: object) -> list[str]:
    if isinstance(value, dict):
        return [f"{key}: {entry}" for key, entry in value.items()] or [formats.ABSENT]
    if isinstance(value, list):
        return [", ".join(map(str, value)) or formats.ABSENT]
    return [formats.ABSENT if value in (None, "") else str(value)]


def _hardware(hardware: dict) -> str:
    """`Linux x86_64, python 3.11.2, 2 cores, 2 threads`."""
    parts = [" ".join(hardware[name] for name in ("system", "machine") if name in hardware)]
    for name, value in hardware.items():
        if name in ("cores", "threads"):
            parts.append(f"{value} {name}")
        elif name not in ("system", "machine"):
            parts.append(f"{name} {value}")
    return ", ".join(filter(None, parts)) or formats.ABSENT


def _figure(picture: Picture) -> FigureView:
    data = picture.path.read_bytes()
    width, height = struct.unpack(">II", data[16:24])  # the IHDR chunk of a PNG
    encoded = base64.b64encode(data).decode("ascii")
    return FigureView(item_title(picture.name), picture.caption, encoded, width, height)


def _environment(name: str) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
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
