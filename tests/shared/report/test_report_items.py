"""Tables that set the paper's numbers beside ours."""

import pytest

from shared.report.items import item_tables, item_title, own_rows, stand_ins

ROW = {
    **dict.fromkeys(("protocol", "our_model", "our_dataset", "value", "ci_low", "ci_high"), ""),
    **{"item": "table1", "model": "Big", "method": "New", "dataset": "A", "metric": "ap"},
    **{"reported": "90.1", "unit": "%", "source": "paper", "n": ""},
    **{"verdict": "blocked", "reason": "needs Big"},
}


def row(**changes):
    return ROW | changes


def made(protocol="corrected", value="50", **changes):
    ours = {"our_model": "tiny", "our_dataset": "A", "ci_low": "40", "ci_high": "60", "unit": "%"}
    return row(**ours | {"protocol": protocol, "value": value, "verdict": "stand-in"} | changes)


def texts(table):
    return [[shown.text for shown in line.reported + line.ours] for line in table.rows]


@pytest.mark.parametrize(
    ("item", "title"),
    [
        ("table1", "Table 1"),
        ("figure11", "Figure 11"),
        ("table13_derived", "Table 13, derived"),
        ("refusal", "Refusal"),
        ("gap_by_level", "Gap by level"),
    ],
)
def test_titles_of_items(item, title):
    assert item_title(item) == title


def test_a_reason_that_all_rows_of_a_model_share_is_said_once_in_its_heading():
    (table,) = item_tables([row(), row(method="Old")])
    assert table.notes == ["blocked: needs Big"]
    assert [model.note for model in table.models] == [1]
    assert [shown.note for line in table.rows for shown in line.reported] == [0, 0]


def test_reasons_that_differ_from_row_to_row_are_said_at_the_numbers():
    (table,) = item_tables([row(), row(method="Old", reason="needs rows")])
    assert [model.note for model in table.models] == [0]
    assert [shown.note for line in table.rows for shown in line.reported] == [1, 2]
    assert table.notes == ["blocked: needs Big", "blocked: needs rows"]


def test_protocols_stand_side_by_side_corrected_first_whatever_the_order_of_the_rows():
    (table,) = item_tables([made("official", "51"), made("corrected", "52.25")])
    assert [column.protocol for column in table.ours] == ["corrected", "official"]
    assert texts(table) == [["90.1", "52.2", "51.0"]]
    assert table.order == [("reported", 0), ("ours", 0), ("ours", 1)]
    assert (table.reported, table.attempted) == (1, 1)


def test_a_cell_of_the_paper_without_a_number_has_ours_beside_it():
    unknown = made(reported="", value="52.25", verdict="blocked", reason="not read")
    (table,) = item_tables([unknown])
    assert texts(table) == [["–", "52.2"]]
    (table,) = item_tables([unknown | {"unit": "", "value": "0.52251"}])
    assert texts(table) == [["–", "0.523"]]


def test_ours_stand_behind_the_model_they_are_compared_with():
    rows = [row(model="Huge", verdict="not attempted"), made(), row(model="Small")]
    (table,) = item_tables(rows)
    assert [model.text for model in table.models] == ["Huge", "Big", "Small"]
    assert table.order == [("reported", 0), ("reported", 1), ("ours", 0), ("reported", 2)]


def test_numbers_of_others_become_columns_of_the_table_that_has_their_cells():
    other = row(item="issue9", source="secondary", reported="88.8", verdict="not judged")
    (table,) = item_tables([row(), row(method="Old"), other])
    assert [model.text for model in table.models] == ["Big", "Big, issue 9"]
    assert texts(table) == [["90.1", "88.8"], ["90.1", "–"]]
    assert "Issue 9: reported by others, not by the paper" in table.notes


def test_numbers_of_others_about_other_cells_keep_their_own_table():
    other = row(item="issue9", dataset="B", source="secondary", verdict="not judged")
    assert [table.item for table in item_tables([row(), other])] == ["table1", "issue9"]


def test_a_derived_number_says_so_and_is_no_cell_of_the_paper():
    (table,) = item_tables([row(source="derived", verdict="not judged", reason="derived")])
    assert table.notes == ["computed from other numbers of the paper, not printed by it"]
    assert table.rows[0].reported[0].note == 1
    assert table.reported == 0


def test_ours_beside_a_number_of_others_is_no_cell_of_the_paper_either():
    others = made(method="Old") | {"source": "secondary", "verdict": "not judged"}
    (table,) = item_tables([made(), others])
    assert (table.reported, table.attempted) == (1, 1)
    assert [line.ours[0].text for line in table.rows] == ["50.0", "50.0"]


def test_an_item_of_several_metrics_names_them_in_its_rows():
    (table,) = item_tables([row(), row(metric="ece", unit="", reported="0.018")])
    assert table.metric == ""
    assert [line.metric for line in table.rows] == ["AP (%)", "ECE"]


def test_coverage_below_one_is_noted():
    cell = {"item": "table1", "model": "tiny", "method": "New", "dataset": "A", "metric": "ap"}
    cells = [cell | {"protocol": "corrected", "coverage": "0.975"}]
    (table,) = item_tables([made()], cells)
    assert table.notes == ["97.5% of the examples could be scored"]


def test_own_rows_are_what_no_item_of_the_paper_has():
    cell = {"item": "table1", "model": "tiny", "method": "New", "dataset": "A", "metric": "ap"}
    numbers = {"protocol": "corrected", "value": "50", "ci_low": "40", "ci_high": "60", "unit": "%"}
    cells = [
        cell | numbers,
        cell | numbers | {"item": "figure3"},  # the same number under another item
        cell | numbers | {"dataset": "A answerable"},
        cell | numbers | {"dataset": "A answerable", "protocol": "official", "value": "45"},
    ]
    head, rows = own_rows([made()], cells)
    assert head == ["model", "data set", "metric", "method", "corrected", "official"]
    answerable = ["tiny", "A answerable", "AP (%)", "New"]
    assert rows == [[*answerable, "50.00 [40.00, 60.00]", "45.00 [40.00, 60.00]"]]


def test_stand_ins_are_the_names_that_differ():
    assert stand_ins([row(), made(), made(our_model="Big", our_dataset="B")]) == [
        ("tiny", "Big"),
        ("B", "A"),
    ]
