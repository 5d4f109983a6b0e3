"""The results of a small made-up folder, put between the markers of a paper's README."""

import pytest

from shared import settings
from shared.errors import UserError

README = "# Demo\n\nBefore.\n\n<!-- results:begin -->\nold\n<!-- results:end -->\n\nAfter.\n"


@pytest.fixture
def readme(results):
    path = settings.PAPERS / "demo" / "README.md"
    path.write_text(README)
    return path


def test_the_results_in_a_readme_are_replaced_and_again_the_same(readme, results, run):
    arguments = ("--scale", "cpu", "--results", results, "--readme", readme, "--items", "table1")
    run(*arguments)
    once = readme.read_text()
    run(*arguments)
    assert readme.read_text() == once
    assert once.startswith("# Demo\n\nBefore.\n\n<!-- results:begin -->\n")
    assert once.endswith("<!-- results:end -->\n\nAfter.\n")
    assert "\nold\n" not in once
    assert not (results / "report.html").exists()
    lines = once.splitlines()
    assert (
        "**Claims** (corrected: holds 1, fails 1, blocked 1; official: inconclusive 1, blocked 2)"
        in once
    )
    claim = "| c1. New is better than Old \\| by far. (Table 1) | 2 of 4 |"
    (found,) = [line for line in lines if line.startswith(claim)]
    assert "| **holds** +6.23 [2.50, 9.75] | **inconclusive** +1.50 [−2.00, 5.00] |" in found
    assert "Blocked at this scale: c3." in lines
    assert "Numbers of stand-in models are shown beside the paper's, not judged" in once
    assert "**Table 2**" not in once
    assert "**Table 1**, AP (%), tiny (stand-in for Big):" in lines
    assert (
        "| Set A (ours: Facts A) | New | 93.23 | 61.23 [50.10, 70.90] | 58.50 [48.00, 69.00] |"
        in lines
    )
    assert not any("Set B" in line for line in lines)  # not attempted: left to the report
    assert len(lines) < 40


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (README.replace("<!-- results:begin -->", ""), "found 0 lines <!-- results:begin -->"),
        (README.replace("<!-- results:end -->", ""), "found 0 lines <!-- results:end -->"),
        (README + README, "found 2 lines <!-- results:begin -->"),
        ("<!-- results:end -->\n<!-- results:begin -->\n", "results:end --> before"),
    ],
)
def test_a_readme_without_its_markers_is_left_alone(readme, results, run, text, message):
    readme.write_text(text)
    with pytest.raises(UserError, match=message) as error:
        run("--scale", "cpu", "--results", results, "--readme", readme)
    assert "\n" not in str(error.value)
    assert readme.read_text() == text


def test_without_items_the_first_two_with_numbers_are_shown(readme, results, run):
    run("--scale", "cpu", "--results", results, "--readme", readme)
    assert "**Table 1**" in readme.read_text()
    assert "| Set A | New | 0.018 | 0.018 [0.010, 0.030] compatible |" in readme.read_text()


def test_an_unknown_item_lists_the_known_ones(readme, results, run):
    with pytest.raises(UserError, match=r"no item or table 'table9' .* there are: table1, table2"):
        run(
            *("--scale", "cpu", "--results", results, "--readme", readme, "--items", "table9"),
        )
