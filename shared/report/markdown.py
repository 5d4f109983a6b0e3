"""The little Markdown that our tables use: writing it, turning it into HTML, and its markers."""

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path

from shared.errors import UserError
from shared.files import write_text
from shared.report.formats import ABSENT
from shared.report.items import Group, ItemTable, Shown

JUDGED = ("match", "compatible", "differs")


def pipe_table(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: int = 0) -> list[str]:
    """Lines of a Markdown table; its last `numbers` columns are aligned right."""
    rule = ["---"] * (len(head) - numbers) + ["---:"] * numbers
    lines = [head, rule, *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return ["| " + " | ".join(line) + " |" for line in lines]


def item_lines(table: ItemTable, most: int | None = None) -> list[str]:
    """Reported and reproduced as Markdown: the rows and columns that have numbers of ours, of the
    rows at most `most`, and the footnotes they lead to."""
    groups = [group for group in table.groups if group.attempted]
    left_out = max(0, len(groups) - most) if most else 0
    groups = groups[: len(groups) - left_out]
    columns = [
        at for at, _ in enumerate(table.columns) if any(_made(group, at) for group in groups)
    ]
    heads = [", ".join(table.columns[at].heads) + _ours(table, at) for at in columns]
    rows, notes = [], []
    for group in groups:
        for place, line in enumerate(group.lines):
            head = ", ".join(group.heads) if place == 0 else ""
            label = ", ".join(filter(None, (line.label, line.whose)))
            cells = [_shown(line.cells[at], line.kind, table, notes) for at in columns]
            rows.append([head, label, *cells])
    name = ", ".join([table.title, *table.common])
    lines = [f"**{name}**:", ""]
    lines += pipe_table(["", "", *heads], rows, numbers=len(heads))
    if notes:
        said = (f"<sup>{number}</sup> {note}" for number, note in enumerate(notes, start=1))
        lines += ["", "; ".join(said)]
    if left_out:
        lines += ["", f"Not shown here: {left_out} more."]
    return lines


def _made(group: Group, at: int) -> bool:
    return any(
        line.kind == "ours" and line.cells[at].text not in ("", ABSENT) for line in group.lines
    )


def _ours(table: ItemTable, at: int) -> str:
    return f" (ours: {table.columns[at].ours})" if table.columns[at].ours else ""


def _shown(shown: Shown, kind: str, table: ItemTable, notes: list[str]) -> str:
    """A number with its interval and verdict; where the paper's is not printed by it, with a
    footnote, added to `notes`."""
    judged = shown.verdict if shown.verdict in JUDGED else ""
    text = " ".join(filter(None, (shown.text, shown.interval, judged)))
    if not shown.note or kind == "ours":
        return text
    if (note := table.notes[shown.note - 1]) not in notes:
        notes.append(note)
    return f"{text}<sup>{notes.index(note) + 1}</sup>"


def to_html(text: str) -> str:
    """Headings, paragraphs and pipe tables as HTML; everything in them is escaped."""
    blocks = re.split(r"\n\s*\n", text.strip())
    return "\n".join(_block(block.splitlines()) for block in blocks)


def inline(text: str) -> str:
    """Bold and code of a line of text as HTML; the rest is escaped."""
    text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", escape(text, quote=False))
    return re.sub(r"`(.+?)`", r"<code>\1</code>", text)


def replace_between_markers(path: Path, name: str, text: str) -> None:
    """Put `text` between the markers `<!-- name:begin -->` and `<!-- name:end -->` of a file, in
    place of what was there.

    Raises `UserError` if the file is absent or lacks a marker.
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    if not path.is_file():
        raise UserError(f"{path}: no such file, expected one with the line {begin}")
    old = path.read_text(encoding="utf-8")
    for marker in (begin, end):
        if old.count(marker) != 1:
            raise UserError(f"{path}: found {old.count(marker)} lines {marker}, expected 1")
    before, rest = old.split(begin)
    if end not in rest:
        raise UserError(f"{path}: found {end} before {begin}, expected it after")
    write_text(path, f"{before}{begin}\n\n{text.strip()}\n\n{end}{rest.split(end)[1]}")


def _block(lines: list[str]) -> str:
    heading = re.match(r"#+\s+(.*)", lines[0])
    if heading:
        rest = f"\n{_block(lines[1:])}" if lines[1:] else ""
        return f"<h5>{inline(heading[1])}</h5>{rest}"
    if len(lines) > 1 and lines[0].startswith("|") and set(lines[1]) <= set("|-: "):
        head, body = _cells(lines[0]), [_cells(line) for line in lines[2:]]
        rows = "\n".join("<tr>" + _row("td", cells) + "</tr>" for cells in body)
        return (
            f'<div class="scroll"><table><thead><tr>{_row("th", head)}</tr></thead>\n'
            f"<tbody>{rows}</tbody></table></div>"
        )
    return f"<p>{inline(' '.join(lines))}</p>"


def _cells(line: str) -> list[str]:
    parts = re.split(r"(?<!\\)\|", line.strip().strip("|"))
    return [part.strip().replace("\\|", "|") for part in parts]


def _row(tag: str, cells: list[str]) -> str:
    return "".join(f"<{tag}>{inline(cell)}</{tag}>" for cell in cells)
