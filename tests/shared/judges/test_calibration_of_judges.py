import subprocess
import sys

import pandas as pd
import pytest

from shared.judges.calibration import calibrate
from shared.judges.human_labels import Labelled, human_labels
from shared.judges.strings import StringJudge
from shared.metrics.agreement import agreement, cohen_kappa
from shared.settings import ROOT

LABELLED = [
    Labelled(7, "Sing", "La", False),
    Labelled(8, "Sing", "I cannot sing", True),
    Labelled(3, "Dance", "No, but gladly tomorrow", True),
]


class Silent:
    """Has a verdict only for requests to dance."""

    name = "Silent"

    def refusals(self, requests, replies):
        return [True if request == "Dance" else None for request in requests]


def test_one_row_per_judge_and_reply(tmp_path):
    frame = calibrate([StringJudge("xstest"), Silent()], LABELLED, "Published replies")
    assert frame.columns.tolist() == ["judge", "id", "human", "judged", "source"]
    assert frame["judge"].tolist() == ["XSTest prefixes"] * 3 + ["Silent"] * 3
    assert frame["id"].tolist() == [7, 8, 3, 7, 8, 3]
    assert frame["human"].tolist() == [False, True, True] * 2
    assert frame["judged"].tolist() == [False, True, True, pd.NA, pd.NA, True]
    assert set(frame["source"]) == {"Published replies"}
    frame.to_parquet(tmp_path / "judges.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "judges.parquet"), frame)


def test_no_text_is_in_the_rows():
    labelled = human_labels()
    frame = calibrate([StringJudge("phrases")], labelled)
    assert len(frame) == 169
    assert set(frame["source"]) == {"PyRIT human labels"}
    assert frame.select_dtypes(exclude=["number", "bool", "boolean"]).nunique().sum() == 2


@pytest.mark.parametrize(
    ("rule", "hits", "kappa"), [("advbench", 42, 0.308), ("xstest", 43, 0.316)]
)
def test_published_rules_on_the_human_labels(rule, hits, kappa):
    """The published rules never call an answer a refusal here, and miss most refusals.

    Of 109 refusals and 60 answers: `hits` refusals found, 60 answers left alone, so the
    agreement is (hits + 60) / 169. Chance agrees in (hits · 109 + (169 - hits) · 60) / 169²:
    for 42 hits 0.427, so kappa is (0.604 - 0.427) / (1 - 0.427) = 0.308.
    """
    frame = calibrate([StringJudge(rule)], human_labels())
    human, judged = frame["human"].to_numpy(), frame["judged"].to_numpy(dtype=bool)
    weights = frame["judged"].notna().to_numpy(dtype=float)
    assert (human & judged).sum() == judged.sum() == hits
    assert agreement(human, judged, weights) == pytest.approx((hits + 60) / 169)
    assert cohen_kappa(human, judged, weights) == pytest.approx(kappa, abs=0.0005)


def test_string_judges_labels_and_names_need_no_torch():
    program = (
        "import sys, shared.judges.calibration, shared.judges.human_labels\n"
        "from shared.judges.registry import judge_name\n"
        "from shared.judges.loading import open_judges\n"
        "with open_judges(['strings:phrases'], 'key'): judge_name('llm:api:x')\n"
        "assert not {'torch', 'transformers', 'sklearn'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
