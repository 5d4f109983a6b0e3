"""The cells and claims of a small made-up results folder: how the report counts and shows them."""

import csv
import re
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


def test_a_claim_says_in_its_row_what_was_found_and_why(report):
    page, markdown, _ = report()
    first = page.within("demo-claim-c1")
    assert first.startswith(
        "New is better than Old | by far. c1 holds +6.2 points [2.5, 9.8] "
        "New 61.2 against Old 55. "
        "As the released code does: inconclusive +1.5 points [−2.0, 5.0] "
        "Source: Table 1, where 2 of 4 comparisons go as claimed (+0.3 points). Table 1 Figure 3"
    )
    second = page.within("demo-claim-c2")
    assert "fails −12.3 points [−20.0, −5.0] The other way" in second
    third = page.within("demo-claim-c3")
    assert third.startswith("The gap grows with size. c3 blocked Needs Huge.")
    assert "1 claim that cannot be judged at this scale, and what each needs" in page.text
    assert (
        "| c1. New is better than Old \\| by far. (Table 1) | **holds**; as the released code "
        "does: inconclusive | +6.2 points [2.5, 9.8] | +0.3 points (2 of 4) "
        "| New 61.2 against Old 55. |" in markdown
    )
    assert "Not to be judged at this scale: c3 (needs Huge)." in markdown


def test_statistics_lie_behind_a_fold_in_the_metrics_own_unit(report):
    page, _, _ = report()
    judged = [page.cells(row) for row in page.rows if row[0].get("class") == "judged"]
    assert judged[0] == [
        *("as the paper says", "holds", "+6.23 [2.50, 9.75]"),
        *("40", "< 0.001", "1 of 1", "t, units and seeds"),
    ]
    assert judged[2][2:5] == ["−0.123 [−0.200, −0.050]", "40", "0.010 (alone 0.004)"]
    assert judged[3][:2] == ["as the released code does", "blocked"]
    assert "As the released code does: about 900 examples would settle it" in page.text


def test_the_first_screen_has_a_card_with_what_replicated_and_what_was_not_decided(report):
    page, markdown, _ = report()
    card = page.within("card", "class")
    assert card.startswith("Demo An <invented> paper New did better & was <no> better calibrated.")
    assert "new runs 111 1 holds, 1 fails, 1 blocked Not decided: 1 needs Huge." in card
    row = "| [Demo](#demo) | New did better & was <no> better calibrated. | new runs: 1 holds, "
    assert f"{row}1 fails, 1 blocked | 1 needs Huge |" in markdown


def test_without_a_sentence_of_its_own_a_card_counts(report, results):
    path = results.parents[1] / "papers" / "demo" / "paper.yaml"
    path.write_text(path.read_text().replace("replicated:\n  cpu:", "replicated:\n  gpu:"))
    page, _, _ = report()
    assert "Of 3 claims 1 held here, and 1 failed." in page.within("card", "class")


def test_the_forest_plot_has_each_claim_with_an_effect_and_the_papers_own(report):
    page, _, _ = report()
    rows = [a for t, a in page.tags if t == "a" and a.get("class", "").startswith("row ")]
    assert [row["href"] for row in rows] == ["#demo-claim-c1", "#demo-claim-c2"]
    assert [row["class"] for row in rows] == ["row holds", "row fails"]
    places = [a["style"] for t, a in page.tags if t == "i" and a.get("class") == "dot"]
    assert places == ["left:53.12%", "left:43.83%"]  # 50 + 6.2345 / 2, 50 - 12.34 / 2
    assert len([a for t, a in page.tags if a.get("class") == "theirs"]) == 1  # c2's is not printed
    assert "+6.2 points [2.5, 9.8] holds; the paper +0.3 points" in page.text
    assert "1 claim has no effect to show here" in page.text


def test_reported_and_reproduced_stand_below_each_other_with_our_model_named(report):
    page, markdown, _ = report()
    table = page.within("demo-table-table1")
    assert table.startswith("Table 1: AP (%) ours beside 2 of 8 numbers link model, method")
    rows = [page.cells(row) for row in page.rows]
    at = rows.index(["Big New", "paper", "93.23", "69.41"])
    assert rows[at + 1] == [
        *("ours, as the paper says stand-in tiny", "61.231 [50.10, 70.90]", "–2"),
    ]
    assert rows[at + 2] == [
        *("ours, as the released code does stand-in tiny", "58.50 [48.00, 69.00]", "–2"),
    ]
    assert ["Huge New", "paper4", "94.44", "77.30"] in rows
    assert ["issue 93", "90.69", "–"] in rows
    assert any("Set A ↕ours: invented facts" in " ".join(row) or "ours: invented" in " ".join(row)
               for row in rows)  # fmt: skip
    assert "| Big, New | paper | 93.23 |" in markdown
    assert "|  | ours, as the paper says, stand-in tiny | 61.23 [50.10, 70.90] |" in markdown


def test_a_judged_cell_carries_its_verdict(report):
    page, _, _ = report()
    rows = [page.cells(row) for row in page.rows]
    assert any("0.0181 [0.010, 0.030] compatible" in row for row in rows)
    assert any("0.4002 [0.350, 0.450] differs" in row for row in rows)
    assert "inside our 95 % interval off by +0.145" in page.text


def test_numbers_that_the_paper_does_not_report_are_shown_apart(report):
    page, _, _ = report()
    rows = [page.cells(row) for row in page.rows]
    own = ["tiny", "invented facts", "AP strict (%)", "New", "51.50 [41.00, 62.00]", "–"]
    assert own in rows
    assert ["tiny", "invented facts", "refusal rate (%)", "New", "–", "–"] in rows
    assert rows.index(own) > rows.index(["Big New", "paper", "93.23", "69.41"])
    assert "By topic a table of ours" in page.text and "a topic" in page.text


def test_no_name_of_the_data_is_left_raw(report):
    page, markdown, _ = report()
    for text in (*map(page.within, ("papers", "forest", "demo", "demo-own")), markdown):
        assert not re.findall(r"\b(?:Facts A|[a-z]+_[a-z_]+)\b", text)


def test_nothing_absent_is_shown_as_nan_or_none(report):
    page, markdown, _ = report()
    for text in (page.text, markdown):
        words = set(text.replace("|", " ").split())
        assert not words & {"nan", "NaN", "None", "null", "[nan,", "<NA>"}


def test_stand_ins_are_said_loudly(report):
    page, markdown, _ = report()
    for text in (page.text, markdown):
        assert "Numbers of stand-in models are shown beside the paper's, not judged" in text
        assert "Stand-ins: tiny for Big, invented facts for Set A." in text


def test_the_last_row_sums_up_with_each_claim_once(report):
    page, _, summary = report()
    total = dict.fromkeys(CLAIM_VERDICTS, 0) | {"holds": 1, "fails": 1, "blocked": 1}
    assert summary["total"]["claims"] == total
    assert summary["total"]["cells"]["reported"] == 10
    (row,) = [r for r in page.rows if "data-total" in r[0]]
    assert {a["data-claims"]: int("".join(w)) for a, w in row[1] if "data-claims" in a} == total
    assert "1 of 1 papers have results at this scale. Their claims: 1 holds 1 fails" in page.text
