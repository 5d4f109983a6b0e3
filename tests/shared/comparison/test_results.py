import pandas as pd

from shared.comparison import results


def test_three_frames_that_survive_their_files(invented, tmp_path):
    analysis = invented.analysis([invented.claim()])
    cells = results.our_cells(analysis)
    made = results.frames(analysis, cells)
    assert {name: list(frame) for name, frame in made.items()} == results.COLUMNS
    results.write(made, tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "audit.csv",
        "claims.csv",
        "comparison.csv",
    ]
    for name, frame in results.read(tmp_path).items():
        pd.testing.assert_frame_equal(frame, made[name])


def test_the_parts_agree_with_one_another(invented):
    """80.0 is printed for New on Set A; the claim sees the same cells as the comparison."""
    analysis = invented.analysis([invented.claim(item="table1")])
    cells = results.our_cells(analysis)
    made = results.frames(analysis, cells)
    row = made["comparison"].iloc[0]
    assert (row["method"], row["dataset"], row["verdict"]) == ("New", "Set A", "differs")
    accuracy = cells[cells["metric"] == "accuracy"].set_index(["dataset", "method"])["value"]
    leads = [accuracy[d, "New"] - accuracy[d, "Old"] for d in ("Set A", "Set B")]
    assert min(abs(made["claims"]["effect"][0] - lead) for lead in leads) < 1e-3
    assert made["audit"]["check"].tolist() == ["average", "average", "claim"]
