"""Cells as Markdown tables, one a table of the paper."""

import pandas as pd


def markdown_tables(cells: pd.DataFrame) -> dict[str, str]:
    """Of each item, by its name."""
    return {item: markdown_table(cells, item) for item in cells["item"].unique()}


def markdown_table(cells: pd.DataFrame, item: str) -> str:
    """One item as Markdown: a row per metric and dataset, a column per method and protocol.

    Entries are `value [ci_low, ci_high]` in the unit of the cell, or the value alone if it has no
    interval, and empty where there is no cell. Percentages have one decimal, counts none. `n` is
    a range where the columns differ in it.
    """
    own = cells[cells["item"] == item].copy()
    own["column"] = own["method"].where(
        own["protocol"] != "official", own["method"] + " (official)"
    )
    own["text"] = [_text(cell) for cell in own.itertuples()]
    columns = list(dict.fromkeys(own["column"]))
    lines = [
        f"| metric | dataset | n | {' | '.join(columns)} |",
        f"|---|---|---{'|---' * len(columns)}|",
    ]
    for (metric, dataset), rows in own.groupby(["metric", "dataset"], sort=False):
        texts = dict(zip(rows["column"], rows["text"], strict=True))
        entries = " | ".join(texts.get(column, "") for column in columns)
        lines.append(f"| {metric} | {dataset} | {_count(rows)} | {entries} |")
    return "\n".join(lines) + "\n"


def _count(rows: pd.DataFrame) -> str:
    n = rows.loc[rows["value"].notna(), "n"]
    return "–".join(str(int(each)) for each in dict.fromkeys((n.min(), n.max()))) if len(n) else "0"


def _text(cell) -> str:
    value, *interval = (
        _number(each, cell.unit) for each in (cell.value, cell.ci_low, cell.ci_high)
    )
    if pd.isna(cell.ci_low) and pd.isna(cell.ci_high):
        return f"{cell.value:,.0f}" if cell.unit != "%" and cell.value % 1 == 0 else value
    return f"{value} [{', '.join(interval)}]"


def _number(value: float, unit: str) -> str:
    if pd.isna(value):
        return "–"
    return f"{value:.1f}" if unit == "%" or abs(value) >= 1 else f"{value:.4g}"
