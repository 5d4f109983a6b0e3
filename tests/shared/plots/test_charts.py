"""Charts draw the numbers they are given."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from sklearn.metrics import average_precision_score

from shared.metrics.calibration import reliability_bins
from shared.metrics.ranking import precision_recall_curve
from shared.plots import charts, curves, style

LOOKS = style.looks(["R-Tuning", "Vanilla"])


def test_bars_have_the_values_as_heights_and_the_intervals_as_error_bars(axes):
    values = np.array([[60.0, 40.0], [30.0, np.nan]])
    intervals = np.array([[[55, 66], [31, 42]], [[20, 44], [np.nan, np.nan]]])
    positions = charts.grouped_bars(
        axes,
        values,
        intervals,
        groups=["ID", "OOD"],
        series=["R-Tuning", "Vanilla"],
        colours=["#0072B2", "#E69F00"],
        hatched=[False, True],
    )
    heights = [bar.get_height() for bar in axes.patches]
    np.testing.assert_array_equal(heights, values.ravel())
    ends = [line.get_segments()[0][:, 1] for line in axes.collections]
    np.testing.assert_allclose(ends[0], [55, 66])
    assert positions[0, 0] < positions[1, 0] < positions[0, 1] < positions[1, 1]
    assert [bar.get_hatch() for bar in axes.patches[::2]] == [None, charts.OFFICIAL_HATCH]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["ID", "OOD"]
    assert sorted(text.get_text() for text in axes.texts) == ["30", "40", "60"]  # none for NaN


def test_precision_recall_is_the_step_curve_of_average_precision(axes):
    """Right, wrong, right, from the most confident down.

    Precision 1, 1/2, 2/3 at recall 1/2, 1/2, 1: the curve is 1 up to recall 1/2 and 2/3 after it,
    and its area is 5/6, the AP.
    """
    curve = (np.array([1, 1 / 2, 2 / 3]), np.array([1 / 2, 1 / 2, 1]))
    curves.precision_recall(axes, {"R-Tuning": [curve]}, looks=LOOKS)
    recall, precision = axes.lines[0].get_data()
    np.testing.assert_allclose(precision[recall <= 0.5], 1)
    np.testing.assert_allclose(precision[recall > 0.5], 2 / 3)


def test_the_area_under_the_drawn_curve_is_average_precision(axes):
    rng = np.random.default_rng(0)
    correct = rng.integers(0, 2, 400)
    score = np.round(correct * 0.3 + rng.random(400), 1)  # with ties
    precision, recall, _ = precision_recall_curve(correct, score, np.ones(400))
    curves.precision_recall(axes, {"Vanilla": [(precision, recall)]}, looks=LOOKS)
    drawn = axes.lines[0].get_ydata()
    assert drawn.mean() == pytest.approx(average_precision_score(correct, score), abs=0.005)


def test_seeds_become_a_mean_line_and_a_band_of_their_range(axes):
    flat = [(np.array([level]), np.array([1.0])) for level in (0.4, 0.8)]
    given = {"R-Tuning": flat, "Vanilla": flat[:1]}
    curves.precision_recall(axes, given, looks=LOOKS, dashed=["Vanilla"])
    first, second = axes.lines
    np.testing.assert_allclose(first.get_ydata(), 0.6)
    assert (first.get_linestyle(), second.get_linestyle()) == ("-", "--")
    assert first.get_color() == style.METHODS["R-Tuning"].colour
    (band,) = axes.collections  # one seed alone has none
    heights = band.get_paths()[0].vertices[:, 1]
    np.testing.assert_allclose([heights.min(), heights.max()], [0.4, 0.8])


def test_histograms_are_shares_of_all_answers(axes):
    """Three right answers and one wrong: 75 % and 25 % in all."""
    charts.histogram_pair(axes, np.array([0.9, 0.95, 0.5]), np.array([0.1]), bins=10)
    shares = {patch.get_label(): patch.get_data().values for patch in axes.patches}
    assert shares["correct"].sum() == pytest.approx(75)
    assert shares["wrong"].sum() == pytest.approx(25)
    assert shares["correct"][9] == pytest.approx(50)
    means = [line.get_xdata()[0] for line in axes.lines]
    assert means == pytest.approx([0.1, (0.9 + 0.95 + 0.5) / 3])


def test_a_histogram_of_only_wrong_answers_can_be_drawn(axes):
    charts.histogram_pair(axes, np.array([]), np.array([0.2, 0.3]))
    assert len(axes.lines) == 1  # there is no mean of nothing


def test_reliability_bars_are_accuracies_and_gaps_reach_the_confidence(axes):
    """Two bins: confidence 0.2 and 0.4 with one of two right, confidence 0.9 with one of one."""
    bins = reliability_bins(np.array([1, 0, 1]), np.array([0.2, 0.4, 0.9]), np.ones(3), bins=2)
    columns = {name: bins[name].to_numpy() for name in ("confidence", "accuracy", "weight")}
    charts.reliability_diagram(axes, **columns, colour="#009E73")
    accuracy, gap, share = (list(bars) for bars in axes.containers)
    assert [bar.get_height() for bar in accuracy] == pytest.approx([0.5, 1.0])
    ends = [bar.get_y() + bar.get_height() for bar in gap]
    assert ends == pytest.approx([0.3, 0.9])
    assert share[1].get_height() / share[0].get_height() == pytest.approx(1 / 2)


def test_an_empty_bin_has_no_bar(axes):
    nothing = np.array([0.25, np.nan]), np.array([0.5, np.nan]), np.array([4.0, 0.0])
    charts.reliability_diagram(axes, *nothing, colour="#009E73")
    assert len(axes.containers[0]) == 1


def test_stacked_counts_write_every_count_also_of_narrow_parts(axes):
    charts.stacked_counts(
        axes,
        np.array([[300, 20], [700, 980]]),
        groups=["Facts", "MMLU"],
        series=["D1", "D0"],
        colours=[style.RIGHT, style.WRONG],
    )
    assert [bar.get_width() for bar in axes.patches] == [300, 20, 700, 980]
    assert [bar.get_x() for bar in axes.patches] == [0, 0, 300, 20]
    assert {text.get_text() for text in axes.texts} == {
        "300\n30%",
        "20 (2%)",
        "700\n70%",
        "980\n98%",
    }


def test_lines_have_their_band(axes):
    x = np.array([1, 2, 4])
    middle = np.array([1.0, 2.0, 3.0])
    charts.lines_with_band(axes, x, {"Vanilla": (middle, middle - 1, middle + 2)}, looks=LOOKS)
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), np.column_stack([x, middle]))
    heights = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == (0, 5)


def test_tradeoff_puts_markers_and_opens_those_of_the_second_protocol(axes):
    points = {"R-Tuning": (20.0, 80.0), "Vanilla": (10.0, 30.0)}
    spans = {name: ((x - 5, x + 5), (y - 2, y + 3)) for name, (x, y) in points.items()}
    charts.tradeoff(axes, points, spans, looks=LOOKS, hollow=["Vanilla"])
    markers = [bars.lines[0] for bars in axes.containers]
    assert [marker.get_xydata()[0].tolist() for marker in markers] == [[20, 80], [10, 30]]
    assert to_hex(markers[0].get_markerfacecolor()).upper() == LOOKS["R-Tuning"].colour
    assert markers[1].get_markerfacecolor() == "white"
    across, up = (bars.get_segments()[0] for bars in axes.containers[0].lines[2])
    assert across[:, 0].tolist() == [15, 25]
    assert up[:, 1].tolist() == [78, 83]
    assert axes.get_xlim() == (-3, 103)


def test_tradeoff_of_something_else_than_two_rates_has_its_own_range(axes):
    one = {"R-Tuning": (500.0, 20.0)}
    charts.tradeoff(axes, one, {"R-Tuning": ((400, 600), (10, 30))}, looks=LOOKS, rates=False)
    assert axes.get_xlim()[1] > 600
    assert not any(line.get_xdata()[-1] == 100 for line in axes.lines)  # the diagonal


def test_the_shared_legend_names_each_series_once():
    fig, panels = style.figure(1, 2)
    for panel in panels:
        panel.plot([0, 1], [0, 1], label="R-Tuning")
        panel.plot([0, 1], [1, 0], label="Vanilla")
    charts.shared_legend(fig, columns=2)
    (legend,) = fig.legends
    assert [text.get_text() for text in legend.get_texts()] == ["R-Tuning", "Vanilla"]
    style.plt.close(fig)


def test_the_shared_legend_is_no_wider_than_its_figure():
    """Eight long names beside one panel: in four columns the outer ones would be cut off."""
    fig, (axes,) = style.figure(1, 1, size=(3.9, 2.8))
    for number in range(8):
        axes.plot([0, 1], [0, 1], label=f"Gemini {number}, thinking")
    charts.shared_legend(fig, columns=4)
    (legend,) = fig.legends
    fig.draw_without_rendering()
    shown = legend.get_window_extent()
    assert len(legend.get_texts()) == 8
    assert shown.x0 >= 0 and shown.x1 <= fig.bbox.width
    style.plt.close(fig)
