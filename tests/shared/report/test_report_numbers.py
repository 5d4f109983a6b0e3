"""The cells and claims of a small made-up results folder: how the report counts and shows them."""

import csv
from collections import Counter

from shared.report.counts import CLAIM_VERDICTS


def csv_rows(path):
    return list(csv.DictReader(path.read_text().splitlines()))


def test_verdict_counts_of_claims_equal_the_csv(report, results):
    page, _, summary = report()
    counted = Counter(
        (row["protocol"], row["verdict"]) for row in csv_rows(results / "demo" / "claims.csv")
    )
    for protocol in ("corrected", "official"):
        (row,) = [r for r in page.rows if r[0].get("data-protocol") == protocol]
        shown = {a["data-claims"]: int("".join(w)) for a, w in row[1] if "data-claims" in a}
        expected = {v: counted[protocol, v] for v in CLAIM_VERDICTS}
        assert shown == expected
        assert summary["papers"]["demo"]["claims"][protocol] == expected
    assert summary["papers"]["demo"]["verdicts"]["c1"] == {
        "corrected": "holds",
        "official": "inconclusive",
    }


def test_cells_count_once_by_their_corrected_reading_and_only_if_the_paper_prints_them(report):
    """12 rows: one of a second protocol and one of others leave 10 cells of the paper."""
    page, _, summary = report()
    expected = {
        "reported": 10,
        "attempted": 4,
        "match": 0,
        "compatible": 1,
        "differs": 1,
        "stand-in": 2,
        "unknown": 0,
        "blocked": 4,
        "not attempted": 2,
    }
    assert summary["papers"]["demo"]["cells"] == expected
    row = next(r for r in page.rows if r[0].get("data-paper") == "demo")
    assert {a["data-cells"]: int("".join(w)) for a, w in row[1] if "data-cells" in a} == expected


def test_ours_beside_a_number_that_could_not_be_read_is_attempted(report, results):
    path = results / "demo" / "comparison.csv"
    text = path.read_text()
    assert text.count(",0.255,,paper,") == text.count("differs,off by +0.145") == 1
    unread = text.replace(",0.255,,paper,", ",,,paper,").replace("differs,off by", "blocked,not")
    path.write_text(unread)
    _, _, summary = report()
    cells = summary["papers"]["demo"]["cells"]
    counted = [cells[name] for name in ("attempted", "differs", "unknown", "blocked")]
    assert counted == [4, 0, 1, 4]


def test_a_claim_has_its_effect_interval_p_n_and_the_count_in_the_paper(report):
    page, markdown, _ = report()
    assert "New is better than Old | by far." in page.text
    assert "in the paper's own numbers: 2 of 4" in page.text
    judged = [page.cells(row) for row in page.rows if row[0].get("class") == "judged"]
    assert judged[0] == [
        *("corrected", "holds", "+6.23 [2.50, 9.75]"),
        *("40", "< 0.001", "1 of 1"),
    ]
    assert judged[2][2:5] == ["−0.123 [−0.200, −0.050]", "40", "0.010 (alone 0.004)"]
    assert judged[3] == ["official", "blocked", "no run of Old"]
    assert "official: t, units and seeds; about 900 units would settle it" in page.text
    assert "1 claim that cannot be judged at this scale" in page.text
    assert "needs Huge" in page.text
    assert (
        "| c1. New is better than Old \\| by far. (Table 1) | 2 of 4 | corrected | holds |"
        in markdown
    )


def test_reported_and_reproduced_stand_side_by_side_with_our_model_named(report):
    page, markdown, _ = report()
    head = next(page.cells(row) for row in page.rows if "Huge" in str(row))
    assert head == [
        *("Data set", "Method", "Big", "ours, correctedtinystand-in for Big"),
        *("ours, officialtinystand-in for Big", "Huge1", "Big, issue 92"),
    ]
    first = next(page.cells(row) for row in page.rows if "93.23" in page.cells(row))
    assert first == [
        *("Set Aours: Facts A", "New", "93.23", "61.233 [50.10, 70.90]", "58.50 [48.00, 69.00]"),
        *("94.44", "90.69"),
    ]
    second = next(page.cells(row) for row in page.rows if "69.41" in page.cells(row))
    assert second == ["Set B", "New", "69.41", "–4", "–4", "77.30", "–"]
    notes = [
        "blocked: needs weights of Huge",
        "Issue 9: reported by others, not by the paper",
        "95.0% of the examples could be scored",
        "not attempted: too long for this scale",
    ]
    assert " ".join(notes) in page.text
    assert "| Set A (ours: Facts A) | New | 93.23 | 61.23<sup>3</sup> [50.10, 70.90] |" in markdown


def test_a_judged_cell_carries_its_verdict(report):
    page, _, _ = report()
    rows = [page.cells(row) for row in page.rows]
    assert ["Set A", "New", "0.018", "0.0181 [0.010, 0.030] compatible"] in rows
    assert ["Old", "0.255", "0.4002 [0.350, 0.450] differs"] in rows
    assert "inside our 95 % interval off by +0.145" in page.text


def test_numbers_that_the_paper_does_not_report_are_shown_apart(report):
    page, _, _ = report()
    rows = [page.cells(row) for row in page.rows]
    assert ["tiny", "Facts A", "AP strict (%)", "New", "51.50 [41.00, 62.00]", "–"] in rows
    assert ["tiny", "Facts A", "refusal rate (%)", "New", "–", "–"] in rows


def test_nothing_absent_is_shown_as_nan_or_none(report):
    page, markdown, _ = report()
    for text in (page.text, markdown):
        words = set(text.replace("|", " ").split())
        assert not words & {"nan", "NaN", "None", "null", "[nan,", "<NA>"}


def test_stand_ins_are_said_loudly(report):
    page, markdown, _ = report()
    for text in (page.text, markdown):
        assert "Numbers of stand-in models are shown beside the paper's, not judged" in text
        assert "Stand-ins: tiny for Big, Facts A for Set A." in text


def test_the_last_row_sums_up_with_each_claim_once(report):
    page, _, summary = report()
    total = dict.fromkeys(CLAIM_VERDICTS, 0) | {"holds": 1, "fails": 1, "blocked": 1}
    assert summary["total"]["claims"] == total
    assert summary["total"]["cells"]["reported"] == 10
    (row,) = [r for r in page.rows if "data-total" in r[0]]
    assert {a["data-claims"]: int("".join(w)) for a, w in row[1] if "data-claims" in a} == total
    assert "1 of 1 papers have results at this scale. Their claims: 1 holds 1 fails" in page.text
