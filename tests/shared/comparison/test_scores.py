import pandas as pd
import pytest

from shared.comparison.scores import as_frame, read_scores, write_scores
from shared.errors import UserError


def test_scores_are_small_and_come_back_as_they_were(tmp_path):
    """A flag that could not be judged stays missing: it is neither true nor false."""
    rows = [
        {"id": "a", "right": True, "nll": 0.5, "refused_one": None, "tokens": 3, "dataset": "A"},
        {"id": "b", "right": False, "nll": 1, "refused_one": True, "tokens": 4, "dataset": "A"},
        {"id": "c", "right": True, "dataset": "B", "refused_one": False, "tokens": 5},
    ]
    frame = as_frame(rows, flags=["refused*", "absent"], numbers=["tokens"], first=["dataset"])
    assert list(frame) == ["dataset", "id", "right", "nll", "refused_one", "tokens"]
    kinds = [str(kind) for name, kind in frame.dtypes.items() if name != "id"]
    assert kinds == ["category", "bool", "float32", "boolean", "float32"]
    write_scores(frame, tmp_path / "scores.parquet")
    again = read_scores(tmp_path / "scores.parquet")
    pd.testing.assert_frame_equal(again, frame)
    assert again["refused_one"].tolist() == [pd.NA, True, False]
    assert again["nll"].tolist()[:2] == [0.5, 1.0] and pd.isna(again["nll"][2])


def test_what_is_named_otherwise_is_no_flag():
    """ReSA: everything is a flag but for what is named otherwise."""
    rows = [{"dataset": "A", "safe": None, "seconds": None}]
    frame = as_frame(rows, names=["dataset"], numbers=["seconds"], flags=["*"])
    assert list(map(str, frame.dtypes)) == ["category", "boolean", "float32"]


def test_a_frame_is_taken_too_and_left_as_it_was():
    before = pd.DataFrame({"id": ["a"], "dataset": ["A"], "score": [0.25]})
    after = as_frame(before)
    assert str(before["score"].dtype) == "float64" and str(before["dataset"].dtype) != "category"
    assert str(after["score"].dtype) == "float32" and after["score"][0] == 0.25


def test_read_scores(tmp_path):
    path = tmp_path / "new-s0.parquet"
    frame = pd.DataFrame({"id": ["a"], "dataset": ["Set A"], "correct": [True]})
    frame.to_parquet(path)
    pd.testing.assert_frame_equal(read_scores(path, ["id", "correct"]), frame)
    with pytest.raises(UserError, match=r"new-s0\.parquet: missing column score; found: id, data"):
        read_scores(path, ["id", "score"])


def test_unreadable_scores_are_one_line(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        read_scores(tmp_path / "absent.parquet")
    broken = tmp_path / "broken.parquet"
    broken.write_text("not parquet")
    with pytest.raises(UserError, match=r"broken\.parquet: not a whole parquet file") as error:
        read_scores(broken)
    assert "\n" not in str(error.value)
