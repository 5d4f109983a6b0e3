"""Cells as Markdown tables, one a table of the paper."""

import pandas as pd


def markdown_table(cells: pd.DataFrame, item: str) -> str:
    """One item as Markdown: a row per metric and dataset, a column per method and protocol.

    Entries are `value [ci_low, ci_high]` in the unit of the cell, or the value alone if it has no
    interval, and empty where there is no cell.
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
        lines.append(f"| {metric} | {dataset} | {int(rows['n'].max())} | {entries} |")
    return "\n".join(lines) + "\n"


def _text(cell) -> str:
    if pd.isna(cell.ci_low) and pd.isna(cell.ci_high):
        return _number(cell.value)
    return f"{_number(cell.value)} [{_number(cell.ci_low)}, {_number(cell.ci_high)}]"


def _number(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:.4g}" if abs(value) < 1 else f"{value:.1f}"
