"""Effects of claims on one scale, ours and the paper's own."""

import csv

import pytest
from PIL import Image, ImageColor

from shared import settings
from shared.plots.words import Words
from shared.report.cards import strips
from shared.report.claims import claim_views
from shared.report.collect import load_results
from shared.report.effects import Effect, effects, full_scales, paper_leads
from shared.report.forest import COLOURS, draw


def rewrite(path, change):
    """The rows of a CSV file, changed in place."""
    rows = list(csv.DictReader(path.read_text().splitlines()))
    for row in rows:
        change(row)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def demo(results):
    def load():
        return load_results("demo", results, "cpu")

    return load


def test_per_cents_are_points_and_shares_are_multiplied(demo):
    """c1 is in per cent: as it is. c2 is an ECE between 0 and 1: a hundred times."""
    found = effects(demo())
    assert found["c1", "corrected"][:3] == pytest.approx((6.2345, 2.5, 9.75))
    assert found["c2", "corrected"][:3] == pytest.approx((-12.34, -20, -5))
    assert ("c3", "corrected") not in found and ("c2", "official") not in found
    assert found["c1", "corrected"].text == "+6.2 points [2.5, 9.8]"


def test_a_metric_without_a_full_scale_gives_per_cent_of_the_larger_side(demo, results):
    """An effect of −0.1234 between 1.4 and 1.2766 is 8.81 % of 1.4."""

    def change(row):
        if row["id"] == "c2" and row["effect"]:
            row["part"] = "Old 1.2766 against New 1.4"

    rewrite(results / "demo" / "claims.csv", change)
    rewrite(
        results / "demo" / "comparison.csv",
        lambda row: row.update(reported="1.3") if row["metric"] == "ece" else None,
    )
    found = effects(demo())["c2", "corrected"]
    assert found.relative and found.value == pytest.approx(-100 * 0.1234 / 1.4)
    assert found.text.startswith("−8.8 % [")


def test_the_papers_own_lead_is_that_of_its_printed_numbers(demo):
    """It prints 93.23 against 92.89 on Set A, and 69.41 against 68.42 on Set B: 0.34 and 0.99. A
    number of others (90.69) is not the paper's."""
    path = settings.PAPERS / "demo" / "reported.csv"
    rows = path.read_text().rstrip().splitlines()
    rows += ["table1,Big,New,Set B,ap,69.41,%,higher,,paper,"]
    rows += ["table1,Big,Old,Set B,ap,68.42,%,higher,,paper,"]
    path.write_text("\n".join(rows) + "\n")
    scales = full_scales([{"metric": "ap", "unit": "%"}])
    assert paper_leads(demo(), scales) == {"c1": pytest.approx((0.34, 0.99))}
    assert effects(demo())["c1", "official"].papers == "+0.3 to +1.0 points"


@pytest.mark.parametrize(
    ("rows", "scale"),
    [
        ([{"metric": "m", "unit": "%", "value": "61"}], 100),
        ([{"metric": "m", "unit": "", "value": "0.61", "reported": "0.9"}], 1),
        ([{"metric": "m", "unit": "", "value": "0.61"}, {"metric": "m", "value": "1.5"}], None),
        ([{"metric": "m", "unit": "", "value": "12"}, {"metric": "m", "value": "0.5"}], None),
        ([{"metric": "m", "unit": "", "value": "-0.2"}], None),
    ],
)
def test_the_full_scale_of_a_metric(rows, scale):
    assert full_scales(rows) == {"m": scale}


def test_one_lead_of_the_paper_is_one_number_and_none_is_nothing():
    assert Effect(1, None, None, (5.0, 5.0)).papers == "+5.0 points"
    assert Effect(1, None, None).papers == ""
    assert Effect(0.04, None, None).text == "0.0 points"


def test_a_strip_lies_where_its_effect_is_and_says_what_is_beyond(demo, results):
    """+6.2345 points: 50 + 3.12 per cent of the axis. Of c1 the corrected reading is shown."""
    found = strips(claim_views(demo(), Words(demo().paper)))
    assert [strip.claim.id for strip in found] == ["c1", "c2"]
    first = found[0]
    assert (first.value, first.low, first.high) == pytest.approx((53.12, 51.25, 54.88), abs=0.01)
    assert first.paper == pytest.approx((50.17, 50.17), abs=0.01)
    assert not first.beyond and first.reading == ""
    rewrite(results / "demo" / "claims.csv", lambda row: row.update(ci_high="250"))
    wide = strips(claim_views(demo(), Words(demo().paper)))[0]
    assert wide.beyond and wide.high == 100


def test_a_claim_that_only_the_released_code_decides_is_drawn_by_that(demo, results):
    def change(row):
        if row["id"] == "c1" and row["protocol"] == "corrected":
            row.update(verdict="blocked", effect="", ci_low="", ci_high="", note="no run")

    rewrite(results / "demo" / "claims.csv", change)
    first = strips(claim_views(demo(), Words(demo().paper)))[0]
    assert (first.claim.id, first.reading) == ("c1", "as the released code does")
    assert first.row.verdict == "inconclusive"


def test_the_forest_plot_is_a_picture_that_is_the_same_each_time(demo, tmp_path):
    found = strips(claim_views(demo(), Words(demo().paper)))
    for name in ("one", "other"):
        draw([("Demo", found), ("Empty", [])], tmp_path / f"{name}.png")
    drawn = (tmp_path / "one.png").read_bytes()
    assert drawn[:8] == b"\x89PNG\r\n\x1a\n" and len(drawn) > 3000
    assert drawn == (tmp_path / "other.png").read_bytes()
    with Image.open(tmp_path / "one.png") as image:
        colours = {colour for _, colour in image.convert("RGB").getcolors(10_000)}
    for verdict in ("holds", "fails"):
        wanted = ImageColor.getrgb(COLOURS[verdict])
        assert min(sum(abs(a - b) for a, b in zip(c, wanted, strict=True)) for c in colours) < 9
    draw([("Demo", found[:1])], tmp_path / "less.png")
    assert (tmp_path / "less.png").read_bytes() != drawn
    draw([("Empty", [])], tmp_path / "none.png")
    assert not (tmp_path / "none.png").exists()
