"""An invented paper: method New against Old on two data sets, with one model."""

import socket
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from shared.comparison.analysis import Analysis
from shared.comparison.claims import Reading
from shared.comparison.groups import Group
from shared.comparison.items import Item
from shared.comparison.printed import COLUMNS
from shared.metrics.metric import Metric
from shared.metrics.ranking import average_precision
from shared.metrics.rates import rate, rate_among
from shared.settings import Paper, StandIns

METRICS = {
    "accuracy": Metric("accuracy", ("correct",), rate),
    "accuracy_answered": Metric("accuracy_answered", ("correct", "answered"), rate_among),
    "ap": Metric("ap", ("correct", "score"), average_precision),
}
ITEMS = [
    Item("table1", ["accuracy", "ap"], ["New", "Old"]),
    Item("table2", ["accuracy_answered"], ["New"], ["Set A"]),
]


def group_of(method, dataset="Set A", *, ids=None, seeds=(0,), model="Big", **columns):
    """A group whose columns are lists (n,) for one seed or (seeds, n) for more."""
    values = {name: np.atleast_2d(column) for name, column in columns.items()}
    n = next(iter(values.values())).shape[1]
    ids = np.array([f"e{i:05d}" for i in range(n)], dtype=object) if ids is None else np.array(ids)
    return Group(model, method, dataset, "official", tuple(seeds), ids, values)


def random_groups(n=200, seeds=(0, 1), dataset_names=("Set A", "Set B"), model="Big"):
    """New is right in 80 % of cases, Old in 50 %; the score knows a little about it."""
    generator = np.random.default_rng(0)
    groups = []
    for dataset in dataset_names:
        for method, accuracy in (("New", 0.8), ("Old", 0.5)):
            correct = generator.random((len(seeds), n)) < accuracy
            groups.append(
                group_of(
                    method,
                    dataset,
                    seeds=seeds,
                    model=model,
                    ids=[f"{dataset}-{i:05d}" for i in range(n)],
                    correct=correct,
                    answered=generator.random((len(seeds), n)) < 0.6,
                    score=correct * 0.3 + generator.random((len(seeds), n)),
                )
            )
    return groups


def reported_rows(*rows):
    """Rows "item,model,method,dataset,metric,value,source" as `read_reported` gives them."""
    names = ["item", "model", "method", "dataset", "metric", "value", "source"]
    frame = pd.DataFrame([row.split(",") for row in rows], columns=names, dtype=str)
    frame = frame.assign(unit="%", direction="higher", n="", note="")[COLUMNS]
    return frame.assign(number=frame["value"].astype(float))


def paper_of(**fields):
    start = {
        "id": "invented",
        "name": "Invented",
        "title": "An invented paper",
        "kind": "method",
        "summary": "New against Old.",
        "citation": {"authors": "N. N.", "year": 2024, "venue": "none", "arxiv": "0000.00000"},
        "artefacts": [],
        "claims": [],
        "scales": {"cpu": {}},
    }
    return Paper.model_validate({**start, **fields})


def claim_of(**fields):
    start = {"id": "c1", "text": "New is better.", "source": "Table 1"}
    given = {"holds", "function", "blocked"} & set(fields)
    compared = {} if given else {"holds": 'accuracy["New", d] > accuracy["Old", d]'}
    return {**start, **compared, **fields}


REPORTED = reported_rows(
    "table1,Big,New,Set A,accuracy,80.0,paper",
    "table1,Big,Old,Set A,accuracy,50.0,paper",
    "table1,Big,New,Set B,accuracy,70.0,paper",
    "table1,Big,Old,Set B,accuracy,75.0,paper",
    "table1,Big,New,Average,accuracy,75.0,paper",
    "table1,Big,Old,Average,accuracy,62.6,paper",
    "table1,Big,New,Set C,accuracy,99.0,derived",
    "table1,Big,Old,Set C,accuracy,10.0,derived",
)
AVERAGES = [
    {
        "item": "table1",
        "metric": "accuracy",
        "printed": "Average",
        "over": ["Set A", "Set B"],
    }
]


def all_high(values) -> Reading | str:
    """A claim function: every accuracy is above 60."""
    found = [key for key in values if key.metric == "accuracy"]
    return Reading("accuracy[m, d] > 60") if found else "needs an accuracy"


def analysis_of(claims=(), groups=None, stand_ins=None, **fields):
    return Analysis(
        paper=paper_of(claims=list(claims), audit={"averages": AVERAGES}),
        **{
            "scale": "cpu",
            "stand_ins": stand_ins or StandIns(),
            "reported": REPORTED,
            "groups": random_groups() if groups is None else groups,
            "items": ITEMS,
            "metrics": METRICS,
            "functions": {"all_high": all_high},
            **fields,
        },
    )


@pytest.fixture
def invented():
    """The makers of this file, as attributes: test files can't import one another."""
    return SimpleNamespace(
        METRICS=METRICS,
        ITEMS=ITEMS,
        REPORTED=REPORTED,
        AVERAGES=AVERAGES,
        group=group_of,
        groups=random_groups,
        reported=reported_rows,
        paper=paper_of,
        claim=claim_of,
        analysis=analysis_of,
    )


@pytest.fixture
def no_network(monkeypatch):
    """Whoever opens a connection fails; gives the addresses that were tried."""
    tried = []

    def connect(self, address):
        tried.append(address)
        raise OSError("this test has no network")

    monkeypatch.setattr(socket.socket, "connect", connect)
    return tried
