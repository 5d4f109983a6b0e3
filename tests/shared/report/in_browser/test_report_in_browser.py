"""The report of the committed results as a reader sees it, on a desk and on a phone."""

import json

from selenium.webdriver.support.wait import WebDriverWait

from shared.settings import ROOT, load_paper
from tests.shared.report.in_browser.conftest import DESK
from tests.shared.report.in_browser.page import NEEDED, PATIENCE, all_of

pytestmark = NEEDED


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
        shown = all_of(page, f"#{name} .claim", "[element.dataset.claim, element.dataset.verdict]")
        wanted = {each: next(iter(found.values())) for each, found in paper["verdicts"].items()}
        assert dict(shown) == wanted
        rows = all_of(page, f"#{name} .claim [data-verdict]", "element.dataset.verdict")
        every = [word for found in paper["verdicts"].values() for word in found.values()]
        assert sorted(rows) == sorted(every)


def test_the_first_screen_has_a_card_of_each_paper_and_then_the_forest_plot(page, summary):
    cards = dict(all_of(page, ".card", "[element.dataset.paper, element.innerText]"))
    assert list(cards) == list(summary["papers"])
    for name, text in cards.items():
        words = " ".join(text.split())
        assert " ".join(load_paper(name).replicated["cpu"].split()) in words
        for verdict, count in summary["papers"][name]["kinds"]["replicated"].items():
            assert not count or f"{count} {verdict}" in words
    top, forest = (
        page.execute_script(f"return document.querySelector('{s}').getBoundingClientRect().top")
        for s in (".card", "#forest")
    )
    assert 0 < top < 400 and forest > top
    drawn = all_of(page, ".forest .row", "element.querySelector('.dot').style.left")
    effects = [
        word
        for paper in summary["papers"].values()
        for found in paper["verdicts"].values()
        if (word := next(iter(found.values()))) in ("holds", "fails", "inconclusive", "one run")
    ]
    assert len(drawn) >= len(effects) > 0


def test_what_is_wider_than_its_box_says_so(page):
    all_of(page, "details", "element.open = true")
    page.execute_async_script("setTimeout(arguments[0], 300)")
    boxes = all_of(
        page,
        ".scroll",
        "[element.scrollWidth > element.clientWidth + 1, element.classList.contains('more')]",
    )
    assert any(wide for wide, _ in boxes)
    assert all(wide == said for wide, said in boxes)
    cut = "['hidden', 'clip'].includes(getComputedStyle(element).overflowX)"
    cut += " && element.scrollWidth > element.clientWidth + 1"
    assert not any(all_of(page, "main *:not(.strip *)", cut))


def test_every_link_leads_somewhere(page, folder):
    inside = all_of(page, 'a[href^="#"]', 'element.getAttribute("href").slice(1)')
    assert len(inside) > 30
    ids = all_of(page, "[id]", "element.id")
    assert set(inside) <= set(ids) and len(ids) == len(set(ids))
    outside = all_of(page, 'a[href]:not([href^="#"])', 'element.getAttribute("href")')
    files = [url for url in outside if not url.startswith("https://")]
    assert files and all((folder / path).is_file() for path in files)


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
        elif name.endswith(("-audit", "-deviations", "-provenance", "-own")):
            assert not is_open
