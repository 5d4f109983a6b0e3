import numpy as np
import pytest

from shared.comparison.findings import Finding
from shared.comparison.verdicts import COLUMNS, settling, verdict, verdicts
from shared.errors import UserError
from shared.metrics.significance import holm


def finding(low, high, in_direction=1, total=1, n=100):
    return Finding(in_direction, total, "", (low + high) / 2, (low, high), 0.01, "test", n)


@pytest.mark.parametrize(
    "low, high, direction, word",
    [
        (1, 3, 1, "holds"),
        (1, 3, -1, "fails"),
        (-3, -1, 1, "fails"),
        (-3, -1, -1, "holds"),
        (-1, 3, 1, "inconclusive"),
        (-1, 3, -1, "inconclusive"),
        (0, 3, 1, "inconclusive"),
    ],
)
def test_by_interval(low, high, direction, word):
    assert verdict(finding(low, high), direction, 0.01)[0] == word


def test_an_interval_that_does_not_survive_holm_is_inconclusive():
    word, reason = verdict(finding(1, 3), 1, 0.07)
    assert word == "inconclusive"
    assert "Holm" in reason


@pytest.mark.parametrize(
    "held, total, word",
    [(4, 4, "holds"), (0, 4, "fails"), (3, 4, "inconclusive"), (0, 0, "blocked")],
)
def test_by_count_alone(held, total, word):
    assert verdict(Finding(held, total), 1, np.nan)[0] == word


def test_the_n_that_would_settle_it():
    """Effect 1, interval -1 to 3: standard error 2 / 1.96 = 1.02. To be 2.8 of them, 1 needs a
    standard error of 1 / 2.8 = 0.357, so n must grow (1.02 / 0.357)^2 = 8.16-fold: 816 -> 820.
    """
    assert settling(finding(-1, 3)) == "about 820 examples would settle an effect of this size"
    assert "more than 1,000,000" in settling(finding(-2.999, 3, n=500))
    assert settling(finding(-1, 1)) == "no number of examples can be named"


def test_claims_csv(invented):
    claims = [
        invented.claim(id="better", item="table1"),
        invented.claim(id="worse", item="table1", direction="lower"),
        invented.claim(id="ranked", item="table1", metric="ap"),
        invented.claim(id="elsewhere", item="table1", datasets=["Set C"]),
        invented.claim(id="high", item="table1", function="all_high"),
    ]
    frame = verdicts(invented.analysis(claims))
    assert list(frame) == COLUMNS
    rows = frame.set_index("id")
    assert dict(rows["verdict"]) == {
        "better": "holds",
        "worse": "fails",
        "ranked": "holds",
        "elsewhere": "blocked",
        "high": "inconclusive",
    }
    better = rows.loc["better"]
    assert (better["pairs_in_direction"], better["pairs"]) == (2, 2)
    assert (better["reported_in_direction"], better["reported_pairs"]) == (1, 2)
    assert (better["protocol"], better["test"], better["n"]) == ("official", "McNemar exact", 400)
    assert (better["text"], better["source"]) == ("New is better.", "Table 1")
    assert rows.loc["elsewhere", "note"] == "missing: data set Set C"
    assert rows.loc["high", "note"] == "some go one way and some the other"
    assert (rows.loc["high", "pairs_in_direction"], rows.loc["high", "pairs"]) == (2, 4)


def test_holm_is_over_the_claims_with_a_p(invented):
    claims = [
        invented.claim(id="better"),
        invented.claim(id="ranked", metric="ap"),
        invented.claim(id="high", function="all_high"),
        invented.claim(id="elsewhere", datasets=["Set C"]),
    ]
    frame = verdicts(invented.analysis(claims))
    np.testing.assert_allclose(frame["p_holm"], holm(frame["p"].to_numpy()), atol=2e-4)
    assert frame["p"].isna().tolist() == [False, False, True, True]


def test_each_protocol_is_judged_by_itself(invented):
    official, corrected = invented.groups(), invented.groups()
    for group in corrected:
        object.__setattr__(group, "protocol", "corrected")
        if group.method == "New":
            group.columns["correct"][:] = False
    frame = verdicts(invented.analysis([invented.claim()], groups=official + corrected))
    assert dict(zip(frame["protocol"], frame["verdict"], strict=True)) == {
        "official": "holds",
        "corrected": "fails",
    }


def test_without_scores_every_claim_is_blocked_but_read_on_the_paper(invented):
    frame = verdicts(invented.analysis([invented.claim()], groups=[]))
    row = frame.iloc[0]
    assert (row["verdict"], row["note"]) == ("blocked", "missing: New, Old")
    assert (row["reported_in_direction"], row["reported_pairs"]) == (1, 2)


def test_no_difference_is_inconclusive_in_nearly_all_experiments(invented):
    """60 experiments with equal methods: at 5 % about 3 would wrongly hold or fail."""
    generator = np.random.default_rng(5)
    wrong = 0
    for _ in range(60):
        groups = [
            invented.group(method, correct=generator.random(100) < 0.5, score=generator.random(100))
            for method in ("New", "Old")
        ]
        claims = [invented.claim(metric="ap")]
        frame = verdicts(invented.analysis(claims, groups=groups, draws=200))
        wrong += frame["verdict"][0] != "inconclusive"
    assert wrong <= 8


@pytest.mark.parametrize(
    "change, message",
    [
        (
            {"metric": "acuracy"},
            "claim 'c1' of invented: unknown metric 'acuracy'; expected one of",
        ),
        ({"method": "Newer"}, "unknown method 'Newer'; expected one of: New, Old"),
        ({"than": ["Old", "Ol"]}, "unknown method 'Ol'"),
        ({"item": "table9"}, "unknown item 'table9'; expected one of: table1, table2"),
        ({"datasets": ["Set D"]}, "unknown dataset 'Set D'; expected one of: Average, Set A"),
        ({"function": "no_such"}, "unknown function 'no_such'; expected one of: all_high"),
        ({"than": []}, "claim 'c1' of invented: expected metric, method and than, or a function"),
    ],
)
def test_a_claim_that_names_what_does_not_exist(invented, change, message):
    with pytest.raises(UserError) as error:
        verdicts(invented.analysis([invented.claim(**change)]))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_two_claims_of_one_id(invented):
    with pytest.raises(UserError, match="claim 'c1' of invented: id given twice"):
        verdicts(invented.analysis([invented.claim(), invented.claim(direction="lower")]))
