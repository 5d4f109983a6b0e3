"""The page of a small made-up results folder: its form, its links, what lies in it."""

import base64
import gzip

import pytest


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
    links = [a["href"][1:] for t, a in page.tags if t == "a" and a["href"].startswith("#")]
    assert links
    assert set(links) <= ids


def test_the_smoke_scale_says_that_nothing_is_a_result(report):
    page, _, _ = report("smoke")
    assert "nothing here is a result" in page.text


def test_figures_are_embedded_with_captions(report):
    page, _, _ = report()
    (image,) = [attributes for tag, attributes in page.tags if tag == "img"]
    assert image["src"].startswith("data:image/webp;base64,UklGR")
    assert (image["width"], image["height"]) == ("20", "10")
    assert "Figure 3. Bars of <AP>." in page.text


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
    assert summary["papers"]["demo"]["audit"] == {"no": 1, "yes": 1}
    assert summary["papers"]["demo"]["seconds"] == 125.0
    assert summary["papers"]["demo"]["dirty"] is True


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
    first = {name: (results / name).read_bytes() for name in ("report.html", "report.md")}
    report()
    assert first == {name: (results / name).read_bytes() for name in first}


def test_a_program_with_nothing_to_write_says_so(results, run, capsys):
    with pytest.raises(SystemExit):
        run("--scale", "cpu", "--results", results)
    assert "give --out, --readme or both" in capsys.readouterr().err
