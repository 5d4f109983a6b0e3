"""Paired tests of two runs: the same metric of the same method on the examples that both scored."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from shared.comparison.analysis import Analysis
from shared.comparison.estimates import estimate, has_columns
from shared.comparison.groups import Group
from shared.comparison.inference import infer
from shared.comparison.trainings import trainings
from shared.metrics.metric import Metric
from shared.metrics.significance import holm


class Test(NamedTuple):
    what: tuple[str, ...]  # model, method, data set, protocol, metric
    n: int  # examples that both have
    effect: float  # second minus first, in the unit of the metric
    interval: tuple[float, float]
    p: float
    p_holm: float


def tests(first: Analysis, second: Analysis) -> tuple[list[Test], int]:
    """A test for each metric whose scores differ, and how many have the same scores."""
    found, same = [], 0
    for ours, theirs in _common(first, second):
        for metric in _metrics(first, ours, theirs):
            if all(
                ours.seeds == theirs.seeds
                and np.array_equal(ours.columns[name], theirs.columns[name], equal_nan=True)
                for name in metric.needs
            ):
                same += 1
            else:
                found.append(_test(ours, theirs, metric))
    corrected = holm([test.p for test in found])
    return [test._replace(p_holm=p) for test, p in zip(found, corrected, strict=True)], same


def _common(first: Analysis, second: Analysis) -> Iterator[tuple[Group, Group]]:
    """Groups that both have, each with only the examples of both."""
    others = {_name(group): group for group in second.groups}
    for group in first.groups:
        other = others.get(_name(group))
        if other is not None and len(ids := np.intersect1d(group.ids, other.ids)):
            yield _only(group, ids), _only(other, ids)


def _metrics(analysis: Analysis, *sides: Group) -> list[Metric]:
    """Those of the paper's tables and figures that both sides have the columns for."""
    names = {
        name: None
        for item in analysis.items
        if item.has(sides[0], analysis.stand_ins)
        for name in item.metrics
    }
    metrics = [analysis.metrics[name] for name in names]
    return [metric for metric in metrics if all(has_columns(side, metric) for side in sides)]


def _test(ours: Group, theirs: Group, metric: Metric) -> Test:
    sides = [estimate(theirs, metric), estimate(ours, metric)]
    found = infer(lambda values: values[0] - values[1], sides, trainings(sides, ["", ""]))
    p = min(1.0, 2 * min(found.p_above, found.p_below))
    return Test((*_name(ours), metric.name), len(ours.ids), found.lead, found.interval, p, p)


def _only(group: Group, ids: np.ndarray) -> Group:
    kept = np.isin(group.ids, ids)
    return replace(
        group,
        ids=group.ids[kept],
        columns={name: values[:, kept] for name, values in group.columns.items()},
        clusters=None if group.clusters is None else group.clusters[kept],
    )


def _name(group: Group) -> tuple[str, ...]:
    return group.model, group.method, group.dataset, group.protocol
