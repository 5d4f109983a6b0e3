import pandas as pd

from shared.comparison.markdown import markdown_table

NAN = float("nan")
COLUMNS = ["item", "metric", "dataset", "method", "protocol", "value", "ci_low", "ci_high", "n"]
COLUMNS += ["unit"]
CELLS = pd.DataFrame(
    [
        ("table1", "ap", "ID", "New", "corrected", 61.25, 50.0, 70.0, 100, "%"),
        ("table1", "ap", "ID", "New", "official", 40.0, 30.0, 50.0, 100, "%"),
        ("table1", "ap", "ID", "Old", "corrected", 0.0, 0.0, 0.4567, 100, "%"),
        ("table1", "ap", "OOD", "New", "corrected", NAN, NAN, NAN, 0, "%"),
        ("table2", "ap", "ID", "New", "corrected", 5.0, NAN, NAN, 40, "%"),
        ("table2", "ap", "ID", "Old", "corrected", 5.0, NAN, NAN, 30, "%"),
        ("table2", "ap", "ID", "None", "corrected", NAN, NAN, NAN, 0, "%"),
        ("table2", "ece", "ID", "New", "corrected", 0.1234, 0.1, 0.15, 100, ""),
        ("table3", "questions", "ID", "New", "corrected", 9720.0, NAN, NAN, 9720, ""),
        ("table3", "questions", "OOD", "New", "corrected", 0.0, NAN, NAN, 9720, ""),
        ("table3", "words", "ID", "New", "corrected", 19.25, NAN, NAN, 360, ""),
    ],
    columns=COLUMNS,
)


def test_a_table_has_a_column_for_each_method_and_protocol():
    assert markdown_table(CELLS, "table1").splitlines() == [
        "| metric | dataset | n | New | New (official) | Old |",
        "|---|---|---|---|---|---|",
        "| ap | ID | 100 | 61.2 [50.0, 70.0] | 40.0 [30.0, 50.0] | 0.0 [0.0, 0.5] |",
        "| ap | OOD | 0 | – |  |  |",
    ]


def test_small_numbers_keep_their_digits():
    assert "| 0.1234 [0.1, 0.15] |" in markdown_table(CELLS, "table2")


def test_columns_may_differ_in_n():
    assert "| ap | ID | 30–40 | 5.0 | 5.0 | – |" in markdown_table(CELLS, "table2")


def test_counts_have_no_decimals():
    table = markdown_table(CELLS, "table3")
    assert "| questions | ID | 9720 | 9,720 |" in table
    assert "| questions | OOD | 9720 | 0 |" in table
    assert "| words | ID | 360 | 19.2 |" in table
