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
    assert "**Claims** (new runs: 1 holds, 1 fails, 1 blocked)" in once
    claim = "| c1. New is better than Old \\| by far. (Table 1) | +0.3 points, 2 of 4 |"
    (found,) = [line for line in lines if line.startswith(claim)]
    assert found.endswith(
        "| **holds** +6.2 points [2.5, 9.8]; as the released code does: "
        "**inconclusive** +1.5 points [−2.0, 5.0] | New 61.2 against Old 55. |"
    )
    assert "**New did better & was <no> better calibrated.**" in lines
    picture = "../../results/cpu/demo/figures/figure3.png"
    assert f"![Figure 3]({picture})" in lines and (readme.parent / picture).is_file()
    assert "Blocked at this scale: c3." in lines
    assert "Numbers of stand-in models are shown beside the paper's, not judged" in once
    assert "**Table 2**" not in once
    assert "**Table 1, AP (%)**:" in lines
    assert "|  |  | Set A (ours: invented facts) |" in lines
    at = lines.index("| Big, New | paper | 93.23 |")
    assert lines[at + 1] == "|  | ours, as the paper says, stand-in tiny | 61.23 [50.10, 70.90] |"
    assert not any("Set B" in line for line in lines)  # not attempted: left to the report
    assert len(lines) < 45


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
    assert "**Table 1, AP (%)**" in readme.read_text()
    assert "|  | ours | 0.018 [0.010, 0.030] compatible |" in readme.read_text()


def test_an_unknown_item_lists_the_known_ones(readme, results, run):
    with pytest.raises(
        UserError, match=r"no item or table 'table9' .* there are: table1, table2, by_topic"
    ):
        run(
            *("--scale", "cpu", "--results", results, "--readme", readme, "--items", "table9"),
        )
