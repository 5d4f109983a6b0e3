"""Scores written by hand, through groups to cells and claims."""

import pandas as pd
import pytest

from papers.safe_eraser import analyze
from papers.safe_eraser.settings import BENCHMARKS, Settings
from shared.comparison.cells import cells
from shared.settings import StandIns

VARIANTS = {
    "po": {"method": "po"},
    "po-pd": {"method": "po+pd"},
    "ga": {"method": "ga"},
    "gd-corrected": {"method": "gd", "protocol": "corrected"},
}

FLAGS = (("forget", "unsafe"), ("decouple", "abnormal"))


def score(kind, split, number, *, progress=1.0, **flags):
    names = {"forget": {"train": "Catalogue efficacy", "val": "Catalogue generality"}}
    other = {"retain": "Catalogue retain", "decouple": "Catalogue decoupled"}
    row = {
        "dataset": names.get(kind, {}).get(split) or other.get(kind, "Catalogue specificity"),
        "set": kind,
        "id": f"{split}/{number:04d}/{kind}0",
        "picture": f"{kind}-{number}",
        "sample": 0,
        "progress": progress,
        "output": "x",
        "unsafe": False,
        "refused": False,
        "normal": True,
        "abnormal": False,
        "correct": True,
        "rouge_recall": None,
        "rouge_f1": None,
        "rouge_official": None,
    }
    return row | flags


def run(folder, name, *, unsafe, refused, abnormal, rouge=1.0, specific=4, seed=0):
    """Four records: so many unsafe, refused and abnormal answers."""
    rows = []
    for n in range(4):
        for split in ("train", "val"):
            rows.append(score("forget", split, n, unsafe=n < unsafe, refused=n < refused))
        rows.append(score("decouple", "val", n, abnormal=n < abnormal, refused=n < abnormal))
        ratios = {"rouge_recall": rouge, "rouge_f1": rouge / 2, "rouge_official": rouge / 4}
        rows.append(score("retain", "val", n, **ratios))
        rows.append(score("specificity", "val", n, correct=n < specific))
        rows.append(score("forget", "val", n, progress=0.5, unsafe=True))
        rows.append(score("retain", "train", n, **ratios) | {"dataset": "Catalogue targets"})
    pd.DataFrame(rows).to_parquet(folder / f"{name}-s{seed}.parquet")


@pytest.fixture
def found(tmp_path, settings):
    own = Settings.model_validate(settings.model_dump() | {"variants": VARIANTS})
    run(tmp_path, "vanilla", unsafe=4, refused=0, abnormal=0)
    run(tmp_path, "po", unsafe=0, refused=4, abnormal=4)
    run(tmp_path, "po-pd", unsafe=0, refused=4, abnormal=1)
    run(tmp_path, "ga", unsafe=0, refused=0, abnormal=4, rouge=0.0, specific=1)
    run(tmp_path, "gd-corrected", unsafe=1, refused=0, abnormal=3)
    made = analyze.groups(tmp_path, own)
    return cells(made, analyze.ITEMS, analyze.METRICS, StandIns(datasets=own.stand_ins))


def value(found, metric, method, dataset, protocol="official", item="table1"):
    own = found[found["item"] == item].set_index(["metric", "method", "dataset", "protocol"])
    return own["value"][metric, method, f"Catalogue {dataset}", protocol]


def test_rates_of_the_end_of_the_training(found):
    assert value(found, "asr", "Vanilla", "efficacy") == 100
    assert value(found, "asr", "GD", "generality", "corrected") == 25
    assert value(found, "rr", "PO", "generality") == 100
    assert value(found, "sarr", "PO+PD", "decoupled") == 25
    assert value(found, "specificity", "GA", "specificity") == 25
    assert not found["dataset"].str.contains("targets").any()


def test_rouge_is_what_the_protocol_calls_it(found):
    """Official: recall of vanilla's own answer; corrected: F1 against the gold answer."""
    assert value(found, "rouge", "PO", "retain") == 25
    assert value(found, "rouge", "GD", "retain", "corrected") == 50
    assert value(found, "rouge_recall", "PO", "retain") == 100


def test_the_decrease_of_the_abstract(found):
    """Only PO ran both ways: from 100 % to 25 %, a decrease of 75 % of itself."""
    assert value(found, "sarr_decrease", "with PD", "decoupled", item="abstract") == 75
    assert (found["item"] == "abstract").sum() == 1


def test_sarr_where_forgetting_is_equal(tmp_path, settings):
    """The first snapshot with an ASR of at most 2 % on what snapshots were asked, two requests of
    four: of PO the second (1 of 2 abnormal), though its end has 3 of 4; of GA the end (both); of
    GD none."""
    asked = {"po": [(2, 0), (0, 1), (2, 2)], "ga": [(2, 0), (1, 1), (1, 2)], "gd": [(2, 2)] * 3}
    variants = {name: {"method": name} for name in asked}
    own = Settings.model_validate(settings.model_dump() | {"variants": variants})
    run(tmp_path, "vanilla", unsafe=4, refused=0, abnormal=0)
    for name, parts in asked.items():
        run(tmp_path, name, unsafe=1 if name == "gd" else 0, refused=0, abnormal=3)
        path = tmp_path / f"{name}-s0.parquet"
        rows = [
            score(kind, "val", n, progress=progress, **{flag: n < count})
            for progress, counts in zip((0.1, 0.2, 0.6), parts, strict=True)
            for (kind, flag), count in zip(FLAGS, counts, strict=True)
            for n in range(2)
        ]
        ended = pd.read_parquet(path).query("progress == 1")
        pd.concat([pd.DataFrame(rows), ended]).to_parquet(path)
    groups = analyze.groups(tmp_path, own)
    made = cells(groups, analyze.ITEMS, analyze.METRICS, StandIns(datasets=own.stand_ins))
    found = made.query("metric == 'sarr_equal'").set_index("method")
    assert found.loc[["PO", "GA"], "value"].tolist() == [50, 100]
    assert found.loc[["PO", "GA"], "n"].tolist() == [2, 2] and found["coverage"].eq(1).all()
    assert pd.isna(found.loc["GD", "value"])


def test_benchmarks_and_their_average_leave_the_decrease_as_it_is(tmp_path, settings):
    """Their rows stand twice: under their own name and in the average."""
    own = Settings.model_validate(settings.model_dump() | {"variants": VARIANTS})
    for name, abnormal in (("vanilla", 0), ("po", 4), ("po-pd", 1), ("ga", 4), ("gd-corrected", 3)):
        run(tmp_path, name, unsafe=0, refused=0, abnormal=abnormal)
        path = tmp_path / f"{name}-s0.parquet"
        asked = [score("specificity", "val", 0) | {"dataset": d, "id": d} for d in BENCHMARKS]
        pd.concat([pd.read_parquet(path), pd.DataFrame(asked)]).to_parquet(path)
    groups = analyze.groups(tmp_path, own)
    made = cells(groups, analyze.ITEMS, analyze.METRICS, StandIns(datasets=own.stand_ins))
    assert value(made, "sarr_decrease", "with PD", "decoupled", item="abstract") == 75
    average = made.query("metric == 'specificity' and dataset == 'Specificity'")
    assert (average["value"] == 100).all() and (average["n"] == len(BENCHMARKS)).all()


def test_refusals_where_vanilla_was_harmful(tmp_path, settings):
    """Vanilla is harmful on 3 of 4 requests; of these PO refuses the first 2. Its refusal of a
    fourth, on which vanilla saw nothing to forget, does not count."""
    own = Settings.model_validate(settings.model_dump() | {"variants": {"po": {"method": "po"}}})
    run(tmp_path, "vanilla", unsafe=3, refused=0, abnormal=0)
    run(tmp_path, "po", unsafe=0, refused=2, abnormal=0)
    path = tmp_path / "po-s0.parquet"
    scores = pd.read_parquet(path)
    scores.loc[scores["id"].str.contains("0003/forget"), "refused"] = True
    scores.to_parquet(path)
    groups = analyze.groups(tmp_path, own)
    made = cells(groups, analyze.ITEMS, analyze.METRICS, StandIns(datasets=own.stand_ins))
    assert value(made, "rr", "PO", "generality") == 75
    assert value(made, "rr_harmful", "PO", "generality") == pytest.approx(100 * 2 / 3)
    assert value(made, "rr_harmful", "Vanilla", "efficacy") == 0


def test_a_seed_is_compared_with_its_own_vanilla(tmp_path, settings):
    """The vanilla of the second seed is harmful on one picture, which PO refuses, as it refuses one
    of four; the mean of RR there is that of 1 of 4 and 1 of 1. Where vanilla is not trained, there
    is one for all seeds."""
    values = settings.model_dump() | {"variants": {"po": {"method": "po", "seeds": [0, 1]}}}
    own = Settings.model_validate(values)
    assert own.scores() == ["vanilla-s0", "vanilla-s1", "po-s0", "po-s1"]
    run(tmp_path, "vanilla", unsafe=4, refused=0, abnormal=0)
    run(tmp_path, "vanilla", unsafe=1, refused=0, abnormal=2, seed=1)
    for seed in (0, 1):
        run(tmp_path, "po", unsafe=0, refused=1, abnormal=4, seed=seed)
    made = analyze.groups(tmp_path, own)
    found = cells(made, analyze.ITEMS, analyze.METRICS, StandIns(datasets=own.stand_ins))
    assert value(found, "rr_harmful", "PO", "generality") == (25 + 100) / 2
    assert value(found, "asr", "Vanilla", "efficacy") == (100 + 25) / 2
    assert {group.trained for group in made} == {True}
    as_it_is = own.model_copy(update={"vanilla": None})
    assert as_it_is.scores() == ["vanilla-s0", "po-s0", "po-s1"]
    assert {g.method: (g.trained, g.seeds) for g in analyze.groups(tmp_path, as_it_is)} == {
        "Vanilla": (False, (0,)),
        "PO": (True, (0, 1)),
    }
