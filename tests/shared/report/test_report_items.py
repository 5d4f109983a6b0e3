"""Tables that set the paper's numbers beside ours, in the paper's shape."""

import pytest

from shared.report.items import item_tables, item_title
from shared.report.markdown import item_lines
from shared.report.own import own_rows, stand_ins
from shared.report.shapes import across, combinations

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


def matrix(table):
    """Group heads, label and texts of each line."""
    return [
        (*group.heads, line.label, *(cell.text for cell in line.cells))
        for group in table.groups
        for line in group.lines
    ]


@pytest.mark.parametrize(
    ("item", "title"),
    [
        ("table1", "Table 1"),
        ("figure11", "Figure 11"),
        ("table13_derived", "Table 13, derived"),
        ("refusal", "Refusal"),
        ("gap_by_level", "Gap by level"),
        ("issue14", "Issue 14"),
        ("refusal_f1", "Refusal F1"),
        ("f1", "F1"),
    ],
)
def test_titles_of_items(item, title):
    assert item_title(item) == title


def test_methods_stand_below_each_other_and_data_sets_side_by_side_with_ours_below_the_papers():
    rows = [
        made(),
        made(dataset="B", our_dataset="B", value="51", reported="80.0"),
        row(method="Old"),
        row(method="Old", dataset="B", reported="70.0"),
    ]
    (table,) = item_tables(rows)
    assert [column.heads for column in table.columns] == [["A"], ["B"]]
    assert table.row_heads == ["method"]
    assert table.common == ["AP (%)", "Big"]
    assert matrix(table) == [
        ("New", "paper", "90.1", "80.0"),
        ("New", "ours", "50.0", "51.0"),
        ("Old", "paper", "90.1", "70.0"),
    ]


def test_metrics_of_a_data_set_stand_under_its_head():
    rows = [row(metric=m, dataset=d, method=x) for x in "xy" for m in ("p", "q") for d in "AB"]
    (table,) = item_tables(rows)
    assert table.spans == [("A", 2), ("B", 2)]
    assert [column.heads[1] for column in table.columns] == ["p (%)", "q (%)"] * 2


def test_more_columns_than_fit_put_the_metrics_below_each_other():
    rows = [
        row(metric=m, dataset=f"D{n}", method=x) for x in "xy" for m in ("p", "q") for n in range(9)
    ]
    assert across(rows) == ("dataset",)
    (table,) = item_tables(rows)
    assert len(table.columns) == 9
    heads = [group.heads for group in table.groups]
    assert heads == [["p (%)", "x"], ["p (%)", "y"], ["q (%)", "x"], ["q (%)", "y"]]


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ({"dataset": 30}, ("metric",)),
        ({"dataset": 30, "model": 3}, ("model", "metric")),
        ({"dataset": 30, "method": 3}, ("method", "metric")),
        ({"dataset": 5, "method": 3}, ("dataset", "metric")),
        ({"dataset": 5}, ("metric",)),
    ],
)
def test_the_shape_follows_what_varies(places, expected):
    rows = [ROW]
    for place, count in places.items():
        rows = [each | {place: f"{place}{n}"} for each in rows for n in range(count)]
    assert across(rows) == expected


def test_combinations_are_in_the_order_of_first_appearance_place_by_place():
    rows = [row(model=m, method=x) for m, x in (("b", "2"), ("a", "1"), ("b", "1"), ("a", "2"))]
    found = combinations(rows, ("model", "method"))
    assert found == [("b", "2"), ("b", "1"), ("a", "2"), ("a", "1")]


def test_a_reason_that_a_whole_row_shares_is_said_once_at_its_label():
    (table,) = item_tables([row(), row(dataset="B"), row(method="Old", reason="needs rows")])
    assert table.notes == ["blocked: needs Big", "blocked: needs rows"]
    assert [group.lines[0].note for group in table.groups] == [1, 2]
    assert {cell.note for group in table.groups for cell in group.lines[0].cells} == {0}


def test_reasons_that_differ_within_a_row_are_said_at_the_numbers():
    (table,) = item_tables([row(), row(dataset="B", reason="needs rows"), row(method="Old")])
    assert [cell.note for cell in table.groups[0].lines[0].cells] == [1, 2]
    assert table.notes == ["blocked: needs Big", "blocked: needs rows"]


def test_what_is_missing_among_ours_has_its_reason_at_our_dash():
    (table,) = item_tables([made(), row(dataset="B", reason="too long"), row(method="Old")])
    ours = table.groups[0].lines[1]
    assert [cell.text for cell in ours.cells] == ["50.0", "–"]
    assert table.notes[ours.cells[1].note - 1] == "blocked: too long"
    assert [cell.note for cell in table.groups[0].lines[0].cells] == [0, 0]


def test_where_the_paper_has_no_cell_there_is_nothing_of_ours_to_miss():
    rows = [made(), row(method="Old"), row(method="Old", dataset="B", reported="7")]
    (table,) = item_tables(rows)
    assert [[cell.text for cell in line.cells] for line in table.groups[0].lines] == [
        ["90.1", ""],
        ["50.0", ""],
    ]
    assert "|  |  | A |" in item_lines(table)


def test_readings_stand_below_each_other_corrected_first_whatever_the_order_of_the_rows():
    (table,) = item_tables([made("official", "51"), made("corrected", "52.25")])
    assert [line.label for line in table.groups[0].lines] == [
        "paper",
        "ours, as the paper says",
        "ours, as the released code does",
    ]
    assert [line.cells[0].text for line in table.groups[0].lines] == ["90.1", "52.2", "51.0"]
    assert (table.reported, table.attempted) == (1, 1)


def test_a_stand_in_is_named_beside_its_numbers_and_the_papers_own_model_is_not():
    (table,) = item_tables([made(our_dataset="C"), made(method="Old", our_model="Big")])
    assert [group.lines[1].whose for group in table.groups] == ["stand-in tiny", ""]


def test_a_data_set_of_ours_is_named_at_the_papers():
    rows = [made(our_dataset="C"), made(method="Old", our_dataset="C"), row(dataset="B")]
    (table,) = item_tables(rows)
    assert [column.ours for column in table.columns] == ["C", ""]
    (table,) = item_tables([made(our_dataset="C"), row(dataset="B")])
    assert [group.heads for group in table.groups] == [["A", "ours: C"], ["B"]]


def test_a_cell_of_the_paper_without_a_number_has_ours_below_it():
    unknown = made(reported="", value="52.25", verdict="blocked", reason="not read")
    (table,) = item_tables([unknown])
    assert [line.cells[0].text for line in table.groups[0].lines] == ["–", "52.2"]
    (table,) = item_tables([unknown | {"unit": "", "value": "0.52251"}])
    assert table.groups[0].lines[1].cells[0].text == "0.523"


def test_numbers_of_others_become_lines_of_the_table_that_has_their_cells():
    other = row(item="issue9", source="secondary", reported="88.8", verdict="not judged")
    (table,) = item_tables([row(), row(method="Old"), other])
    assert matrix(table) == [
        ("New", "paper", "90.1"),
        ("New", "issue 9", "88.8"),
        ("Old", "paper", "90.1"),
    ]
    assert "Issue 9: reported by others, not by the paper" in table.notes


def test_numbers_of_others_about_other_cells_keep_their_own_table():
    other = row(item="issue9", dataset="B", source="secondary", verdict="not judged")
    assert [table.item for table in item_tables([row(), other])] == ["table1", "issue9"]


def test_a_derived_number_says_so_and_is_no_cell_of_the_paper():
    (table,) = item_tables([row(source="derived", verdict="not judged", reason="derived")])
    assert table.notes == ["computed from other numbers of the paper, not printed by it"]
    assert table.groups[0].lines[0].cells[0].note == 1
    assert table.reported == 0


def test_ours_beside_a_number_of_others_is_no_cell_of_the_paper_either():
    others = made(method="Old") | {"source": "secondary", "verdict": "not judged"}
    (table,) = item_tables([made(), others])
    assert (table.reported, table.attempted) == (1, 1)
    assert [group.lines[1].cells[0].text for group in table.groups] == ["50.0", "50.0"]


def test_names_are_put_into_words():
    def words(name):
        return {"out_series": "role setting", "New": "Newer", "rr": "refusal rate"}.get(name, name)

    rows = [
        row(dataset=d, method=m, metric="rr") for m in ("New", "Old") for d in ("A", "out_series")
    ]
    (table,) = item_tables(rows, (), words)
    assert table.columns[1].heads == ["role setting"]
    assert table.groups[0].heads == ["Newer"]
    assert table.common[0] == "refusal rate (%)"


def test_coverage_below_one_is_noted():
    cell = {"item": "table1", "model": "tiny", "method": "New", "dataset": "A", "metric": "ap"}
    cells = [cell | {"protocol": "corrected", "coverage": "0.975"}]
    (table,) = item_tables([made()], cells)
    assert table.notes == ["97.5% of the examples could be scored"]


def test_in_markdown_only_what_was_attempted_stands_with_its_footnotes():
    rows = [
        made(source="figure"),
        row(dataset="B"),
        row(method="Old"),
        made(method="Third", value="44", verdict="differs", reason="off by 46"),
    ]
    (table,) = item_tables(rows)
    lines = item_lines(table)
    assert lines[0] == "**Table 1, AP (%), Big**:"
    assert "|  |  | A |" in lines
    assert "| New | paper | 90.1<sup>1</sup> |" in lines
    assert "|  | ours, stand-in tiny | 50.0 [40.0, 60.0] |" in lines
    assert "|  | ours, stand-in tiny | 44.0 [40.0, 60.0] differs |" in lines
    assert "<sup>1</sup> read off a figure of the paper" in lines
    assert not any("Old" in line or "needs Big" in line for line in lines)
    short = item_lines(table, 1)
    assert not any("Third" in line for line in short)
    assert short[-1] == "Not shown here: 1 more."


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
