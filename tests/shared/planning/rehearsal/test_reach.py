import sys

import pandas as pd

from shared.comparison import results
from shared.comparison.compare import COLUMNS
from shared.planning.rehearsal.reach import Reached, main, reach, read_reach
from shared.settings import Unavailable


def row(verdict, *, dataset="A", reported="1.0", source="paper", protocol="", reason=""):
    values = (
        dict.fromkeys(COLUMNS, "")
        | dict.fromkeys(("value", "ci_low", "ci_high", "n"))
        | {
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
    )
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


def test_a_stand_in_for_what_nobody_can_have_is_blocked(monkeypatch, invented):
    missing = Unavailable(
        items=["table1"], datasets=["B"], verdict="blocked", reason="never drawn", scales=["paper"]
    )
    paper = invented.paper(claims=[], unavailable=[missing])
    monkeypatch.setattr("shared.planning.rehearsal.reach.load_paper", lambda _: paper)
    rows = [row("stand-in", dataset=name, reason=f"{name} for {name}") for name in "BC"]
    found = reach("invented", pd.DataFrame(rows, columns=COLUMNS))
    assert found[["reach", "by"]].to_numpy().tolist() == [
        ["blocked", "never drawn; B for B"],
        ["stand-in", "C for C"],
    ]


def walked(folder, paper, *rows):
    none = {name: pd.DataFrame(columns=columns) for name, columns in results.COLUMNS.items()}
    results.write(none | {"comparison": pd.DataFrame(rows, columns=COLUMNS)}, folder / paper)


def test_a_walked_paper_takes_the_place_of_its_rows_and_of_no_others(monkeypatch, tmp_path, capsys):
    out = tmp_path / "reach.csv"

    def walk(paper, *rows):
        folder = tmp_path / f"walk{len(list(tmp_path.iterdir()))}"
        walked(folder, paper, *rows)
        monkeypatch.setattr(sys, "argv", ["reach", "--results", str(folder), "--out", str(out)])
        main()

    walk("roleref", row("match"))
    walk("r_tuning", row("blocked", reason="never released"))
    walk("r_tuning", row("match"), row("blocked", dataset="C", reason="never released, gone"))
    assert read_reach(out) == [
        Reached("r_tuning", 2, 1, {"blocked: never released, gone": 1}),
        Reached("roleref", 1, 1, {}),
    ]
    said = "r_tuning: 1 of 2 reached; 1 blocked: never released, gone"
    assert capsys.readouterr().out.splitlines()[-2] == said
    assert read_reach(tmp_path / "other.csv") == []
