from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from shared.comparison.cells import COLUMNS, cells, read_cells
from shared.comparison.csv_files import write_table
from shared.comparison.items import Item
from shared.comparison.table import untrained
from shared.errors import UserError
from shared.metrics.intervals import wilson
from shared.settings import StandIns


def test_cells_of_the_invented_paper(invented):
    """Table 1: 2 metrics x 2 methods x 2 sets; table 2: one metric of New on Set A."""
    frame = cells(invented.groups(), invented.ITEMS, invented.METRICS, StandIns(), untrained)
    assert list(frame) == COLUMNS
    assert len(frame) == 8 + 1
    group = invented.groups()[0]
    row = frame[(frame["metric"] == "accuracy") & (frame["method"] == "New")].iloc[0]
    assert row["value"] == round(100 * group.columns["correct"].mean(), 4)
    assert (row["n"], row["coverage"], row["seeds"]) == (200, 1, 2)
    assert (frame["ci_low"] < frame["value"]).all()
    assert (frame["value"] < frame["ci_high"]).all()
    answered = frame[frame["item"] == "table2"].iloc[0]
    assert answered["n"] == round(group.columns["answered"].sum(axis=1).mean())


def test_the_interval_of_a_rate_is_wilsons_with_a_t_quantile(invented):
    """120 of 400: the variance is p (1 - p) / 399, so the share stands for 399 examples; the
    quantile of t with 399 degrees of freedom is 1.9659."""
    group = invented.group("New", correct=np.arange(400) < 120)
    row = cells([group], invented.ITEMS[:1], invented.METRICS, StandIns(), untrained).iloc[0]
    expected = 100 * np.array(wilson(0.3, 399, 1.9659))
    np.testing.assert_allclose([row["ci_low"], row["ci_high"]], expected, atol=2e-4)


def test_the_same_input_gives_the_same_cells(invented):
    first = cells(invented.groups(), invented.ITEMS, invented.METRICS, StandIns(), untrained)
    again = cells(invented.groups(), invented.ITEMS, invented.METRICS, StandIns(), untrained)
    pd.testing.assert_frame_equal(first, again)


def test_a_cell_does_not_depend_on_the_other_groups(invented):
    together = cells(invented.groups(), invented.ITEMS, invented.METRICS, StandIns(), untrained)
    alone = cells(invented.groups()[2:3], invented.ITEMS, invented.METRICS, StandIns(), untrained)
    same = together[(together["dataset"] == "Set B") & (together["method"] == "New")]
    pd.testing.assert_frame_equal(same.reset_index(drop=True), alone)


def test_a_group_without_the_columns_has_no_such_cell(invented):
    group = invented.group("New", correct=[1, 0, 1])
    frame = cells([group], invented.ITEMS, invented.METRICS, StandIns(), untrained)
    assert list(frame["metric"]) == ["accuracy"]


def test_an_item_takes_the_papers_data_sets_and_their_stand_ins(invented):
    item = Item("table2", ["accuracy"], ["New"], ["Set A", "Own"])
    groups = [
        invented.group("New", dataset, correct=[1, 0]) for dataset in ("Mini A", "Mini B", "Own")
    ]
    stand_ins = StandIns(datasets={"Mini A": "Set A", "Mini B": "Set B"})
    frame = cells(groups, [item], invented.METRICS, stand_ins, untrained)
    assert list(frame["dataset"]) == ["Mini A", "Own"]
    assert cells(groups, [item], invented.METRICS, StandIns(), untrained)["dataset"].tolist() == [
        "Own"
    ]


def test_an_item_of_some_models_takes_those_and_what_stands_in_for_them(invented):
    item = Item("table2", ["accuracy"], ["New"], models=["Big"])
    groups = [
        replace(invented.group("New", correct=[1, 0]), model=name)
        for name in ("Big", "Mini", "Own")
    ]
    stand_ins = StandIns(models={"Mini": "Big"})
    frame = cells(groups, [item], invented.METRICS, stand_ins)
    assert list(frame["model"]) == ["Big", "Mini"]


def test_an_empty_denominator_is_written_and_read_as_nan(invented, tmp_path):
    group = invented.group("New", correct=[1, 0], answered=[0, 0])
    frame = cells([group], invented.ITEMS, invented.METRICS, StandIns(), untrained)
    row = frame[frame["item"] == "table2"].iloc[0]
    assert np.isnan(row["value"])
    assert row["n"] == 0
    write_table(frame, tmp_path / "cells.csv")
    pd.testing.assert_frame_equal(read_cells(tmp_path / "cells.csv"), frame)


def test_cells_are_written_with_four_decimals(invented, tmp_path):
    group = invented.group("", correct=[1, 0, 0])
    item = Item("table1", ["accuracy"], [""])
    write_table(
        cells([group], [item], invented.METRICS, StandIns(), untrained), tmp_path / "cells.csv"
    )
    line = (tmp_path / "cells.csv").read_text().splitlines()[1]
    assert line.startswith("table1,Big,,Set A,accuracy,official,33.3333,")
    assert read_cells(tmp_path / "cells.csv")["method"][0] == ""


def test_a_file_that_is_no_cells_file_is_one_line(tmp_path):
    with pytest.raises(UserError, match=r"cells\.csv: no such file"):
        read_cells(tmp_path / "cells.csv")
    (tmp_path / "cells.csv").write_text("item,value\ntable1,3\n")
    with pytest.raises(UserError, match=r"found columns item, value; expected item, model, "):
        read_cells(tmp_path / "cells.csv")


def test_a_share_at_the_floor_has_an_interval(invented):
    """0 of 512: Wilson's upper end is z^2 / (n + z^2) = 0.75 %, with t of 511 degrees, 1.9646."""
    group = invented.group("New", correct=np.zeros(512))
    row = cells([group], invented.ITEMS[:1], invented.METRICS, StandIns(), untrained).iloc[0]
    assert (row["value"], row["ci_low"]) == (0, 0)
    assert row["ci_high"] == pytest.approx(100 * 1.9646**2 / (512 + 1.9646**2), abs=1e-3)


def test_one_run_of_a_training_borrows_the_noise_of_the_others(invented):
    """Old has one seed, New three that differ by 20 points: Old's interval is as wide as that."""
    rows = [np.arange(100) < hits for hits in (50, 70, 90)]
    new = invented.group("New", seeds=(0, 1, 2), correct=rows)
    old = invented.group("Old", correct=rows[1])
    alone = cells([old], invented.ITEMS[:1], invented.METRICS, StandIns(), str).iloc[0]
    beside = cells([old, new], invented.ITEMS[:1], invented.METRICS, StandIns(), str)
    beside = beside[beside["method"] == "Old"].iloc[0]
    assert beside["ci_high"] - beside["ci_low"] > 2 * (alone["ci_high"] - alone["ci_low"])
