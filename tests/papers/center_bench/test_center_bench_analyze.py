"""Groups, cells and claims of CenterBench from made-up answers."""

from functools import cache
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from papers.center_bench import analyze, metrics, official
from papers.center_bench.settings import Variant
from shared.comparison.cells import cells
from shared.settings import load_paper

DRAWS = 200
CLAIMS = {claim.id: claim for claim in load_paper("center_bench").claims}
SUBSETS = {"CenterBench": "plausible implausible", "Generated": "plausible implausible matched"}


TWO = ("entity_count", "chain_consequence")  # types, where more would change nothing


def answers(right, *, sources=("Generated",), sentences=6, levels=range(1, 7), types=TWO):
    """A score file. `right(subset, level, type, number, source)` says if an answer is right."""
    rows = []
    for source in sources:
        for subset in SUBSETS[source].split():
            for level in levels:
                for number in range(sentences):
                    sentence = f"{source}/{subset}/L{level}/{number:02d}"
                    paired = source == "Generated" and subset != "implausible"
                    pair = f"{source}/L{level}/{number:02d}" if paired else sentence
                    for kind in types:
                        correct = right(subset, level, kind, number, source)
                        rows.append((sentence, source, subset, level, kind, pair, correct))
    frame = pd.DataFrame(
        rows, columns=["sentence_id", "source", "subset", "level", "type", "pair", "correct_strict"]
    )
    return frame.assign(
        id=frame["sentence_id"] + "/" + frame["type"],
        middle=True,
        correct_official=frame["correct_strict"],
        thoughts_words=0,
    )


def groups(**runs):
    """Groups of runs, named by model; a name that ends in `_thinking` is a mode of its model."""
    found = []
    for run, frame in runs.items():
        model, thinking, _ = run.partition("_thinking")
        found += analyze._answers(frame, model.replace("_", "-"), "thinking" if thinking else "")
    return found


def some(share, number, sentences=6):
    """Right for a share of the sentences."""
    return number < round(share * sentences)


def made(found):
    """Values of all cells by (item, model, method, dataset, metric, protocol)."""
    frame = cells(found, analyze.ITEMS, analyze.METRICS)
    return frame.set_index(
        ["item", "model", "method", "dataset", "metric", "protocol"]
    ).sort_index()


# Metrics


def test_gap_is_the_difference_of_two_accuracies():
    """Plausible 2 of 3 right, others 1 of 4: 2/3 − 1/4 = 5/12."""
    correct = np.array([1, 1, 0, 1, 0, 0, 0.0])
    plausible = np.array([1, 1, 1, 0, 0, 0, 0.0])
    assert metrics.gap(correct, plausible, np.ones(7)) == pytest.approx(5 / 12)
    weights = np.array([[1, 0, 1, 2, 2, 0, 0], [1, 1, 1, 0, 0, 0, 0.0]])
    found = metrics.gap(correct, plausible, weights)
    assert found[0] == pytest.approx(1 / 2 - 2 / 4)
    assert np.isnan(found[1])  # no weight on the others


def test_median_gap_is_the_median_of_the_levels_and_leaves_unscored_questions_out():
    """Gaps of levels 1, 2, 3: 1 − 0, 0 − 1, 1 − 1; their median is 0, the pooled gap 2/3 − 2/3.

    A fourth level of plausible questions that could not be scored (level 0) changes nothing.
    """
    level = np.array([1, 1, 2, 2, 3, 3, 0, 0])
    plausible = np.array([1, 0, 1, 0, 1, 0, 0, 0.0])
    correct = np.array([1, 0, 0, 1, 1, 1, 0, 0.0])
    weights = np.array([1, 1, 1, 1, 1, 1, 0, 0.0])
    assert metrics.median_gap(correct, plausible, level, weights) == 0
    correct[2] = 1  # level 2: 1 − 1; gaps 1, 0, 0
    assert metrics.median_gap(correct, plausible, level, weights) == 0
    correct[3] = 0  # level 2: 1 − 0; gaps 1, 1, 0
    assert metrics.median_gap(correct, plausible, level, weights) == 1
    without = weights * (level != 2)
    assert np.isnan(metrics.median_gap(correct, plausible, level, without))


def test_median_gap_of_many_weights_is_that_of_each():
    rng = np.random.default_rng(0)
    level, plausible = np.repeat([1, 2, 3], 20), np.tile([0, 1], 30)
    correct = rng.integers(0, 2, 60).astype(float)
    weights = rng.integers(1, 4, (5, 60)).astype(np.float32)
    together = metrics.median_gap(correct, plausible, level, weights)
    alone = [metrics.median_gap(correct, plausible, level, row) for row in weights]
    np.testing.assert_allclose(together, alone)


def test_the_interval_of_a_median_gap_does_not_vanish_where_one_sentence_moves_no_median():
    """Gaps of 0 at four levels: whichever sentence is left out, the median stays 0."""
    uneven = {1: (6, 3), 2: (3, 6)}

    def right(subset, level, kind, number, source):
        return number < uneven.get(level, (3, 3))[subset != "plausible"]

    cell = made(groups(model=answers(right))).loc["median_gap"]
    cell = cell.loc["model", "", "Generated", "median_gap", "corrected"]
    assert cell["value"] == 0 and cell["ci_low"] < -1 and cell["ci_high"] > 1


def test_accuracy_and_gaps_by_subset_level_and_type():
    """Plausible right in 5 of 6 sentences, implausible in 2, matched in 1; alike in every slice."""
    share = {"plausible": 5, "implausible": 2, "matched": 1}
    frame = answers(lambda subset, level, kind, number, source: number < share[subset])
    found = made(groups(model=frame))["value"]
    for item, part in (("accuracy_by_subset", ""), ("accuracy_by_level", ", level 4")):
        for subset, hits in share.items():
            key = item, "model", "", f"Generated {subset}{part}", "accuracy", "corrected"
            assert found[key] == pytest.approx(100 * hits / 6, abs=1e-4)
    for item, part in (("gap_by_level", ", level 6"), ("gap_by_type", ", entity_count")):
        gap = found[item, "model", "", f"Generated{part}", "gap", "corrected"]
        assert gap == pytest.approx(50, abs=1e-4)
        same = found[item, "model", "", f"Generated, same words{part}", "gap", "corrected"]
        assert same == pytest.approx(100 * 4 / 6, abs=1e-4)
    overall = {
        metric: found["median_gap", "model", "", "Generated", metric, "corrected"]
        for metric in ("median_gap", "gap", "accuracy")
    }
    assert overall == pytest.approx({"median_gap": 50, "gap": 50, "accuracy": 700 / 12}, abs=1e-4)
    assert ("median_gap", "model", "", "CenterBench", "gap", "corrected") not in found.index


def test_official_and_strict_scores_are_two_protocols():
    frame = answers(lambda subset, level, kind, number, source: False)
    found = made(groups(model=frame.assign(correct_official=True)))["value"]
    accuracy = found.xs("accuracy_by_subset")
    assert set(accuracy.xs("official", level="protocol")) == {100}
    assert set(accuracy.xs("corrected", level="protocol")) == {0}


def test_an_answer_without_a_score_lowers_coverage_alone():
    frame = answers(lambda subset, level, kind, number, source: True)
    column = frame["correct_strict"].astype(object)
    column[frame["type"] == "entity_count"] = None
    found = made(groups(model=frame.assign(correct_strict=column)))
    cell = found.xs(("accuracy_by_subset", "model", "", "Generated matched", "accuracy"))
    assert cell.loc["corrected", ["value", "coverage"]].tolist() == [
        100,
        0.5,
    ]
    assert cell.loc["official", ["value", "coverage"]].tolist() == [100, 1]
    gap = found.loc["gap_by_type", "model", "", "Generated, entity_count", "gap", "corrected"]
    assert pd.isna(gap["value"]) and gap["n"] == 0


def test_sentences_are_resampled_and_not_questions():
    """All six questions of a sentence move together: the interval must be that of 12 sentences.

    With half of 12 sentences right, the standard error is 50 / √12 = 14.4 points, whether one or
    six questions are asked of each; of 72 independent questions it would be 5.9.
    """

    def width(types):
        frame = answers(
            lambda subset, level, kind, number, source: number % 2 == 0,
            sentences=12,
            levels=[3],
            types=types,
        )
        cell = made(groups(model=frame)).loc["accuracy_by_level"].iloc[0]
        return cell["ci_high"] - cell["ci_low"]

    assert width(analyze.TYPES) == pytest.approx(width(analyze.TYPES[:1]))
    assert width(analyze.TYPES) == pytest.approx(2 * 1.96 * 14.4, rel=0.25)


def test_a_plausible_sentence_and_its_matched_one_are_resampled_together():
    """Hard sentences are hard in both versions: the gap with the same words never varies, while
    the gap to unrelated sentences has."""
    frame = answers(lambda subset, level, kind, number, source: number < 3)
    found = made(groups(model=frame)).loc["gap_by_level"]
    same = found.loc["model", "", "Generated, same words, level 2", "gap", "corrected"]
    assert same["value"] == 0 and np.isnan(same["ci_low"]) and np.isnan(same["ci_high"])
    other = found.loc["model", "", "Generated, level 2", "gap", "corrected"]
    assert other["ci_low"] < 0 < other["ci_high"]


def test_readings_are_shares_of_the_telling_questions():
    """Of six sentences a level, the shortcut is right about the first two. Of the other four, one
    is answered by the structure, two by the shortcut, and one not at all: 1 and 2 of 3."""
    frame = answers(lambda *_: True, sources=["CenterBench"], types=TWO[:1])
    number = frame["sentence_id"].str[-2:].astype(int)
    said = ["structure", "structure", "structure", "shortcut", "shortcut", None]
    frame = frame.assign(
        telling=(number > 1).astype("boolean").mask(number == 5),
        reading=number.map(dict(enumerate(said))).astype("string"),
    )
    found = made(groups(model=frame))
    for name in ("CenterBench plausible", "CenterBench implausible, level 4"):
        item = "readings_by_level" if "level" in name else "readings_by_subset"
        own = found.loc[item].loc["model"].xs((name, "corrected"), level=("dataset", "protocol"))
        values = own["value"].droplevel("method").to_dict()
        assert values == pytest.approx(
            dict(zip(analyze.FOLLOWS.values(), (100 / 3, 200 / 3, 0, 0), strict=True)), abs=1e-4
        )
        assert own["coverage"].tolist() == pytest.approx([5 / 6] * 4, abs=1e-4)
    assert set(found.loc["readings_by_level"].reset_index()["protocol"]) == {"corrected"}


def test_the_human_study_is_its_eight_sentences_and_their_middle_nouns():
    """Right are the four of the plausible subset, and nothing else anywhere."""
    frame = answers(lambda *_: False, sources=["CenterBench"], sentences=13)
    frame = frame.assign(
        sentence_id=frame["sentence_id"].str.replace("CenterBench", "official"),
        middle=frame["type"] == TWO[0],
    )
    asked = [
        f"official/plausible/L{level}/{n:02d}"
        for level, n in zip((1, 2, 3, 4), (4, 3, 4, 4), strict=True)
    ]
    right = frame["sentence_id"].isin(asked) & frame["middle"]
    found = made(groups(model=frame.assign(correct_strict=right))).loc["human_study", "model", ""]
    found = found.xs(("accuracy", "corrected"), level=("metric", "protocol"))
    assert found["value"]["Human study, plausible"] == 100
    assert found["value"]["Human study, implausible"] == 0
    levels = [f"Human study, plausible, level {level}" for level in range(1, 5)]
    assert found.loc[levels, "n"].tolist() == [1] * 4 and len(found) == 10


@pytest.mark.mirror
def test_the_forms_of_the_human_study_ask_about_these_nouns(mirror):
    """Fact sheet: the nouns in the centre of the eight sentences."""
    nouns = {
        (item.subset, item.level): item.middle_entity
        for subset, file in official.FILE_OF.items()
        for item in official.read(mirror / file, subset)
        if analyze.HUMAN_STUDY.get((item.subset, item.level)) == item.number
    }
    assert list(nouns.values()) == [
        *("tuna", "car", "writer", "eagle"),
        *("horse", "airplane", "lion", "mailman"),
    ]


@pytest.fixture
def released():
    """Two plausible sentences (one with a wrong structure) and one implausible, six questions."""
    rows = []
    for subset, number, words, wrong in (
        ("plausible", 0, 7, True),
        ("plausible", 1, 8, False),
        ("implausible", 0, 9, False),
    ):
        sentence = f"official/{subset}/L1/{number:02d}"
        for kind in analyze.TYPES:
            rows.append(
                {
                    "id": f"{sentence}/dog/{kind}",
                    "subset": subset,
                    "level": 1,
                    "type": kind,
                    "sentence_id": sentence,
                    "sentence_words": words,
                    "constant": kind == "entity_count",
                    "structure_wrong": wrong,
                    "gold_differs_from_structure": wrong and kind == "nested_dependency",
                    "ambiguous": False,
                    "entity_slip": False,
                    "middle_slip": False,
                    "stray_spaces": False,
                    "no_question_mark": False,
                }
            )
    return pd.DataFrame(rows)


def test_the_released_files_are_counted(released):
    found = made(list(analyze._released(released))).droplevel(["method", "protocol"])
    value = found.loc["official_data", analyze.RELEASED]["value"]
    assert value["CenterBench", "questions"] == 18
    assert value["CenterBench", "sentences"] == 3
    assert value["CenterBench plausible, level 1", "questions"] == 12
    assert value["CenterBench plausible, level 1", "words"] == 7.5
    assert value["CenterBench implausible", "words"] == 9
    assert (
        value["CenterBench plausible", "structure_wrong"] == 1
    )  # of a sentence, not of a question
    assert value["CenterBench plausible, nested_dependency", "gold_differs_from_structure"] == 1
    assert value["CenterBench plausible, causal_sequence", "gold_differs_from_structure"] == 0
    constant = found.loc["constant_answers", analyze.RELEASED]["value"]
    assert constant["CenterBench plausible, entity_count", "constant_right"] == 100
    assert constant["CenterBench plausible, causal_sequence", "constant_right"] == 0


def test_prepared_answers_are_counted_for_both_scorers():
    audit = pd.DataFrame(
        {
            "id": [f"q{k}" for k in range(8)],
            "subset": ["plausible", "implausible"] * 4,
            "type": "chain_consequence",
            "answer_kind": ["roles reversed"] * 4 + ["sentence wording"] * 4,
            "right": [False] * 4 + [True] * 4,
            "accepted_official": [True, True, True, False, True, True, True, True],
            "accepted_strict": [False] * 4 + [True] * 4,
        }
    )
    found = (
        made(list(analyze._audit(audit)))["value"].xs("scorer_audit").droplevel(["model", "method"])
    )
    reversed_roles = "chain_consequence, wrong: roles reversed"
    assert found[f"CenterBench, {reversed_roles}", "accepted", "official"] == 75
    assert found[f"CenterBench, {reversed_roles}", "accepted", "corrected"] == 0
    assert found[f"CenterBench implausible, {reversed_roles}", "accepted", "official"] == 50
    right = "CenterBench, chain_consequence, right: sentence wording"
    assert found[right, "accepted", "corrected"] == 100


def test_groups_reads_every_variant_and_does_without_the_released_files(tmp_path, released):
    frame = answers(lambda subset, level, kind, number, source: True, levels=[1, 2])
    (tmp_path / "tiny-chat").mkdir()
    for name in ("tiny-chat/plain", "tiny-chat/long", "oracle"):
        frame.to_parquet(tmp_path / f"{name}.parquet")
    released.iloc[:0].to_parquet(tmp_path / "official_data.parquet")
    audit = pd.DataFrame(
        columns=["id", "subset", "type", "answer_kind", "right", *analyze.ACCEPTED.values()]
    )
    audit.to_parquet(tmp_path / "scorer_audit.parquet")
    variants = {"plain": Variant(), "long": Variant(thinking=True)}
    settings = SimpleNamespace(name="tiny-chat", variants=variants, solvers=["oracle"])
    own = analyze.groups(tmp_path / "tiny-chat", settings)
    assert {(group.model, group.method) for group in own} == {
        ("tiny-chat", ""),
        ("tiny-chat", "thinking"),
    }
    common = analyze.common_groups(tmp_path, settings)
    assert {(group.model, group.method) for group in common} == {("Oracle parser", "")}


def test_a_variant_without_replies_has_no_cells_and_leaves_the_others_theirs(tmp_path):
    frame = answers(lambda subset, level, kind, number, source: True, levels=[1])
    frame.to_parquet(tmp_path / "plain.parquet")
    nothing = dict.fromkeys(analyze.CORRECT.values(), pd.array([pd.NA] * len(frame), "boolean"))
    frame.assign(**nothing).to_parquet(tmp_path / "gone.parquet")
    variants = {"plain": Variant(), "gone": Variant(thinking=True)}
    found = analyze.groups(tmp_path, SimpleNamespace(name="tiny", variants=variants))
    assert {group.method for group in found} == {""}


# Claims


def widening(step):
    """Plausible better by `step` sentences of six a level, from none at level 1."""
    return answers(
        lambda subset, level, kind, number, source: (
            number < (1 + step * (level - 1) if subset == "plausible" else 1)
        )
    )


@cache
def same_everywhere(right):
    frame = answers(lambda subset, level, kind, number, source: right)
    return groups(one=frame, one_thinking=frame, two=frame)


@cache
def model_and_solvers():
    solvers = [
        group
        for name in analyze.SOLVERS.values()
        for group in analyze._answers(widening(1), name, "")
    ]
    other = answers(lambda subset, level, kind, number, source: number < level)
    return groups(model=other), solvers


def with_gap(gap, level_of_all=1 / 6):
    """Accuracy `level_of_all` on implausible and matched, `gap` more on plausible sentences."""
    return answers(
        lambda subset, level, kind, number, source: some(
            level_of_all + gap * (subset == "plausible"), number
        )
    )


def test_labels_name_the_mode():
    frame = pd.DataFrame({"model": ["R1", "V3"], "method": ["thinking", ""]})
    assert list(analyze.model_labels(frame)) == ["R1, thinking", "V3"]
