import pandas as pd

from shared.comparison.compare import COLUMNS
from shared.planning.rehearsal.reach import counted, reach


def row(verdict, *, dataset="A", reported="1.0", source="paper", protocol="", reason=""):
    values = dict.fromkeys(COLUMNS, "") | {
        "item": "table1",
        "model": "Big",
        "method": "New",
        "metric": "ap",
        "dataset": dataset,
        "reported": reported,
        "source": source,
        "protocol": protocol,
        "verdict": verdict,
        "reason": reason,
    }
    return [values[name] for name in COLUMNS]


def test_a_number_is_reached_if_a_cell_of_ours_stands_beside_it_whatever_its_value():
    comparison = pd.DataFrame(
        [
            row("differs", protocol="corrected"),
            row("match", protocol="official"),
            row("stand-in", dataset="B", reason="Small for Big"),
            row("blocked", dataset="C", reason="never released"),
            row("blocked", dataset="D", reported=""),  # not known
            row("not judged", dataset="E", source="derived"),  # not the paper's own
        ],
        columns=COLUMNS,
    )
    found = reach("r_tuning", comparison)
    assert found[["dataset", "reach", "by"]].to_numpy().tolist() == [
        ["A", "reached", "corrected, official"],
        ["B", "stand-in", "Small for Big"],
        ["C", "blocked", "never released"],
    ]
    assert list(counted(found)) == [
        "r_tuning: 1 of 3 reached; 1 stand-in: Small for Big; 1 blocked: never released"
    ]
