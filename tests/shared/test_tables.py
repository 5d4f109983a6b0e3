import pandas as pd

from shared.tables import markdown_table

COLUMNS = ["item", "metric", "dataset", "method", "protocol", "value", "ci_low", "ci_high", "n"]
CELLS = pd.DataFrame(
    [
        ("table1", "ap", "ID", "New", "corrected", 61.25, 50.0, 70.0, 100),
        ("table1", "ap", "ID", "New", "official", 40.0, 30.0, 50.0, 100),
        ("table1", "ap", "ID", "Old", "corrected", 0.0, 0.0, 0.0, 100),
        ("table1", "ap", "OOD", "New", "corrected", float("nan"), float("nan"), float("nan"), 0),
        ("table2", "ece", "ID", "New", "corrected", 0.1234, 0.1, 0.15, 100),
    ],
    columns=COLUMNS,
)


def test_a_table_has_a_column_for_each_method_and_protocol():
    assert markdown_table(CELLS, "table1").splitlines() == [
        "| metric | dataset | n | New | New (official) | Old |",
        "|---|---|---|---|---|---|",
        "| ap | ID | 100 | 61.2 [50.0, 70.0] | 40.0 [30.0, 50.0] | 0 [0, 0] |",
        "| ap | OOD | 0 | – |  |  |",
    ]


def test_small_numbers_keep_their_digits():
    assert "| 0.1234 [0.1, 0.15] |" in markdown_table(CELLS, "table2")
