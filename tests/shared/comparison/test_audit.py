import pytest

from shared.comparison.audit import COLUMNS, audit
from shared.comparison.claims import Names
from shared.comparison.reported import read_reported
from shared.settings import load_paper, paper_ids


@pytest.fixture
def check(invented):
    def of(rows, claims=(), functions=None, **checks):
        paper = invented.paper(audit=checks, claims=list(claims))
        names = Names(invented.reported(*rows), averages=paper.audit.averages)
        return audit(paper, names, functions)

    return of


def averages(*values, method="New"):
    """Table 1 of one method: Set A, Set B and the printed average."""
    names = ("Set A", "Set B", "Average")
    return [
        f"table1,Big,{method},{name},accuracy,{value},paper"
        for name, value in zip(names, values, strict=False)
    ]


def test_an_average_is_recomputed_for_every_method(check, invented):
    """(80 + 70) / 2 = 75.0; (50 + 75) / 2 = 62.5, printed 62.6: off by 0.1, allowed 0.05."""
    rows = averages("80.0", "70.0", "75.0") + averages("50.0", "75.0", "62.6", method="Old")
    frame = check(rows, averages=invented.AVERAGES)
    assert list(frame) == COLUMNS
    assert frame["what"].tolist() == [
        "table1 / Big / New / Average / accuracy",
        "table1 / Big / Old / Average / accuracy",
    ]
    assert frame["printed"].tolist() == ["75.0", "62.6"]
    assert frame["recomputed"].tolist() == ["75.000", "62.500"]
    assert frame["agrees"].tolist() == ["yes", "no"]
    assert frame["note"][1] == (
        "off by 0.1; half a unit is 0.05; rounding of the parts (up to 0.05) could explain it"
    )


@pytest.mark.parametrize(
    "first, second, printed, agrees",
    [
        ("58.23", "58.24", "58.24", "yes"),  # 58.235: half a unit away exactly, in decimals
        ("58.23", "58.24", "58.23", "yes"),
        ("58.23", "58.23", "58.24", "no"),
        ("1", "2", "2", "yes"),
        ("1", "2", "1.6", "no"),
    ],
)
def test_half_a_unit_of_the_printed_digits_is_allowed(
    check, invented, first, second, printed, agrees
):
    frame = check(averages(first, second, printed), averages=invented.AVERAGES)
    assert frame["agrees"].tolist() == [agrees]


def test_a_gross_error_is_not_put_down_to_rounding(check, invented):
    """(80 + 70) / 2 = 75.0 is printed as 75.2: more than 0.05 + 0.05 away."""
    row = check(averages("80.0", "70.0", "75.2"), averages=invented.AVERAGES).iloc[0]
    assert (row["agrees"], row["note"]) == ("no", "off by 0.2; half a unit is 0.05")


def test_an_average_whose_parts_are_not_printed_is_unknown(check, invented):
    rows = [row for row in averages("80.0", "70.0", "75.0") if "Set B" not in row]
    row = check(rows, averages=invented.AVERAGES).iloc[0]
    assert (row["agrees"], row["note"]) == ("unknown", "not printed: Set B")


def test_items_that_must_agree(check):
    rows = [
        "table4,Big,New,Set A,size,5.0,paper",
        "table4,Big,New,Set B,size,7.0,paper",
        "table9,Big,New,Set A,size,5.00,paper",
        "table9,Big,New,Set B,size,7.1,paper",
        "table9,Big,New,Set C,size,8,paper",
    ]
    row = check(rows, same=[{"items": ["table4", "table9"]}]).iloc[0]
    assert (row["what"], row["recomputed"]) == ("table4 and table9", "1 of 2 cells equal")
    assert (row["agrees"], row["note"]) == ("no", "Big / New / Set B / size: 7.0, 7.1")
    equal = check(rows[:1] + rows[2:3], same=[{"items": ["table4", "table9"]}]).iloc[0]
    assert equal["agrees"] == "yes"
    nothing = check(rows[:1], same=[{"items": ["table4", "table9"]}]).iloc[0]
    assert nothing["agrees"] == "unknown"


def test_totals(check):
    """2,448 + 2,439 + 9,155 = 14,042 where the total is said to be 14,033."""
    total = {"what": "questions", "printed": 14033, "parts": [2448, 2439, 9155], "source": "A.1"}
    row = check(averages("1"), totals=[total]).iloc[0]
    assert (row["what"], row["printed"], row["recomputed"]) == ("questions (A.1)", "14033", "14042")
    assert (row["agrees"], row["note"]) == ("no", "off by -9")
    exact = {**total, "printed": 0.3, "parts": [0.1, 0.2]}
    assert check(averages("1"), totals=[exact]).iloc[0]["agrees"] == "yes"


def test_claims_are_counted_on_the_papers_own_numbers(check, invented):
    rows = averages("80.0", "70.0") + averages("50.0", "75.0", method="Old")
    claims = [invented.claim(), invented.claim(id="c2", where={"d": ["Set A"]})]
    frame = check(rows, claims=claims)
    assert frame["what"].tolist() == ["c1: New is better.", "c2: New is better."]
    assert frame["recomputed"].tolist() == ["1 of 2", "1 of 1"]
    assert frame["agrees"].tolist() == ["no", "yes"]
    assert frame["note"][0] == "except Set B: New 70 against Old 75"
    unknown = check(rows, claims=[invented.claim(holds='ap["New", d] > 3')]).iloc[0]
    assert (unknown["recomputed"], unknown["agrees"]) == ("", "unknown")


def test_a_weighted_average(check, invented):
    """(3 * 80 + 1 * 70) / 4 = 77.5; the plain mean would be 75."""
    checks = [average | {"weights": [3, 1]} for average in invented.AVERAGES]
    frame = check(averages("80.0", "70.0", "77.5"), averages=checks)
    assert frame["agrees"].tolist() == ["yes"]
    assert check(averages("80.0", "70.0", "75.0"), averages=checks)["agrees"].tolist() == ["no"]


def test_a_mean_over_metrics(check):
    """(30 + 60) / 2 = 45 for New; Old prints 46 for 45."""
    values = {"New": ("30", "60", "45"), "Old": ("30", "60", "46")}
    rows = [
        f"table1,Big,{method},Set A,{metric},{value},paper"
        for method, three in values.items()
        for metric, value in zip(("clear", "final", "avg"), three, strict=True)
    ]
    mean = {"item": "table1", "printed": "avg", "over": ["clear", "final"]}
    frame = check(rows, metric_means=[mean])
    assert frame["what"].tolist()[0] == "table1 / Big / New / Set A / avg"
    assert frame["agrees"].tolist() == ["yes", "no"]


def test_numbers_that_two_rows_share(check):
    rows = [
        "table1,Big,New,Set A,accuracy,12.49,paper",
        "table1,Small,New,Set A,accuracy,12.49,paper",
        "table1,Small,New,Set B,accuracy,12.49,paper",  # of another data set: no repeat
    ]
    row = check(rows, distinct=[{"item": "table1"}]).iloc[0]
    assert row["agrees"] == "no" and row["recomputed"] == "1 numbers printed twice, of 3 cells"
    assert row["note"] == "Set A accuracy 12.49: Big New and Small New"
    assert check(rows[1:], distinct=[{"item": "table1"}]).iloc[0]["agrees"] == "yes"


def test_a_total_may_be_rounded_to_its_last_digit(check):
    """58.05 - 30.21 = 27.84: "28" is within half a unit, "22" is not."""
    gain = {"what": "gain", "parts": [58.05, -30.21], "source": "abstract"}
    frame = check([], totals=[gain | {"printed": 28}, gain | {"printed": 22}])
    assert frame["agrees"].tolist() == ["yes", "no"]


@pytest.mark.parametrize("paper_id", paper_ids())
def test_every_check_of_every_paper_has_a_name_of_its_own(paper_id):
    """So that a committed audit can be compared with one that is made again, row by row."""
    paper = load_paper(paper_id)
    named = {claim.function for claim in paper.claims if claim.function}
    unknown = dict.fromkeys(named, lambda values: "unknown")
    frame = audit(paper, Names(read_reported(paper_id)), unknown)
    assert not frame.duplicated(["check", "what"]).any()
