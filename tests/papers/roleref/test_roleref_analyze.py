"""From made-up scores to the cells of RoleRef, beside the numbers that the paper reports."""

import numpy as np
import pandas as pd
import pytest

from papers.roleref import analyze
from papers.roleref.methods import METHODS
from shared.comparison.audit import audit
from shared.comparison.cells import KEY
from shared.comparison.compare import check_units, compare
from shared.comparison.reported import own_numbers, read_reported
from shared.settings import load_paper
from tests.papers.roleref.conftest import LAST, SETTINGS, write_scores

PAPER = load_paper("roleref")
REPORTED = read_reported("roleref")


def value(found, item, method, dataset, metric, protocol="corrected"):
    own = found[
        (found["item"] == item) & (found["method"] == method) & (found["dataset"] == dataset)
        & (found["metric"] == metric) & (found["protocol"] == protocol)
    ]  # fmt: skip
    assert len(own) == 1
    return own.iloc[0]


def test_probe_cells_by_hand(found):
    """The official last layer is 3, the corrected one 4. Of absent questions 2 of 8 are right for
    seven roles: 25 %, and 7/8 of that where role0 counts as wrong. Parametric is the mean of
    eight strata of 50 % and seven of 25 %: 38.33 %; officially (8 x 50 + 7 x 25) / 16."""
    args = ("figure2", analyze.ALL_TYPES)
    rest = ("probe_accuracy",)
    assert value(found, *args, "context_conflict", *rest)["value"] == 75
    assert value(found, *args, "absent", *rest)["value"] == 25
    assert value(found, *args, "absent", *rest, "official")["value"] == 21.875
    assert value(found, *args, "parametric", *rest)["value"] == pytest.approx(38.3333)
    assert value(found, *args, "parametric", *rest, "official")["value"] == pytest.approx(35.9375)
    assert value(found, *args, "fake", *rest, "official")["seeds"] == len(SETTINGS.probes.seeds)
    transfer = value(found, "figure2", "answer+out_series", "fake", *rest)
    assert (transfer["value"], transfer["n"]) == (12.5, 64)
    assert transfer["ci_low"] < 12.5 < transfer["ci_high"]


def test_curves_have_the_layers_of_each_protocol(found):
    layers = found[found["item"] == "figure2_layers"]
    for protocol, count in (("official", LAST), ("corrected", LAST + 1)):
        own = layers[layers["protocol"] == protocol]
        assert len(own) == 3 * count
        assert set(own["dataset"]) == {
            analyze.at_layer(part, n) for part in analyze.PARTS for n in range(count)
        }


def test_reply_cells_by_hand(found):
    rate = value(found, "main", "Prompting", "out_series", "refusal_rate")
    assert (rate["value"], rate["n"]) == (50, 64)
    assert (
        value(found, "main", "Prompting", "out_series", "refusal_rate", "official")["value"] == 50
    )
    # (4 + 2 + 1) x 8 roles and 1 x 7 of 3 x 64 + 56
    conflicts = value(found, "main", "Prompting", analyze.CONFLICT, "refusal_rate")
    assert conflicts["value"] == pytest.approx(100 * 63 / 248, abs=1e-4)
    right = value(found, "main", "FT", "answerable", "right_rate")
    assert (right["value"], right["coverage"]) == (37.5, 1)
    perplexity = value(found, "main", "Representation Editing", analyze.PROSE, "perplexity")
    assert perplexity["value"] == pytest.approx(np.e**2, abs=1e-4)
    assert not ((found["metric"] == "right_rate") & (found["dataset"] != "answerable")).any()
    assert not (found["item"] == "rubric").any()


def test_what_the_rules_find_is_counted_by_where_a_reply_is_from(found):
    """Of three refusals the rule finds two and flags no answer, the other none and one of two."""
    for dataset in analyze.SOURCES.values():
        cells = [
            value(found, "rule", rule, dataset, metric)["value"]
            for rule in analyze.RULES
            for metric in ("refusals_found", "answers_flagged")
        ]
        assert cells == pytest.approx([66.6667, 0, 0, 50])


def test_every_edit_of_the_sweep_has_its_cells(found):
    own = found[(found["item"] == "sweep") & (found["metric"] == "perplexity")]
    assert own["method"].tolist() == [edit.label for edit in SETTINGS.sweep.all_edits()]


def test_reported_numbers():
    """The exact check row and bars, digitised ones, and cells whose number is not known."""
    own = own_numbers(REPORTED).set_index(KEY)["value"]
    mistral = own.xs(("probe_by_method", "Mistral-7B-Instruct"), level=("item", "model"))
    exact = mistral.xs("Prompting", level="method").droplevel("metric").to_dict()
    assert exact == {
        "answerable": "79.46", "out_series": "99.71", "context_conflict": "84.29",
        "absent": "32.82", "fake": "50.54",
    }  # fmt: skip
    counts = REPORTED.groupby("item").size()
    assert counts["figure2"] == 4 * 3 * 8 and counts["probe_by_method"] == 5 + 4 * 3 * 5
    unknown = REPORTED[REPORTED["value"] == ""]
    assert set(unknown["item"]) == {"rubric"} and unknown["note"].str.contains("could not").all()
    digitised = REPORTED[REPORTED["source"] == "figure"]
    assert digitised["note"].str.contains("digitised").all()
    # the mean of two types is printed as their group, within what digitising loses
    values = REPORTED[REPORTED["item"] == "figure2"].set_index(["model", "method", "dataset"])
    for (model, method), rows in values.groupby(level=[0, 1]):
        numbers = rows["number"].droplevel([0, 1])
        for part in ("contextual", "parametric"):
            mean = numbers[list(analyze.PARTS[part])].mean()
            assert abs(mean - numbers[part]) <= 1.5, (model, method, part)
    check_units(REPORTED, analyze.METRICS)


def test_comparison_and_audit(found, analysis):
    compared = compare(PAPER, "cpu", analysis.stand_ins, REPORTED, found)
    assert set(compared["verdict"]) == {"stand-in", "blocked", "not attempted", "not judged"}
    assert (compared.loc[compared["item"] == "rubric", "verdict"] == "blocked").all()
    ours = compared[compared["verdict"] == "stand-in"]
    assert set(ours["model"]) == {"Llama-3.1-8B-Instruct"}
    audited = audit(PAPER, analysis.names, analysis.functions)
    assert len(audited) and not audited["what"].str.contains("test questions").empty


def test_tables_leave_out_the_curves(found):
    made = analyze.tables(found)
    assert "figure2_layers" not in made and {"figure2", "main", "sweep", "cost"} <= set(made)


def test_seeds_of_training_and_probe_are_told_apart(tmp_path):
    """Each of two trainings has probes of all their seeds; replies have two."""
    full = SETTINGS.variants["full"].model_copy(update={"seeds": [0, 1]})
    settings = SETTINGS.model_copy(update={"variants": SETTINGS.variants | {"full": full}})
    folder = write_scores(tmp_path, settings)
    for name in ("probes", "replies"):
        frame = pd.read_parquet(folder / f"{name}.parquet")
        again = frame[frame["variant"] == "full"].assign(seed=1)
        pd.concat([frame, again]).to_parquet(folder / f"{name}.parquet")
    official = full.model_copy(update={"protocol": "official"})
    probes = SETTINGS.probes.seeds
    of_probes = (*probes, *(1000 + seed for seed in probes))
    for variant, seeds in ((full, (0, 1000)), (official, of_probes)):
        variants = SETTINGS.variants | {"full": variant}
        made = analyze.groups(folder, settings.model_copy(update={"variants": variants}))
        own = {g.seeds for g in made if g.method == METHODS["full"].name and "correct" in g.columns}
        assert own == {seeds}
        replies = {
            g.seeds for g in made if g.method == METHODS["full"].name and "refused" in g.columns
        }
        assert replies == {(0, 1)}


def test_without_known_answers_nothing_is_said_of_right_ones():
    """Which words a right answer has is not known of the authors' questions."""
    row = {"id": "a", "type": "answerable", "fact": "a", "refused": False, "right": None}
    row |= dict.fromkeys(("refused_phrases", "in_role", "readable"), True)
    named = {"model": "M", "method": "LoRA", "protocol": "corrected"}
    for right, there in ((None, False), (True, True)):
        rows = pd.DataFrame([row | {"right": right}])
        (group, _) = analyze._reply_groups(rows, ["answerable"], named)
        assert ("right" in repr(group)) == there
