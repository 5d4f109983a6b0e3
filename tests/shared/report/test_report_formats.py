"""How numbers are written."""

import math

import pytest

from shared.report import formats


@pytest.mark.parametrize("nothing", ["", None, "nan", "NaN", "None", math.nan])
def test_what_is_absent_is_a_dash(nothing):
    assert formats.number(nothing) == "–"
    assert formats.count(nothing) == "–"
    assert formats.p_value(nothing) == "–"
    assert formats.duration(nothing) == "–"
    assert formats.share(1, nothing) == "–"
    assert formats.interval(nothing, "1") == formats.interval("1", nothing) == ""


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (formats.number("93.235"), "93.23"),  # 93.235 is a little less in binary
        (formats.number("-1.5", 1), "−1.5"),
        (formats.number("2", 1, signed=True), "+2.0"),
        (formats.count("13974"), "13,974"),
        (formats.interval("-0.2", "0.31", 3), "[−0.200, 0.310]"),
        (formats.p_value("0.0009"), "< 0.001"),
        (formats.p_value("0.001"), "0.001"),
        (formats.share("10", "12"), "10 of 12"),
        (formats.share("0", "0"), "–"),
        (formats.duration(8.84), "8.8 s"),
        (formats.duration(59.6), "1 min 00 s"),
        (formats.duration(3725), "1 h 02 min"),
        (formats.minutes(0), "–"),
        (formats.minutes(61), "2"),
        (formats.minutes(72000), "1,200"),
        (formats.metric_name("ap_strict", "%"), "AP strict (%)"),
        (formats.metric_name("answer_rate", ""), "answer rate"),
    ],
)
def test_a_number_is_written_as(written, expected):
    assert written == expected


def test_ours_has_as_many_decimals_as_the_paper_prints():
    assert [formats.decimals(printed) for printed in ("93.23", "0.018", "5584")] == [2, 3, 0]


def test_effects_below_one_have_three_decimals():
    assert formats.effect_digits("-0.1", "-0.2", "0.05") == 3
    assert formats.effect_digits("0.1", "-0.2", "1.05") == 2
    assert formats.effect_digits("", "", "") == 2
