"""Claims as the report shows them: each once, with a row for each protocol it was judged under."""

from typing import NamedTuple

from shared.report import formats
from shared.report.collect import Row


class ClaimRow(NamedTuple):
    protocol: str
    verdict: str
    effect: str
    interval: str
    n: str
    p: str
    p_adjusted: str
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


def claim_views(claims: list[Row]) -> list[ClaimView]:
    views: dict[str, ClaimView] = {}
    for row in claims:
        reported = formats.share(row["reported_in_direction"], row["reported_pairs"])
        view = ClaimView(row["id"], row["text"], row["source"], reported, [])
        views.setdefault(row["id"], view).rows.append(_claim_row(row))
    return list(views.values())


def _claim_row(row: Row) -> ClaimRow:
    digits = formats.effect_digits(row["effect"], row["ci_low"], row["ci_high"])
    return ClaimRow(
        protocol=row["protocol"],
        verdict=row["verdict"],
        effect=formats.number(row["effect"], digits, signed=True),
        interval=formats.interval(row["ci_low"], row["ci_high"], digits),
        n=formats.count(row["n"]) if row["n"] != "0" else formats.ABSENT,
        p=formats.p_value(row["p"]),
        p_adjusted=formats.p_value(row["p_adjusted"]),
        pairs=formats.share(row["pairs_in_direction"], row["pairs"]),
        test=row["test"],
        note="; ".join(
            filter(None, (f"weakest: {row['part']}" if row["part"] else "", row["note"]))
        ),
    )


def _once(texts: dict[str, str]) -> list[str]:
    """Texts by protocol, with the protocol only where they differ."""
    if len(set(texts.values())) == 1:
        return list(filter(None, set(texts.values())))
    return [f"{protocol}: {text}" for protocol, text in texts.items() if text]
