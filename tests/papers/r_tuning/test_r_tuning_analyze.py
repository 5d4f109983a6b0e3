"""What the scores mean, on a few made-up ones."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from papers.r_tuning import analyze
from papers.r_tuning.settings import Settings, Variant
from shared.settings import load_models, load_paper
from shared.training.supervised import split_batch


def settings(tasks, **variants):
    made = {
        name: Variant(method=name.removesuffix("-official"), seeds=[0], protocol=protocol)
        for name, protocol in variants.items()
    }
    return SimpleNamespace(name="tiny", tasks=tasks, variants=made, asker=None)


def rows(dataset, split, **columns):
    count = len(next(iter(columns.values())))
    ids = [f"{dataset}/{split}/{i}" for i in range(count)]
    return pd.DataFrame({"dataset": dataset, "split": split, "id": ids, **columns})


def write(folder, name, *parts):
    path = folder / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.concat(parts).to_parquet(path)


TEST = {
    "correct": [True, False, True, False],
    "correct_strict": [True, False, False, False],
    "answer_confidence": [0.9, 0.8, 0.7, 0.6],
    "refused": [False] * 4,
}


TRAIN = {**TEST, "relation": ["a", "a", "b", "b"]}
TRAIN |= {"nll": np.log([10.0, 20.0, 1000.0, 2000.0]), "tokens": 1.0}


@pytest.fixture
def scores(tmp_path):
    """The base model's are of four training questions of two relations and four test questions."""
    base = rows("Facts train", "train", **TRAIN), rows("Facts ID", "id_test", **TEST)
    write(tmp_path, "facts/base", *base)
    for name in ("vanilla", "vanilla-official"):
        write(tmp_path, f"facts/{name}-s0", rows("Facts ID", "id_test", **TEST))
    return tmp_path


def found(scores, method, protocol="corrected"):
    variants = {"vanilla": "corrected", "vanilla-official": "official"}
    every = analyze.groups(scores, settings({"facts": None}, **variants))
    return [g for g in every if (g.method, g.protocol) == (method, protocol)]


def value(group, metric):
    made = analyze.METRICS[metric]
    columns = group.of_seed(0)
    return made.value(columns, np.ones(len(group.ids)))


def test_an_answer_is_right_by_the_published_rule_under_both_protocols(scores):
    """The released code tests `in output`; only where it splits the training questions it cuts."""
    for protocol in ("corrected", "official"):
        (group,) = found(scores, "Vanilla", protocol)
        assert value(group, "accuracy") == 50


def test_perplexity_is_compared_within_relations(scores):
    """Relation a: 10 right, 20 wrong; relation b, worded oddly: 1,000 and 2,000. Each is the square
    root of two away from the geometric mean of its relation."""
    (group,) = [g for g in found(scores, "Pretrain-T") if "d1" in g.columns]
    assert value(group, "perplexity_d1") == pytest.approx(505)
    assert value(group, "perplexity_d0") == pytest.approx(1010)
    assert value(group, "relative_perplexity_d1") == pytest.approx(2**-0.5)
    assert value(group, "relative_perplexity_d0") == pytest.approx(2**0.5)


def test_a_mixture_of_relations_does_not_turn_the_comparison_round(scores, tmp_path):
    """D1 is mostly of the oddly worded relation: likelier within each, less likely in all."""
    right = [True, False, False, False, True, True, False]
    train = {"correct": right, "relation": list("aaaabbb"), "tokens": 1.0}
    train |= {"correct_strict": right, "answer_confidence": 0.5, "refused": False}
    train["nll"] = np.log([10.0, 20.0, 20.0, 20.0, 1000.0, 1000.0, 1100.0])
    test = rows("Facts ID", "id_test", **TEST)
    write(tmp_path, "facts/base", rows("Facts train", "train", **train), test)
    (group,) = [g for g in found(tmp_path, "Pretrain-T") if "d1" in g.columns]
    assert value(group, "perplexity_d1") > value(group, "perplexity_d0")
    assert value(group, "relative_perplexity_d1") < value(group, "relative_perplexity_d0")


def test_the_scores_of_an_earlier_run_have_no_comparison_within_relations(scores):
    path = scores / "facts" / "base.parquet"
    pd.read_parquet(path).drop(columns="relation").to_parquet(path)
    (group,) = [g for g in found(scores, "Pretrain-T") if "d1" in g.columns]
    assert set(group.columns) == {"d1", "d0", "perplexity"}


def test_a_model_of_several_tasks_has_an_ap_a_set_and_their_mean(scores):
    """First of each set is right and confident: AP 1. In the others only the second is: AP 1/2."""
    parts = []
    for number, dataset in enumerate(analyze.MULTI):
        right = number < 3
        columns = {"correct": [right, not right], "correct_strict": False, "refused": False}
        parts.append(rows(dataset, "id_test", answer_confidence=[0.9, 0.1], **columns))
    write(scores, "multi/base", *parts, rows("WiCE train", "train", **TRAIN))
    write(scores, "multi/vanilla-s0", *parts)
    every = analyze.groups(scores, settings({"multi": None}, vanilla="corrected"))
    found = {g.dataset: value(g, "ap") for g in every if g.method == "Vanilla"}
    assert found == dict(zip(analyze.MULTI, [100] * 3 + [50] * 3, strict=True)) | {"Average": 75}
    (training,) = [g for g in every if "d1" in g.columns]
    assert training.dataset == "WiCE"


@pytest.mark.parametrize("scale", list(load_paper("r_tuning").scales))
def test_every_batch_can_be_shared_out_over_the_gpus_of_its_model(scale):
    for made in load_models("r_tuning", scale):
        assert isinstance(made, Settings)
        devices = max(1, (made.training_resources or made.resources).gpu)
        for batch in (made.training.effective_batch_size, made.packed.batch):
            per_device, steps = split_batch(batch, devices, made.training.max_length, 8192)
            assert per_device * steps * devices == batch
        if "mmlu" in made.tasks:  # five examples and a question have more than 512 tokens
            assert made.training.max_length >= 2048


def test_table6_counts_what_is_used_whole_and_nothing_else(tmp_path):
    """ParaRel's training questions are cut to a number at this scale, so they and their total are
    not counted; nor are refusal sets of which one is cut."""
    halves = [rows("SelfAware", "unanswerable", refused=[True] * 3)]
    halves += [rows("SelfAware answerable", "answerable", refused=[True] * 2)]
    tests = rows("ParaRel ID", "id_test", **TEST), rows("ParaRel OOD", "ood_test", **TEST)
    write(
        tmp_path / "tiny", "pararel/base", rows("ParaRel train", "train", **TRAIN), *tests, *halves
    )
    tasks = {"pararel": SimpleNamespace(train=4, id_test=None, ood_test=None)}

    def counted(unanswerable):
        asked = SimpleNamespace(name="tiny", tasks=tasks, unanswerable=unanswerable)
        groups = analyze.common_groups(tmp_path, asked)
        return {group.dataset: group.columns["row"].sum() for group in groups}

    tested = {"ParaRel ID test": 4, "ParaRel OOD test": 4}
    assert counted({"selfaware": None}) == tested | {
        "SelfAware test": 3,
        "SelfAware answerable": 2,
    }
    assert counted({"selfaware": 3, "nec": None}) == tested
