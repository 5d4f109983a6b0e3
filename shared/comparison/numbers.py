"""Numbers for claims that are functions: the value of a cell, followed by its bootstrap draws.

Arithmetic on numbers carries the draws along, so a difference of two numbers is that of their
values, followed by draws of the paired difference. The paper's own cells have no draws: a number
of theirs is its value alone. `Finding.of_number` takes both.
"""

import numpy as np
import pandas as pd


def numbers(cells: pd.DataFrame, metric: str) -> pd.Series:
    """Numbers (1 + draws,) of the cells of a metric by (model, method, dataset)."""
    own = cells[cells["metric"] == metric]
    draws = own["draws"] if "draws" in own else [[]] * len(own)
    found = [np.array([value, *drawn]) for value, drawn in zip(own["value"], draws, strict=True)]
    index = pd.MultiIndex.from_frame(own[["model", "method", "dataset"]])
    return pd.Series(found, index=index, dtype=object)


def examples(cells: pd.DataFrame, metric: str, dataset: str) -> int:
    """Examples behind the cells of a metric and data set, where models got the same ones: those
    of the cell with most. 0 in the paper's own cells."""
    own = cells[(cells["metric"] == metric) & (cells["dataset"] == dataset)]
    return int(max(own["n"], default=0)) if "n" in own else 0
