"""The README's status table and the badge, which are made from summary.json."""

import json
import re
import xml.etree.ElementTree as ElementTree

import pytest

from shared.errors import UserError

README = "# All\n\n<!-- status:begin -->\nold\n<!-- status:end -->\n\nAfter.\n"


@pytest.fixture
def readme(results, run):
    """Make the report, then bring up a README in the root; gives its text."""
    path = results.parents[1] / "README.md"
    path.write_text(README)

    def text(*scales):
        for scale in scales:
            out = results.parent / scale
            run("--scale", scale, "--results", results, "--out", out)
        run("--scale", "cpu", "--results", results, "--readme", path)
        return path.read_text()

    return text


def test_the_table_says_what_replicated_and_counts_claims(readme):
    lines = readme("cpu").splitlines()
    head = "| paper | what replicated | holds | fails | undecided | blocked | re-analysed |"
    assert f"{head} arithmetic |" in lines
    name = "[Demo](papers/demo/README.md)"
    said = "New did better & was <no> better calibrated."
    assert f"| {name} | {said} | 1 | 1 | 0 | 1 | – | – |" in lines
    assert "![claims at cpu](results/cpu/badge.svg)" in lines
    assert "old" not in lines and lines[-1] == "After."


def test_the_front_shows_each_papers_main_figure_and_the_forest_plot(readme, results):
    text = readme("cpu")
    pictures = re.findall(r'<img src="(.*?)"', text) + re.findall(r"\((\S*?\.png)\)", text)
    assert pictures == ["results/cpu/demo/figures/figure3.png", "results/cpu/forest.png"]
    assert all((results.parents[1] / path).is_file() for path in pictures)
    (results / "demo" / "figures" / "figure3.png").unlink()
    (results / "demo" / "claims.csv").unlink()
    assert "<img" not in readme("cpu") and "forest" not in readme("cpu")


def test_what_scale_paper_would_reach_is_told_once_it_was_walked(readme, results):
    assert "walked" not in readme("cpu")
    (results.parent / "reach.csv").write_text(
        "paper,item,model,method,dataset,metric,reported,reach,by\n"
        "demo,t,Big,New,A,ap,1.0,reached,official\n"
        "demo,t,Big,New,B,ap,2.0,blocked,never released\n"
    )
    said = readme("cpu")
    assert "Of the 2 numbers that the papers print and that are known, 1 have a path" in said
    page = (results.parent / "cpu" / "report.html").read_text()
    assert "1 blocked: never released" in page and 'data-reach="demo"' in page
    assert (
        "| demo | 2 | 1 | 1 blocked: never released |"
        in (results.parent / "cpu" / "provenance.md").read_text()
    )


def test_a_paper_without_results_says_so(readme, results):
    (results / "demo").rename(results.parent / "elsewhere")
    name = "[Demo](papers/demo/README.md)"
    said = f"| {name} | no results yet | – | – | – | – | – | – |"
    assert said in readme("cpu").splitlines()


def test_each_scale_has_its_table_but_smoke_and_a_users_own_model(readme):
    text = readme("cpu", "gpu", "smoke", "cpu+path-mine")
    assert text.count("| paper |") == 2
    assert "At scale `gpu` ([the whole report](results/gpu/report.md)):" in text
    assert "smoke" not in text and "mine" not in text


def test_without_a_summary_nothing_is_written(readme, results):
    with pytest.raises(UserError, match=r"no summary\.json but of smoke; run `snakemake report`"):
        readme()
    (results / "summary.json").write_text('{"scale": ')
    with pytest.raises(UserError, match=r"cpu/summary\.json:1:11: not JSON"):
        readme()
    (results / "summary.json").write_text("{}")
    with pytest.raises(UserError, match=r"cpu/summary\.json: not a summary of the report"):
        readme()
    assert (results.parents[1] / "README.md").read_text() == README


def test_the_badge_is_an_image_that_needs_nothing_else(results, run):
    run("--scale", "cpu", "--results", results, "--out", results)
    text = (results / "badge.svg").read_text()
    image = ElementTree.fromstring(text)
    assert (
        "".join(image.itertext()).split("\n")[1]
        == "claims replicated at cpu: 1 hold, 1 fail, 0 inconclusive, 0 of one run"
    )
    width = float(image.get("width"))
    ends = [
        float(t.get("x")) + float(t.get("textLength"))
        for t in image.iter()
        if t.tag.endswith("text")
    ]
    assert len(ends) == 2 and ends[0] < ends[1] < width
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    assert json.loads((results / "summary.json").read_text())["total"]["claims"]["holds"] == 1
