"""What a reader does with the report, in a browser: search, filter, sort, enlarge, follow links."""

from selenium.webdriver.support.wait import WebDriverWait

from tests.shared.report.in_browser.page import NEEDED, PATIENCE, all_of, choose, seen

pytestmark = NEEDED


def test_the_filter_acts_on_cards_forest_claims_tables_and_figures(page, summary):
    claims = {
        f"{name}-claim-{claim}": next(iter(found.values()))
        for name, paper in summary["papers"].items()
        for claim, found in paper["verdicts"].items()
    }
    verdict = next(word for word in claims.values() if word != "blocked")
    choose(page, "verdict", verdict.replace(" ", "-"))
    try:
        wanted = [name for name, found in claims.items() if found == verdict]
        assert sorted(seen(page, ".claim")) == sorted(wanted)
        assert set(seen(page, ".forest .row", "element.className")) <= {
            f"row {verdict.replace(' ', '-')}"
        }
        tables = seen(page, ".table", "element.dataset.verdicts")
        assert tables and all(verdict.replace(" ", "-") in text.split() for text in tables)
        paper = wanted[0].partition("-claim-")[0]
        choose(page, "paper", paper)
        assert seen(page, ".card", "element.dataset.paper") == [paper]
        assert set(seen(page, "section.paper[data-paper]")) == {paper}
        assert {name.partition("-claim-")[0] for name in seen(page, ".claim")} == {paper}
        said = page.find_element("id", "found").text
        assert said.startswith(f"{len(seen(page, '.claim'))} claim")
    finally:
        choose(page, "verdict", "")
        choose(page, "paper", "")
    assert len(seen(page, ".card")) == len(summary["papers"])
    assert page.find_element("id", "found").text == ""


def test_a_search_finds_claims_rows_of_tables_and_figures_and_opens_what_holds_them(page):
    choose(page, "words", "deliberative alignment")
    try:
        texts = seen(page, ".claim", "element.textContent.toLowerCase()")
        assert texts and all("deliberative" in text and "alignment" in text for text in texts)
        rows = seen(page, ".table tbody.group", "element.textContent.toLowerCase()")
        assert rows and all("deliberative alignment" in text for text in rows)
        choose(page, "words", "no such words anywhere")
        assert seen(page, ".claim") == seen(page, ".card") == seen(page, "figure") == []
    finally:
        choose(page, "words", "")


def test_a_column_sorts_by_the_papers_numbers_and_comes_back(page):
    all_of(page, "details", "element.open = true")
    table = "#resa-table-table2 table"
    read = (
        "[...element.tBodies].map((group) => "
        "Number(group.querySelector('tr.paper').querySelectorAll('td.num')[0].firstChild.data))"
    )
    before = all_of(page, table, read)[0]
    head = page.find_element("css selector", f"{table} button.sort")
    page.execute_script("arguments[0].click()", head)
    down = all_of(page, table, read)[0]
    assert down == sorted(before, reverse=True) != before
    assert head.get_attribute("data-by") == "↓ paper"
    page.execute_script("arguments[0].click()", head)
    assert all_of(page, table, read)[0] == sorted(before)
    for _ in range(3):  # ours down, ours up, as the paper has it
        page.execute_script("arguments[0].click()", head)
    assert all_of(page, table, read)[0] == before


def test_a_figure_enlarges_with_its_pdf(page, folder):
    figure = page.execute_script("return document.querySelector('figure').id")
    page.execute_script(f"document.querySelector('#{figure} button.enlarge').click()")
    assert page.execute_script("return document.getElementById('large').open")
    assert seen(page, "#large img", "element.naturalWidth > 100") == [True]
    (pdf,) = all_of(page, "#large a.file", 'element.getAttribute("href")')
    assert pdf.endswith(".pdf") and (folder / pdf).is_file()
    page.execute_script("document.querySelector('#large button').click()")
    assert not page.execute_script("return document.getElementById('large').open")


def test_a_link_to_something_folded_unfolds_it(page):
    claim = all_of(page, ".blocked-claims .claim", "element.id")[0]
    assert claim not in seen(page, ".claim")
    page.execute_script(f"location.hash = '{claim}'")
    WebDriverWait(page, PATIENCE).until(lambda _: claim in seen(page, ".claim"))


def test_heads_and_contents_stay_in_sight(page):
    all_of(page, "details", "element.open = true")
    box = "document.querySelector('#resa-table-table2 .scroll')"
    page.execute_script(f"{box}.scrollTo(200, 300)")
    top, head, left, corner = page.execute_script(
        f"const b = {box}, r = (e) => e.getBoundingClientRect();"
        "const h = b.querySelector('thead'), c = b.querySelector('th.corner');"
        "return [r(b).top, r(h).top, r(b).left, r(c).left]"
    )
    assert abs(head - top) < 3 and abs(corner - left) < 3
    page.execute_script("scrollTo(0, 5000)")
    assert (
        page.execute_script("return document.getElementById('filter').getBoundingClientRect().top")
        == 0
    )
    contents = seen(
        page, "nav.contents, details.menu summary", "element.getBoundingClientRect().top"
    )
    assert contents and all(0 <= top < 100 for top in contents)
    page.execute_script("scrollTo(0, 0)")
