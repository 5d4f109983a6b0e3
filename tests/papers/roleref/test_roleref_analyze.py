"""From made-up scores to cells, claims and figures of RoleRef."""

import json

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from papers.roleref import analyze, figures
from papers.roleref.methods import METHODS
from papers.roleref.settings import TRAINING_SETS, TYPES
from shared.comparison.analysis import load_analysis
from shared.comparison.audit import audit
from shared.comparison.cells import KEY, cells
from shared.comparison.compare import check_units, compare
from shared.comparison.reported import own_numbers, read_reported
from shared.comparison.verdicts import verdicts
from shared.plots.__main__ import draw_all
from shared.plots.figure import drawings
from shared.plots.results import Results
from shared.settings import load_paper, load_settings

SETTINGS = load_settings("roleref", "cpu")
PAPER = load_paper("roleref")
REPORTED = read_reported("roleref")
ROLES = [f"role{n}" for n in range(8)]
LAST = 4  # of layers 0 to 4

# Of 8 test questions of each role and type, how many a probe gets right, and how many are refused.
PROBED = {"answerable": 7, "out_series": 8, "context_conflict": 6, "fake": 4, "absent": 2}
REFUSED = {
    "prompting": {"answerable": 0, "out_series": 4, "context_conflict": 2, "fake": 1, "absent": 1},
    "editing": {"answerable": 1, "out_series": 8, "context_conflict": 6, "fake": 5, "absent": 4},
    "full": {"answerable": 4, "out_series": 8, "context_conflict": 4, "fake": 4, "absent": 4},
}


def questions():
    """8 of each role and type, two about each fact; role0 was at every event."""
    return pd.DataFrame(
        [
            {"id": f"{role}/{t}/{n}", "role": role, "type": t, "fact": f"{role}/{t}/{n // 2}"}
            | {"edit": "", "place": n}
            for role in ROLES
            for t in TYPES
            for n in range(8)
            if (role, t) != ("role0", "absent")
        ]
    )


def write_scores(results, settings=SETTINGS, refused=REFUSED, probed=PROBED):
    """The scores of one model in a results folder."""
    folder = results / "scores" / settings.name
    folder.mkdir(parents=True)
    asked = questions()
    place, kinds = asked["place"], asked["type"]
    replies, prose, cost, probes = [], [], [], []
    for variant, of in settings.variants.items():
        rates = refused.get(variant, refused["prompting"])
        replies.append(
            asked.assign(
                variant=variant,
                seed=0,
                refused=place < kinds.map(rates),
                refused_phrases=place < kinds.map(rates) - 1,
                in_role=place < 7,
                right=pd.array(np.where(kinds == "answerable", place < 3, None), dtype="boolean"),
                readable=True,
            )
        )
        texts = [f"r/{n}" for n in range(4)]
        worse = 2.0 if of.edit else 1.0
        frame = pd.DataFrame({"id": texts, "variant": variant, "seed": 0, "number": -1})
        prose.append(frame.assign(nll=10 * worse, tokens=10))
        trained = {"lora": 500, "full": 10_000}.get(of.method, 0)
        stored = 100 if of.edit else 0
        cost.append({"variant": variant, "seed": 0, "trained": trained, "stored": stored})
        for protocol in ("official", "corrected"):
            for learnt in TRAINING_SETS:
                right = kinds.map(probed) + (2 if variant == "editing" else 0)
                right = right.where(
                    kinds.eq("answerable") | kinds.eq("out_series") | (learnt == analyze.ALL_TYPES),
                    1,
                )
                for seed in settings.probes.seeds if protocol == "official" else [0]:
                    frame = asked.assign(
                        variant=variant, seed=0, protocol=protocol, trained_on=learnt,
                        probe_seed=seed,
                    )  # fmt: skip
                    for layer in range(LAST + 1):
                        there = (variant == "prompting" or layer >= LAST - 1) and (
                            (layer < LAST)
                            if protocol == "official"
                            else (layer == LAST or variant == "prompting")
                        )
                        frame[f"layer_{layer:02d}"] = pd.array(
                            place < right if there else [None] * len(frame), dtype="boolean"
                        )
                    probes.append(frame)
    pd.concat(replies).drop(columns="place").to_parquet(folder / "replies.parquet")
    pd.concat(probes).drop(columns="place").to_parquet(folder / "probes.parquet")
    swept = [
        replies[0].drop(columns=["variant", "seed"]).assign(number=number)
        for number in range(len(settings.sweep.all_edits()))
    ]
    pd.concat(swept).to_parquet(folder / "sweep.parquet")
    prose += [prose[0].assign(variant="sweep", number=number) for number in range(len(swept))]
    pd.concat(prose).to_parquet(folder / "ordinary.parquet")
    pd.DataFrame(cost).to_parquet(folder / "cost.parquet")
    labelled = [(source, n < 3) for source in analyze.SOURCES for n in range(5)]
    rule = pd.DataFrame(labelled, columns=["source", "refuses"])
    rule["refused"] = rule.index % 5 < 2  # two of the three refusals, none of the answers
    rule["refused_phrases"] = rule.index % 5 > 3  # none of the refusals, one of the answers
    rule.assign(id=rule.index.map(str)).to_parquet(folder / "rule.parquet")
    # answerable and half of the conflicts lie near the direct response region
    lean = np.where(kinds == "answerable", 0.5, np.where(place < 4, -0.2, 0.1))
    lean = np.where(kinds == "out_series", -0.5, lean) + place / 1000
    generator = np.random.default_rng(0)
    geometry = asked.assign(lean=lean)
    for layer in range(LAST + 1):
        geometry[f"cosine_{layer:02d}"] = lean * layer / LAST
    for name in ("tsne", "pca"):
        for axis in "xy":
            column = f"{name}_{axis}" + ("_04" if name == "pca" else "")
            geometry[column] = generator.random(len(asked))
    geometry.to_parquet(folder / "geometry.parquet")
    maps = [geometry.assign(variant=variant) for variant in ("prompting", "editing")]
    pd.concat(maps).to_parquet(folder / "methods_map.parquet")
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("roleref")
    write_scores(folder)
    return folder


@pytest.fixture(scope="module")
def analysis(folder):
    return load_analysis("roleref", "cpu", folder)


@pytest.fixture(scope="module")
def found(analysis):
    return cells(analysis.groups, analyze.ITEMS, analyze.METRICS, analysis.stand_ins)


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


@pytest.fixture(scope="module")
def judged(analysis):
    return verdicts(analysis).set_index(["id", "protocol"])


def test_claims_on_scores_that_are_as_the_paper_says(judged):
    corrected = judged.xs("corrected", level="protocol")
    assert set(corrected.index[corrected["verdict"] == "holds"]) >= {"c3", "c4", "c8"}
    of_one_run = {"c6b", "c6d", "c7a", "c7b"}  # LoRA and full fine-tuning with one seed
    assert of_one_run <= set(corrected.index[corrected["verdict"] == "one run"])
    # conflicts: 50 and 25 % of contextual ones, 12.5 and 12.5 % of parametric ones
    assert corrected.loc["c1", "effect"] == 12.5  # the weakest pair, 25 over 12.5
    assert corrected.loc["c2", "effect"] == 25  # each step is two of eight questions
    assert corrected.loc["c4", "effect"] == 37.5
    assert corrected.loc["c9", "verdict"] == "blocked"  # one model
    assert corrected.loc["c8", "test"] == "exact"


def judged_with(tmp_path, probed):
    write_scores(tmp_path, probed=probed)
    return verdicts(load_analysis("roleref", "cpu", tmp_path)).set_index(["id", "protocol"])


@pytest.mark.parametrize("says", ["conflict", "answerable"])
def test_a_constant_probe_upholds_no_claim(tmp_path, says):
    """One that calls all a conflict is right on all of them, and the cap of 7/8 alone puts absent
    ones last; one that calls all answerable is right on under 50 % of the parametric ones."""
    right = {t: 8 * ((t == "answerable") == (says == "answerable")) for t in TYPES}
    found = judged_with(tmp_path, right)
    for id in ("c2", "c3", "c4"):
        for protocol in ("official", "corrected"):
            row = found.loc[id, protocol]
            assert row["verdict"] == "not testable", (id, protocol)
            assert row["note"].startswith("says something only if probe_accuracy")


def test_methods_are_not_compared_by_a_probe_that_says_one_thing(tmp_path):
    """After editing all is called a conflict, which is right on more conflicts than FT's probe."""
    found = judged_with(tmp_path, PROBED | {"answerable": 0, "fake": 8})
    for id in ("c7a", "c7b"):
        assert found.loc[(id, "corrected"), "verdict"] == "not testable"


def test_an_order_that_only_the_cap_makes_is_no_finding(tmp_path):
    """False and absent conflicts are told equally well, 6 of 8; officially, with one of eight roles
    counted as wrong, absent ones seem to come last."""
    found = judged_with(tmp_path, PROBED | {"fake": 6, "absent": 6, "context_conflict": 7})
    official, corrected = (found.loc["c2", protocol] for protocol in ("official", "corrected"))
    assert official["verdict"] == "not testable" and "uncapped_accuracy" in official["note"]
    assert corrected["verdict"] != "holds"


def test_claims_on_the_papers_own_numbers(judged):
    """As the fact sheet counts them: the order and the gap in 4 of 4 models, editing over FT in 11
    of 12 cells, over LoRA in 6 of 12."""
    own = judged.xs("corrected", level="protocol")[["reported_in_direction", "reported_pairs"]]
    counts = {id: tuple(row) for id, row in own.iterrows()}
    for id in ("c2", "c3", "c4", "c9"):
        assert counts[id] == (4, 4)
    assert counts["c7a"] == (11, 12)
    assert counts["c7b"][1] == 12 and 0 < counts["c7b"][0] < 12
    for id in ("c1", "c5a", "c6a", "c8"):
        assert counts[id] == (0, 0)


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


def test_all_figures_are_drawn(analysis, found, folder, tmp_path):
    results = Results(analysis, found, folder, (SETTINGS.name,))
    opened = plt.get_fignums()  # by tests before this one
    names = draw_all("roleref", results, tmp_path / "figures")
    assert names == list(drawings(figures)) and len(names) == 10
    captions = json.loads((tmp_path / "figures" / "captions.json").read_text())
    assert list(captions) == names
    assert plt.get_fignums() == opened
    lines = figures.figure2(results)
    ours = {line.get_label(): line.get_ydata() for line in lines.axes[0].get_lines()}
    assert list(ours["contextual"]) == [pytest.approx(87.5)] * (LAST + 1)
    assert lines.axes[2].get_title(loc="left") == "Paper, Llama-3.1-8B (digitised)"
    for axes, highest in zip(figures.keeping(results).axes, (87.5, 100, 37.5), strict=True):
        assert axes.get_ylim()[1] > highest  # no bar is cut off
    bars = figures.main(results)
    heights = [bar.get_height() for bar in bars.axes[0].containers[0]]
    assert heights[:3] == [0, 50, 25]  # prompting: answerable, out_series, context_conflict
    plt.close("all")


def test_tables_leave_out_the_curves(found):
    made = analyze.tables(found)
    assert "figure2_layers" not in made and {"figure2", "main", "sweep", "cost"} <= set(made)


PAPERS_OWN = ("Llama-3.1-8B-Instruct", "Mistral-7B-Instruct")


@pytest.fixture(scope="module")
def two_models(tmp_path_factory):
    """The results of two of the paper's four models."""
    folder = tmp_path_factory.mktemp("two")
    for name in PAPERS_OWN:
        write_scores(folder, load_settings("roleref", "paper", name))
    analysis = load_analysis("roleref", "paper", folder)
    found = cells(analysis.groups, analyze.ITEMS, analyze.METRICS, analysis.stand_ins)
    return Results(analysis, found, folder, PAPERS_OWN)


def test_of_two_models_each_has_a_row_or_a_figure_of_its_own(two_models, tmp_path):
    names = draw_all("roleref", two_models, tmp_path / "figures")
    rows = {"figure2", "probe_by_method", "main", "keeping"}
    apart = {"transfer", "figure3", "figure10", "pca", "regions", "sweep"}
    assert set(names) == rows | {f"{name}_{model}" for name in apart for model in PAPERS_OWN}
    titles = [axes.get_title(loc="left") for axes in figures.figure2(two_models).axes]
    assert titles[0] == "Llama-3.1-8B-Instruct: Ours, linear, cross-validated"
    assert titles[2::3] == [
        "Paper, Llama-3.1-8B (digitised)",
        "Paper, Mistral-7B (digitised)",
    ]
    assert [axes.get_title(loc="left") for axes in figures.main(two_models).axes] == list(
        PAPERS_OWN
    )
    plt.close("all")


def test_seeds_of_training_and_probe_are_told_apart(tmp_path):
    """Two trainings with probes of two seeds each are four runs; replies have two."""
    full = SETTINGS.variants["full"].model_copy(update={"seeds": [0, 1]})
    settings = SETTINGS.model_copy(update={"variants": SETTINGS.variants | {"full": full}})
    folder = write_scores(tmp_path, settings)
    for name in ("probes", "replies"):
        frame = pd.read_parquet(folder / f"{name}.parquet")
        again = frame[frame["variant"] == "full"].assign(seed=1)
        pd.concat([frame, again]).to_parquet(folder / f"{name}.parquet")
    official = full.model_copy(update={"protocol": "official"})
    for variant, seeds in ((full, (0, 1000)), (official, (42, 43, 1042, 1043))):
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
