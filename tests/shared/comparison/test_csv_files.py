import numpy as np
import pandas as pd
import pytest

from shared.comparison.csv_files import read_table, typed, write_table
from shared.errors import UserError


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "method": ["New", "", "NA"],
            "value": [1.23456, np.nan, 2.0],
            "n": [5, pd.NA, 0],
            "note": ['with "quotes", and commas', "", "None"],
        }
    )


def test_what_is_written_is_read_back_rounded(frame, tmp_path):
    write_table(frame, tmp_path / "t.csv")
    again = read_table(tmp_path / "t.csv", list(frame))
    pd.testing.assert_frame_equal(again, typed(frame))
    assert again["value"].tolist()[0] == 1.2346
    assert again["method"].tolist() == ["New", "", "NA"]


def test_the_file_is_plain(frame, tmp_path):
    write_table(frame, tmp_path / "t.csv")
    lines = (tmp_path / "t.csv").read_bytes().decode().split("\n")
    assert lines[0] == "method,value,n,note"
    assert lines[1] == 'New,1.2346,5,"with ""quotes"", and commas"'
    assert lines[2] == ",,,"


def test_a_small_p_is_not_zero(tmp_path):
    frame = pd.DataFrame({"p": [1.23456e-12, 0.123456, np.nan], "effect": [1.23456e-12, 0, 0]})
    write_table(frame, tmp_path / "t.csv")
    again = read_table(tmp_path / "t.csv", ["p", "effect"])
    np.testing.assert_array_equal(again["p"], [1.235e-12, 0.1235, np.nan])
    assert again["effect"].tolist() == [0, 0, 0]


def test_a_value_that_is_no_number_is_one_line(tmp_path):
    (tmp_path / "t.csv").write_text("method,value\nNew,high\n")
    with pytest.raises(UserError, match=r"t\.csv: .*high"):
        read_table(tmp_path / "t.csv", ["method", "value"])
