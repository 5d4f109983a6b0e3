"""The little Markdown that tables use."""

from shared.report.markdown import inline, pipe_table, to_html


def test_a_table_goes_to_html_with_its_cells_escaped():
    html = to_html(
        "# Title\n\nSome *text*\nin **two** lines.\n\n| a | b |\n|---|---:|\n| <1> | x\\|y |\n"
    )
    assert "<h5>Title</h5>" in html
    assert "<p>Some *text* in <b>two</b> lines.</p>" in html
    assert "<th>a</th><th>b</th>" in html
    assert "<tr><td>&lt;1&gt;</td><td>x|y</td></tr>" in html


def test_empty_cells_keep_their_places():
    assert "<td>a</td><td></td><td>c</td>" in to_html("| x | y | z |\n|---|---|---|\n| a |  | c |")


def test_a_written_table_reads_back():
    lines = pipe_table(["claim", "n"], [["a | b", "3"]], numbers=1)
    assert lines == ["| claim | n |", "| --- | ---: |", "| a \\| b | 3 |"]
    assert "<td>a | b</td><td>3</td>" in to_html("\n".join(lines))


def test_code_and_bold_are_kept_and_tags_are_not():
    assert inline("`x` **y** <b>") == "<code>x</code> <b>y</b> &lt;b&gt;"
