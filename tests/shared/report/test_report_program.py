"""The report of a small made-up results folder: its facts, its counts, what is missing."""

import base64
import csv
import gzip
import json
from collections import Counter
from html.parser import HTMLParser

import pytest

from shared import settings
from shared.errors import UserError
from shared.report.counts import CLAIM_VERDICTS


@pytest.fixture
def report(results, run):
    """Make the report and give (html page, report.md, summary.json)."""

    def make(scale="cpu"):
        run("--scale", scale, "--results", results, "--out", results)
        text = (results / "report.html").read_text(encoding="utf-8")
        summary = json.loads((results / "summary.json").read_text(encoding="utf-8"))
        return Page(text), (results / "report.md").read_text(encoding="utf-8"), summary

    return make


class Page(HTMLParser):
    """The visible text, the tags with their attributes, and the rows of all tables."""

    VOID = {"meta", "link", "img", "br", "input"}

    def __init__(self, source):
        super().__init__()
        self.source, self.tags, self.rows, self.words, self.open = source, [], [], [], []
        self.feed(source)
        self.close()
        self.text = " ".join("".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append((dict(attrs), []))
        if tag in ("td", "th"):
            self.rows[-1][1].append((dict(attrs), []))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data):
        if self.open and self.open[-1] in ("style", "script"):
            return
        self.words.append(data)
        if ("td" in self.open or "th" in self.open) and self.rows:
            self.rows[-1][1][-1][1].append(data)

    def cells(self, row):
        return [" ".join("".join(words).split()) for _, words in row[1]]


def csv_rows(path):
    return list(csv.DictReader(path.read_text().splitlines()))


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


def test_verdict_counts_of_claims_equal_the_csv(report, results):
    page, _, summary = report()
    counted = Counter(
        (row["protocol"], row["verdict"]) for row in csv_rows(results / "demo" / "claims.csv")
    )
    for protocol in ("corrected", "official"):
        (row,) = [r for r in page.rows if r[0].get("data-protocol") == protocol]
        shown = {a["data-claims"]: int("".join(w)) for a, w in row[1] if "data-claims" in a}
        expected = {v: counted[protocol, v] for v in CLAIM_VERDICTS}
        assert shown == expected
        assert summary["papers"]["demo"]["claims"][protocol] == expected
    assert summary["papers"]["demo"]["verdicts"]["c1"] == {
        "corrected": "holds",
        "official": "inconclusive",
    }


def test_cells_count_once_by_their_corrected_reading_and_only_if_the_paper_prints_them(report):
    """12 rows: one of a second protocol and one of others leave 10 cells of the paper."""
    page, _, summary = report()
    expected = {
        "reported": 10,
        "attempted": 4,
        "match": 0,
        "compatible": 1,
        "differs": 1,
        "stand-in": 2,
        "unknown": 0,
        "blocked": 4,
        "not attempted": 2,
    }
    assert summary["papers"]["demo"]["cells"] == expected
    row = next(r for r in page.rows if r[0].get("data-paper") == "demo")
    assert {a["data-cells"]: int("".join(w)) for a, w in row[1] if "data-cells" in a} == expected


def test_ours_beside_a_number_that_could_not_be_read_is_attempted(report, results):
    path = results / "demo" / "comparison.csv"
    text = path.read_text()
    assert text.count(",0.255,,paper,") == text.count("differs,off by +0.145") == 1
    unread = text.replace(",0.255,,paper,", ",,,paper,").replace("differs,off by", "blocked,not")
    path.write_text(unread)
    _, _, summary = report()
    cells = summary["papers"]["demo"]["cells"]
    counted = [cells[name] for name in ("attempted", "differs", "unknown", "blocked")]
    assert counted == [4, 0, 1, 4]


def test_a_claim_has_its_effect_interval_p_n_and_the_count_in_the_paper(report):
    page, markdown, _ = report()
    assert "New is better than Old | by far." in page.text
    assert "in the paper's own numbers: 2 of 4" in page.text
    judged = [page.cells(row) for row in page.rows if row[0].get("class") == "judged"]
    assert judged[0] == [
        *("corrected", "holds", "+6.23 [2.50, 9.75]"),
        *("40", "< 0.001", "1 of 1"),
    ]
    assert judged[2][2:5] == ["−0.123 [−0.200, −0.050]", "40", "0.010 (alone 0.004)"]
    assert judged[3] == ["official", "blocked", "no run of Old"]
    assert "official: t, units and seeds; about 900 units would settle it" in page.text
    assert "1 claim that cannot be judged at this scale" in page.text
    assert "needs Huge" in page.text
    assert (
        "| c1. New is better than Old \\| by far. (Table 1) | 2 of 4 | corrected | holds |"
        in markdown
    )


def test_reported_and_reproduced_stand_side_by_side_with_our_model_named(report):
    page, markdown, _ = report()
    head = next(page.cells(row) for row in page.rows if "Huge" in str(row))
    assert head == [
        *("Data set", "Method", "Big", "ours, correctedtinystand-in for Big"),
        *("ours, officialtinystand-in for Big", "Huge1", "Big, issue 92"),
    ]
    first = next(page.cells(row) for row in page.rows if "93.23" in page.cells(row))
    assert first == [
        *("Set Aours: Facts A", "New", "93.23", "61.233 [50.10, 70.90]", "58.50 [48.00, 69.00]"),
        *("94.44", "90.69"),
    ]
    second = next(page.cells(row) for row in page.rows if "69.41" in page.cells(row))
    assert second == ["Set B", "New", "69.41", "–4", "–4", "77.30", "–"]
    notes = [
        "blocked: needs weights of Huge",
        "Issue 9: reported by others, not by the paper",
        "95.0% of the examples could be scored",
        "not attempted: too long for this scale",
    ]
    assert " ".join(notes) in page.text
    assert "| Set A (ours: Facts A) | New | 93.23 | 61.23<sup>3</sup> [50.10, 70.90] |" in markdown


def test_a_judged_cell_carries_its_verdict(report):
    page, _, _ = report()
    rows = [page.cells(row) for row in page.rows]
    assert ["Set A", "New", "0.018", "0.0181 [0.010, 0.030] compatible"] in rows
    assert ["Old", "0.255", "0.4002 [0.350, 0.450] differs"] in rows
    assert "inside our 95 % interval off by +0.145" in page.text


def test_numbers_that_the_paper_does_not_report_are_shown_apart(report):
    page, _, _ = report()
    rows = [page.cells(row) for row in page.rows]
    assert ["tiny", "Facts A", "AP strict (%)", "New", "51.50 [41.00, 62.00]", "–"] in rows
    assert ["tiny", "Facts A", "refusal rate (%)", "New", "–", "–"] in rows


def test_nothing_absent_is_shown_as_nan_or_none(report):
    page, markdown, _ = report()
    for text in (page.text, markdown):
        words = set(text.replace("|", " ").split())
        assert not words & {"nan", "NaN", "None", "null", "[nan,", "<NA>"}


def test_stand_ins_are_said_loudly(report):
    page, markdown, _ = report()
    for text in (page.text, markdown):
        assert "Numbers of stand-in models are shown beside the paper's, not judged" in text
        assert "Stand-ins: tiny for Big, Facts A for Set A." in text


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


def test_the_last_row_sums_up_with_each_claim_once(report):
    page, _, summary = report()
    total = dict.fromkeys(CLAIM_VERDICTS, 0) | {"holds": 1, "fails": 1, "blocked": 1}
    assert summary["total"]["claims"] == total
    assert summary["total"]["cells"]["reported"] == 10
    (row,) = [r for r in page.rows if "data-total" in r[0]]
    assert {a["data-claims"]: int("".join(w)) for a, w in row[1] if "data-claims" in a} == total
    assert "1 of 1 papers have results at this scale. Their claims: 1 holds 1 fails" in page.text


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


@pytest.mark.parametrize("name", ["cells", "claims", "comparison", "audit"])
def test_a_missing_file_is_one_line_in_the_report(report, results, name):
    (results / "demo" / f"{name}.csv").unlink()
    page, markdown, summary = report()
    line = f"no {name}.csv: run `snakemake demo`"
    assert line.replace("`", "") in page.text
    assert f"- {line}" in markdown.splitlines()
    assert summary["papers"]["demo"]["missing"] == [line]


def test_a_paper_without_results_is_one_line_and_counts_nothing(report, results):
    (results / "demo").rename(results / "elsewhere")
    page, _, summary = report("gpu")
    assert "no results at scale gpu: run snakemake demo --config scale=gpu" in page.text
    cells = summary["papers"]["demo"]["cells"]
    assert cells.pop("reported") == 2  # of three, one is not printed by the paper
    assert set(cells.values()) == {0}
    assert not summary["papers"]["demo"]["run"]
    row = next(r for r in page.rows if r[0].get("data-paper") == "demo")
    assert page.cells(row) == ["demo", "2", "no results at this scale"]


def test_a_model_of_the_user_is_named_and_belongs_to_the_command(results, run):
    (results / "demo" / "audit.csv").unlink()
    arguments = ("--scale", "gpu", "--results", results, "--out", results)
    run(*arguments, "--model", "path:/mine")
    page = Page((results / "report.html").read_text(encoding="utf-8"))
    assert "Replications at scale gpu with path:/mine" in page.text
    command = "run snakemake demo --config scale=gpu model=path:/mine"
    assert f"no audit.csv: {command}" in page.text


def test_a_file_that_cannot_be_read_is_one_line(report, results):
    whole = (results / "demo" / "comparison.csv").read_text()
    (results / "demo" / "comparison.csv").write_text("item,model\n")
    with pytest.raises(UserError, match=r"comparison\.csv:1: found columns item,model; expected"):
        report()
    (results / "demo" / "comparison.csv").write_text(whole)
    (results / "demo" / "runs" / "train.json").write_text('{"seconds": ')
    with pytest.raises(UserError, match=r"train\.json:1:\d+: not JSON"):
        report()


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


def test_a_program_with_nothing_to_write_says_so(results, run, capsys):
    with pytest.raises(SystemExit):
        run("--scale", "cpu", "--results", results)
    assert "give --out, --readme or both" in capsys.readouterr().err
