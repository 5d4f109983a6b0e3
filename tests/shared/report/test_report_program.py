"""The page of a small made-up results folder: its form, its links, what lies in it."""

import base64
import gzip
import re

import pytest

from shared.report.collect import load_results
from shared.settings import ROOT, load_paper, paper_ids


def test_the_page_is_well_formed_and_loads_nothing_from_elsewhere(report):
    page, _, _ = report()
    assert page.open == []
    loading = {"img", "script", "link", "iframe", "source", "video", "object", "embed", "audio"}
    for tag, attributes in page.tags:
        for name in ("src", "data", "srcset", "poster"):
            assert attributes.get(name, "data:").startswith("data:"), (tag, attributes)
        if tag in loading and "href" in attributes:
            assert attributes["href"].startswith("data:")
    style = page.source.partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style
    assert "prefers-color-scheme: dark" in style
    assert (
        "meta",
        {"name": "viewport", "content": "width=device-width, initial-scale=1"},
    ) in page.tags


def test_links_within_the_page_lead_somewhere(report):
    page, _, _ = report()
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    links = [a["href"][1:] for t, a in page.tags if t == "a" and a.get("href", "")[:1] == "#"]
    assert links
    assert set(links) <= ids


def test_the_smoke_scale_says_that_nothing_is_a_result(report):
    page, _, _ = report("smoke")
    assert "nothing here is a result" in page.text


def test_figures_are_embedded_with_captions_and_lead_to_their_pdf(report, results):
    page, _, _ = report()
    (image,) = [attributes for tag, attributes in page.tags if tag == "img"]
    assert image["src"].startswith("data:image/webp;base64,UklGR")
    assert (image["width"], image["height"]) == ("20", "10")
    assert page.within("demo-figure-figure3") == "Figure 3. Bars of <AP>. link PDF"
    pdf = next(
        a["href"] for t, a in page.tags if t == "a" and a.get("class") == "file" and "href" in a
    )
    assert (results / pdf).read_bytes() == b"%PDF-"


def test_audit_deviations_provenance_data_and_cost(report):
    page, _, summary = report()
    assert "2 checks of averages, repeated tables and totals; 1 does not add up." in page.text
    rows = [page.cells(row) for row in page.rows]
    assert [
        "average",
        "table1 / Big / New / Average / accuracy",
        "61.09",
        "60.92",
        "no",
        "off by 0.17",
    ] in rows
    assert "Fewer rows. The budget. Effect: Wide." in page.text
    assert "Of another scale" not in page.text
    assert ["train", "2 min 05 s", "", "1.4 GB", "312"] in rows
    assert "Commit 0123456789 with uncommitted changes (train) not known (data)" in page.text
    assert "Hardware Linux x86_64, 2 cores (train)" in page.text
    assert "Versions numpy 2.1.0 (train)" in page.text
    assert ["facts", "package", f"rows: {'cd' * 32}", "A: 40"] in rows
    assert "facts.jsonl abababababab" in page.text
    appendix = page.text.index("Appendix: how it was counted and made")
    assert appendix < page.text.index("Commit 0123456789")
    assert summary["papers"]["demo"]["audit"] == {"no": 1, "yes": 1}
    assert summary["papers"]["demo"]["seconds"] == 125.0
    assert summary["papers"]["demo"]["dirty"] is True


def test_hashes_and_costs_have_a_file_of_their_own(report, results):
    _, markdown, _ = report()
    provenance = (results / "provenance.md").read_text(encoding="utf-8")
    for text in ("ab" * 6, "cd" * 32, "0123456789", "2 min 05 s", "numpy 2.1.0"):
        assert text in provenance
        assert text not in markdown
    assert "| demo | 10 | 4 | 0 | 1 | 1 | 2 | 0 | 4 | 2 | as the paper says | 1 | 1 |" in provenance


def test_the_committed_report_is_short_and_has_a_picture_and_both_numbers_of_each_paper(
    run, tmp_path
):
    """At most 400 lines; each paper has a figure that is there, and a row of its own numbers above
    one of ours."""
    folder = ROOT / "results" / "cpu"
    run("--scale", "cpu", "--results", folder, "--out", tmp_path)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    assert (tmp_path / "forest.png").stat().st_size > 30_000
    papers = text.split("\n## ")[1:]
    for paper_id in paper_ids():
        (own,) = [each for each in papers if each.startswith(f"{load_paper(paper_id).name}\n")]
        (picture,) = re.findall(r"!\[.*?\]\((.*?)\)", own)
        assert (tmp_path / picture).resolve().is_relative_to(folder / paper_id / "figures")
        assert (tmp_path / picture).is_file()
        rows = load_results(paper_id, folder, "cpu").comparison
        printed = any(row["reported"] and row["our_model"] for row in rows)
        # The text of one could not be read; small readers are asked none of the other's sentences.
        assert printed == (paper_id not in ("refusal_tokens", "center_bench"))
        assert bool(re.search(r"^\| .* \| paper \| .*\d", own, re.M)) == printed
        ours = re.search(r"^\|  \| ours[^|]* \| .*\d", own, re.M)
        assert bool(ours) == (paper_id != "center_bench")


def test_the_report_of_snakemake_lies_packed_in_the_page(report, results, run, tmp_path):
    page, _, _ = report()
    assert "made from results alone, without Snakemake" in page.text
    whole = "<html>Snakemake's own page</html>" * 50
    (tmp_path / "workflow.html").write_text(whole)
    out = ("--scale", "cpu", "--results", results, "--out", results)
    run(*out, "--workflow", tmp_path / "workflow.html")
    source = (results / "report.html").read_text(encoding="utf-8")
    packed = source.partition('id="workflow-page">')[2].partition("</script>")[0]
    assert gzip.decompress(base64.b64decode(packed)).decode() == whole
    assert len(packed) < len(whole) / 5


def test_text_of_papers_is_escaped(report):
    page, _, _ = report()
    assert "An &lt;invented&gt; paper" in page.source
    assert "New & improved against Old." in page.text


def test_the_same_results_give_the_same_bytes(report, results):
    report()
    first = {name: (results / name).read_bytes() for name in NAMES}
    report()
    assert first == {name: (results / name).read_bytes() for name in first}


NAMES = ("report.html", "report.md", "provenance.md", "forest.png")


def test_a_program_with_nothing_to_write_says_so(results, run, capsys):
    with pytest.raises(SystemExit):
        run("--scale", "cpu", "--results", results)
    assert "give --out, --readme or both" in capsys.readouterr().err
