"""A claim on cells: what the paper's own numbers say of it, and what our scores say."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from shared.comparison.cells import KEY, Item, estimates, interval
from shared.comparison.estimates import DRAWS, estimate, has_columns
from shared.comparison.findings import Finding
from shared.comparison.groups import Group
from shared.comparison.paired import Pair, difference, examples, mcnemar
from shared.comparison.reported import own_numbers
from shared.metrics.metric import Metric
from shared.metrics.rates import rate
from shared.settings import Average, Claim, StandIns

Functions = Mapping[str, Callable[[pd.DataFrame], Finding]]


def on_reported(
    claim: Claim,
    reported: pd.DataFrame,
    averages: Sequence[Average] = (),
    functions: Functions | None = None,
) -> Finding:
    """How many (model, dataset, than) of the paper's own numbers go in the claimed direction.

    The note lists the exceptions. Numbers that are derived or another's are left out, and so are
    printed averages unless the claim names them. Where several items print a cell and the claim
    names none, the first counts.
    """
    own = own_numbers(reported)
    own = own[own["item"] == claim.item] if claim.item else own
    own = own.drop_duplicates(KEY[1:])
    if claim.function:
        frame = own[KEY].assign(value=own["number"]).reset_index(drop=True)
        return _ask(claim, functions or {}, frame, "the paper's numbers for it are not known")
    own = own[own["metric"] == claim.metric]
    wanted = wanted_datasets(claim, reported, averages)
    printed = {(row.model, row.dataset, row.method): row for row in own.itertuples()}
    total, exceptions = 0, []
    for (model, dataset, method), ours in printed.items():
        if method != claim.method or dataset not in wanted:
            continue
        for than in claim.than:
            theirs = printed.get((model, dataset, than))
            if theirs is None:
                continue
            total += 1
            if sign(claim) * (ours.number - theirs.number) <= 0:
                against = f"{ours.value}, {than} {theirs.value}"
                exceptions.append(f"{model} on {dataset} ({against})".lstrip())
    if not total:
        return Finding(0, 0, "the paper's numbers for it are not known")
    note = f"except {', '.join(exceptions)}" if exceptions else ""
    return Finding(total - len(exceptions), total, note)


def on_groups(
    claim: Claim,
    groups: Sequence[Group],
    metrics: Mapping[str, Metric],
    protocol: str,
    datasets: Collection[str] | None = None,
    stand_ins: StandIns | None = None,
    draws: int = DRAWS,
) -> Finding:
    """The mean over (model, dataset, than) of method minus than on our scores.

    `datasets` are the paper's names, which also stand for their stand-ins, or ours (None: all).
    Interval: paired bootstrap. p: of the bootstrap, or McNemar's exact p where the metric is the
    rate of a 0/1 column.
    """
    if claim.metric not in metrics:
        return Finding(0, 0, f"missing: metric {claim.metric} is not computed here")
    metric = metrics[claim.metric]
    groups = [g for g in groups if g.protocol == protocol and has_columns(g, metric)]
    pairs, missing = _pairs(claim, groups, datasets, stand_ins or StandIns())
    found = []
    for pair in pairs:
        effect, drawn = difference(pair, metric, draws)
        if np.isnan(effect):
            missing += [
                f"a value of {side.method} on {side.dataset} (nothing to divide by)"
                for side in (pair.method, pair.than)
                if np.isnan(estimate(side, metric, draws).value)
            ]
        else:
            found.append((pair, effect, drawn))
    note = f"missing: {_listed(missing)}" if missing else ""
    if not found:
        return Finding(0, 0, note)
    pairs, effects, drawn = zip(*found, strict=True)
    finding = Finding.of_draws(
        in_direction=sum(sign(claim) * effect > 0 for effect in effects),
        total=len(effects),
        effect=float(np.mean(effects)),
        draws=np.mean(drawn, axis=0),
        note=note,
        n=examples(pairs),
    )
    independent = all(pair.method.clusters is None for pair in pairs)  # as McNemar's test assumes
    if metric.function is rate and independent:
        return replace(finding, p=mcnemar(pairs, metric.needs[0]), test="McNemar exact")
    return finding


def on_cells(
    claim: Claim,
    groups: Sequence[Group],
    items: Sequence[Item],
    metrics: Mapping[str, Metric],
    protocol: str,
    functions: Functions,
    stand_ins: StandIns | None = None,
    draws: int = DRAWS,
) -> Finding:
    """What the claim's function says of our cells.

    The function gets a row a cell: item, model, method, dataset, metric (the paper's names),
    value, ci_low, ci_high, n, and `draws`, the cell's bootstrap draws (draws,). Draws of two cells
    belong to the same resample, so any contrast of cells has its own draws:
    `Finding.of_draws` makes an interval of them.
    """
    stand_ins = stand_ins or StandIns()
    groups = [group for group in groups if group.protocol == protocol]
    items = [item for item in items if claim.item in (None, item.item)]
    rows = [
        (*key[:-1], found.value, *interval(found, metrics[key[4]]), found.n, found.draws)
        for key, found in estimates(groups, items, metrics, draws, stand_ins)
    ]
    frame = pd.DataFrame(rows, columns=[*KEY, "value", "ci_low", "ci_high", "n", "draws"])
    frame = frame.drop_duplicates(KEY[1:]).reset_index(drop=True)
    frame["model"] = frame["model"].replace(stand_ins.models)
    frame["dataset"] = frame["dataset"].replace(stand_ins.datasets)
    return _ask(claim, functions, frame, f"missing: cells of {claim.item or 'any item'}")


def sign(claim: Claim) -> int:
    return 1 if claim.direction == "higher" else -1


def wanted_datasets(
    claim: Claim, reported: pd.DataFrame, averages: Sequence[Average] = ()
) -> set[str]:
    """The claim's data sets: those it names, or all of its item that are not printed averages."""
    if claim.datasets is not None:
        return set(claim.datasets)
    same = reported["item"] == claim.item if claim.item else reported["metric"] == claim.metric
    printed = {average.printed for average in averages if claim.item in (None, average.item)}
    return set(reported.loc[same, "dataset"]) - printed


def _ask(claim: Claim, functions: Functions, frame: pd.DataFrame, nothing: str) -> Finding:
    return functions[claim.function](frame) if len(frame) else Finding(0, 0, nothing)


def _pairs(
    claim: Claim,
    groups: Sequence[Group],
    datasets: Collection[str] | None,
    stand_ins: StandIns,
) -> tuple[list[Pair], list[str]]:
    """All pairs that the claim compares, and what is missing for others."""
    methods = [claim.method, *claim.than]
    index = {(g.model, g.dataset, g.method): g for g in groups if g.method in methods}
    if not index:
        return [], methods
    places = dict.fromkeys((model, dataset) for model, dataset, _ in index)
    names = {dataset: stand_ins.datasets.get(dataset, dataset) for _, dataset in places}
    pairs, missing = [], []
    for model, dataset in places:
        if datasets is not None and {dataset, names[dataset]}.isdisjoint(datasets):
            continue
        sides = {method: index.get((model, dataset, method)) for method in methods}
        absent = [method for method, group in sides.items() if group is None]
        missing += [f"{method} on {dataset}" for method in absent]
        pairs += [
            Pair(sides[claim.method], sides[than])
            for than in claim.than
            if not {claim.method, than} & set(absent)
        ]
    covered = {*names, *names.values()}
    missing += [f"data set {dataset}" for dataset in sorted(set(datasets or ()) - covered)]
    return pairs, missing


def _listed(names: Sequence[str], most: int = 5) -> str:
    """The names, without repeats and not too many."""
    names = list(dict.fromkeys(names))
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
