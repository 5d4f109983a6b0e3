"""The report of the committed results, opened in headless Chromium as on a desk and on a phone."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.support.wait import WebDriverWait

from shared.report.__main__ import main
from shared.settings import ROOT, load_paper

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER),
    reason="no Chromium here; Debian has it in the packages chromium and chromium-driver",
)
# As root, without a screen, and without Chromium's own calls home.
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
DESK, PHONE = 1200, 360  # pixels
PATIENCE = 120  # seconds, on a machine that does much else
SNAKEFILE = """
rule table:
    output: report("claims.csv")
    shell: "printf 'claim,verdict\\\\nc1,holds\\\\n' > {output}"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The report of results/cpu, with a small page of Snakemake's own inside."""
    folder = tmp_path_factory.mktemp("report")
    (folder / "Snakefile").write_text(SNAKEFILE)
    snakemake = [Path(sys.executable).with_name("snakemake"), "--directory", folder]
    snakemake += ["--snakefile", folder / "Snakefile", "--quiet", "--cores", "1"]
    for arguments in ([], ["--report", folder / "workflow.html"]):
        subprocess.run([*snakemake, *arguments], cwd=folder, check=True, capture_output=True)
    with pytest.MonkeyPatch.context() as patch:
        results = ROOT / "results" / "cpu"
        program = ["report", "--scale", "cpu", "--results", results, "--out", folder]
        patch.setattr(sys, "argv", [*map(str, program), "--workflow", f"{folder}/workflow.html"])
        main()
    return folder


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    yield browser
    browser.quit()


@pytest.fixture(scope="module", params=[DESK, PHONE], ids=["desk", "phone"])
def opened(request, chromium, folder):
    """The report in a window of this width."""
    width = request.param
    screen = {"width": width, "height": 800, "screenWidth": width, "screenHeight": 800}
    kind = {"deviceScaleFactor": 1, "mobile": width == PHONE}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen | kind)
    chromium.get("about:blank")
    for log in ("browser", "performance"):
        chromium.get_log(log)  # what the other window left
    chromium.get((folder / "report.html").as_uri())
    return chromium


@pytest.fixture
def page(opened):
    """The opened report, folded again afterwards as it was."""
    folds = all_of(opened, "details", "element.open")
    yield opened
    opened.switch_to.default_content()
    opened.execute_script(
        "document.querySelectorAll('details').forEach((part, at) => part.open = arguments[0][at])",
        folds,
    )


@pytest.fixture(scope="module")
def summary(folder):
    return json.loads((folder / "summary.json").read_text(encoding="utf-8"))


def all_of(page, selector, give):
    """The value of a JavaScript expression for each `element` that a selector finds."""
    script = f"return [...document.querySelectorAll('{selector}')].map((element) => {give})"
    return page.execute_script(script)


def widths(page):
    """Of the page and of the screen, in pixels; a phone's window zooms out to a wide page."""
    return page.execute_script("return [document.documentElement.scrollWidth, screen.width]")


def requested(page):
    """Addresses that the page has asked for."""
    events = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    return [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]


def open_workflow(page):
    page.execute_script("document.getElementById('workflow-open').click()")
    frame = page.find_element("id", "workflow-frame")
    WebDriverWait(page, PATIENCE).until(lambda _: frame.is_displayed())
    page.switch_to.frame(frame)
    text = WebDriverWait(page, PATIENCE).until(
        lambda _: "Statistics" in (text := page.find_element("tag name", "body").text) and text
    )
    page.switch_to.default_content()
    return text


def test_it_opens_whole_without_errors_and_asks_the_network_for_nothing(page, folder):
    assert page.get_log("browser") == []
    assert "Workflow" in open_workflow(page)
    assert [entry for entry in page.get_log("browser") if entry["level"] == "SEVERE"] == []
    asked = [url for url in requested(page) if not url.startswith(("data:", "blob:"))]
    assert asked == [(folder / "report.html").as_uri()]


def test_every_figure_is_seen(page):
    all_of(page, "details", "element.open = true")
    decoded = "Promise.all([...document.images].map((image) => image.decode()))"
    page.execute_async_script(f"{decoded}.then(() => arguments[0]())")
    widths = all_of(page, "figure img", "element.naturalWidth")
    drawn = list((ROOT / "results" / "cpu").glob("*/figures/*.png"))
    assert len(widths) == len(drawn) > 0
    assert min(widths) > 100


def test_the_status_is_that_of_the_summary(page, summary):
    for name, paper in summary["papers"].items():
        cells = all_of(
            page,
            f"tr[data-paper={name}] [data-cells]",
            "[element.dataset.cells, element.innerText]",
        )
        wanted = paper["cells"] if paper["run"] else {"reported": paper["cells"]["reported"]}
        assert dict(cells) == {key: str(count) for key, count in wanted.items()}
        for protocol, counts in paper["claims"].items():
            row = f"tr[data-paper={name}][data-protocol={protocol}] [data-claims]"
            shown = dict(all_of(page, row, "[element.dataset.claims, element.innerText]"))
            assert shown == {verdict: str(count) for verdict, count in counts.items()}


def test_every_claim_of_every_paper_is_there_with_its_verdict(page, summary):
    for name, paper in summary["papers"].items():
        text = page.execute_script(f"return document.getElementById('{name}').textContent")
        assert all(
            " ".join(c.text.split()) in " ".join(text.split()) for c in load_paper(name).claims
        )
        if not paper["run"]:
            assert "no results at scale cpu" in text
        claims = f"#{name} tbody[data-claim] [data-verdict]"
        shown = all_of(page, claims, "element.dataset.verdict")
        verdicts = [list(by_protocol.values()) for by_protocol in paper["verdicts"].values()]
        judged = [each for each in verdicts if set(each) != {"blocked"}]
        assert sorted(shown) == sorted(word for each in judged for word in each)


def test_every_link_leads_somewhere(page):
    inside = all_of(page, 'a[href^="#"]', 'element.getAttribute("href").slice(1)')
    assert len(inside) > 30
    ids = all_of(page, "[id]", "element.id")
    assert set(inside) <= set(ids) and len(ids) == len(set(ids))
    outside = all_of(page, 'a:not([href^="#"])', "element.href")
    assert all(url.startswith("https://") for url in outside)


def test_a_link_to_a_folded_part_unfolds_it(page):
    part = all_of(page, "details.part:not([open])", "element.id")[0]
    page.execute_script(f"document.querySelector('a[href=\"#{part}\"]').click()")
    WebDriverWait(page, PATIENCE).until(
        lambda _: page.find_element("id", part).get_attribute("open")
    )


def test_nothing_scrolls_sideways_however_much_is_unfolded(page):
    for unfold in ("element.open", "element.open = true"):
        all_of(page, "details", unfold)
        page_width, screen_width = widths(page)
        assert page_width <= screen_width
    wide = all_of(page, ".scroll", "element.scrollWidth > element.clientWidth")
    assert any(wide)  # the tables do, each in its own box


def test_a_phone_folds_what_a_desk_shows(page):
    open_parts = dict(all_of(page, "details.part", "[element.id, element.open]"))
    wide = widths(page)[1] == DESK
    for name, is_open in open_parts.items():
        if name.endswith(("-numbers", "-figures")):
            assert is_open == wide
        elif name.endswith(("-audit", "-deviations", "-provenance")):
            assert not is_open


def test_long_tables_can_be_filtered(page):
    all_of(page, "details", "element.open = true")
    box = page.find_element("css selector", "input.filter")
    rows = "#" + page.execute_script(
        "return document.querySelector('table.filter').closest('section').id"
    )
    shown = f"{rows} table.filter tbody tr:not([hidden])"
    before = all_of(page, shown, "element.textContent.toLowerCase()")
    word = before[0].split()[-1]
    box.send_keys(word)
    after = all_of(page, shown, "element.textContent.toLowerCase()")
    assert after == [text for text in before if word in text]
