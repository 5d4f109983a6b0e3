"""Groups, cells and claims of CenterBench from made-up answers."""

from functools import cache
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from papers.center_bench import analyze, metrics
from papers.center_bench.settings import Variant
from shared.comparison.cells import cells
from shared.comparison.claims import on_cells
from shared.comparison.verdicts import verdict
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
                        rows.append(
                            (f"{sentence}/{kind}", source, subset, level, kind, pair, correct)
                        )
    frame = pd.DataFrame(
        rows, columns=["id", "source", "subset", "level", "type", "pair", "correct_strict"]
    )
    return frame.assign(correct_official=frame["correct_strict"], thoughts_words=0)


def groups(**runs):
    """Groups of runs, named by model; a name that ends in `_thinking` is a mode of its model."""
    found = []
    for run, frame in runs.items():
        model, thinking, _ = run.partition("_thinking")
        found += analyze._answers(frame, model.replace("_", "-"), "thinking" if thinking else "")
    return found


def judged(claim_id, found, protocol="corrected"):
    """(verdict, finding) of a claim on groups, before Holm's correction."""
    claim = CLAIMS[claim_id]
    functions = {claim.function: getattr(analyze, claim.function)}
    finding = on_cells(
        claim, found, analyze.ITEMS, analyze.METRICS, protocol, functions, draws=DRAWS
    )
    direction = 1 if claim.direction == "higher" else -1
    return verdict(finding, direction, finding.p)[0], finding


def some(share, number, sentences=6):
    """Right for a share of the sentences."""
    return number < round(share * sentences)


def made(found):
    """Values of all cells by (item, model, method, dataset, metric, protocol)."""
    frame = cells(found, analyze.ITEMS, analyze.METRICS, DRAWS)
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
    """Hard sentences are hard in both versions: the gap with the same words has no spread, while
    the gap to unrelated sentences has."""
    frame = answers(lambda subset, level, kind, number, source: number < 3)
    found = made(groups(model=frame)).loc["gap_by_level"]
    same = found.loc["model", "", "Generated, same words, level 2", "gap", "corrected"]
    assert same[["value", "ci_low", "ci_high"]].tolist() == [0, 0, 0]
    other = found.loc["model", "", "Generated, level 2", "gap", "corrected"]
    assert other["ci_low"] < 0 < other["ci_high"]


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


# Claims


def widening(step):
    """Plausible better by `step` sentences of six a level, from none at level 1."""
    return answers(
        lambda subset, level, kind, number, source: (
            number < (1 + step * (level - 1) if subset == "plausible" else 1)
        )
    )


def test_c1_holds_where_the_gap_widens():
    """Gaps of 0, 1, … 5 sentences of six: levels 4–6 minus 1–2 is 4 − 0.5 = 3.5 of six."""
    word, finding = judged("c1", groups(model=widening(1)))
    assert word == "holds"
    assert finding.effect == pytest.approx(100 * 3.5 / 6)
    assert "on generated sentences alone" in finding.note
    assert "Spearman +1.00" in finding.note
    assert finding.n == 5 * 24  # levels × (2 × 6 sentences × 2 questions)


def test_c1_fails_where_the_gap_shrinks():
    shrinking = answers(
        lambda subset, level, kind, number, source: (
            number < (7 - level if subset == "plausible" else 1)
        )
    )
    assert judged("c1", groups(model=shrinking))[0] == "fails"


def test_c1_needs_the_levels():
    few = answers(lambda subset, level, kind, number, source: True, levels=[1, 3, 6])
    word, finding = judged("c1", groups(model=few))
    assert word == "blocked" and finding.note.startswith("needs gaps at levels")


@pytest.mark.parametrize("claim", ["c1", "c2a", "c3", "c4", "c7", "c8"])
@pytest.mark.parametrize("right", [False, True])
def test_models_at_the_floor_or_the_ceiling_decide_nothing(claim, right):
    """A model that is always wrong (or right) has a gap of 0 everywhere."""
    word, finding = judged(claim, same_everywhere(right))
    assert word == "inconclusive"
    assert finding.effect == 0 and finding.in_direction == 0


@cache
def same_everywhere(right):
    frame = answers(lambda subset, level, kind, number, source: right)
    return groups(one=frame, one_thinking=frame, two=frame)


@pytest.mark.parametrize("claim", list(CLAIMS))
def test_solvers_are_no_language_models(claim):
    """On solvers alone nothing can be judged, and beside a model they change nothing."""
    model, solvers = model_and_solvers()
    assert judged(claim, solvers)[0] == "blocked"
    alone, beside = judged(claim, model), judged(claim, model + solvers)
    assert repr(alone) == repr(beside)


@cache
def model_and_solvers():
    solvers = [
        group
        for name in analyze.SOLVERS.values()
        for group in analyze._answers(widening(1), name, "")
    ]
    other = answers(lambda subset, level, kind, number, source: number < level)
    return groups(model=other), solvers


def test_centerbench_decides_where_it_was_asked():
    """Generated sentences show no gap, CenterBench one of 50 points; the note adds same words."""
    frame = answers(
        lambda subset, level, kind, number, source: some(
            0.5 + 0.5 * (source == "CenterBench" and subset == "plausible"), number
        ),
        sources=("CenterBench", "Generated"),
    )
    word, finding = judged("c2a", groups(model=frame))
    assert (word, finding.effect) == ("holds", 50)
    assert finding.note == "on CenterBench; generated, same words +0.0 points"


def test_c2a_and_c3_go_their_own_ways():
    """Plausible sentences are better understood but for their consequences."""

    def right(subset, level, kind, number, source):
        better = (subset == "plausible") != (kind == "chain_consequence")
        return some(5 / 6 if better else 1 / 6, number)

    found = groups(model=answers(right, types=analyze.TYPES))
    word, finding = judged("c2a", found)
    assert word == "holds"
    assert finding.effect == pytest.approx(100 * (5 - 1) / 6 * (5 - 1) / 6)
    word, finding = judged("c3", found)
    assert word == "holds"
    assert finding.effect == pytest.approx(-100 * 4 / 6)
    assert judged("c3", groups(model=widening(1)))[0] == "fails"


def with_gap(gap, level_of_all=1 / 6):
    """Accuracy `level_of_all` on implausible and matched, `gap` more on plausible sentences."""
    return answers(
        lambda subset, level, kind, number, source: some(
            level_of_all + gap * (subset == "plausible"), number
        )
    )


def test_c2b_wants_claude_then_gemini_then_deepseek():
    runs = {
        "claude_3": with_gap(5 / 6),
        "gemini_2": with_gap(3 / 6),
        "DeepSeek_V3": with_gap(1 / 6),
        "DeepSeek_R1_thinking": with_gap(1 / 6),
    }
    word, finding = judged("c2b", groups(**runs))
    assert word == "holds"
    assert finding.effect == pytest.approx(100 * 2 / 6)
    assert finding.note.endswith("83.3, 50.0, 16.7 points")
    swapped = runs | {"claude_3": with_gap(0), "gemini_2": with_gap(5 / 6)}
    assert judged("c2b", groups(**swapped))[0] == "fails"
    del runs["gemini_2"]
    word, finding = judged("c2b", groups(**runs))
    assert word == "blocked" and "Claude, Gemini, DeepSeek" in finding.note


def test_c4_compares_the_modes_of_a_family():
    """DeepSeek-R1 is the thinking mode of DeepSeek-V3; a model without a mate is left out."""
    runs = {
        "DeepSeek_V3": with_gap(0, 1 / 6),
        "DeepSeek_R1_thinking": with_gap(0, 5 / 6),
        "other": with_gap(0, 1),
    }
    word, finding = judged("c4", groups(**runs))
    assert (word, finding.in_direction, finding.total) == ("holds", 2, 2)
    assert finding.effect == pytest.approx(100 * 4 / 6)
    runs |= {"DeepSeek_V3": with_gap(0, 1)}
    assert judged("c4", groups(**runs))[0] == "fails"
    word, finding = judged("c4", groups(other=with_gap(0)))
    assert word == "blocked" and finding.note.startswith("needs one family")


def test_c5_counts_the_words_before_wrong_and_right_answers():
    """40 words before right answers, 100 (every other: 160) before wrong ones: 130 − 40 = 90."""
    frame = with_gap(0, 0.5)
    words = np.where(frame["correct_strict"], 40, 100)
    words += np.where(frame["type"] == "entity_count", 60, 0) * ~frame["correct_strict"]
    traced = frame.assign(thoughts_words=words)
    word, finding = judged("c5", groups(model_thinking=traced))
    assert word == "holds"
    assert finding.effect == pytest.approx(90)
    word, finding = judged("c5", groups(model=traced))  # not thinking
    assert word == "blocked" and finding.note.startswith("needs traces")


def test_c6_needs_people():
    word, finding = judged("c6", groups(model=widening(1)))
    assert word == "blocked" and finding.note.startswith("needs a study with people")


def test_c7_sets_the_gap_of_the_most_accurate_model_against_the_others():
    """Accuracies (3 + 6) / 12, 2 / 12, 2 / 12; gaps 3 / 6, 0, 0."""
    runs = {"best": with_gap(3 / 6, 3 / 6), "two": with_gap(0), "three": with_gap(0)}
    word, finding = judged("c7", groups(**runs))
    assert word == "holds"
    assert finding.effect == pytest.approx(50)
    assert "most accurate: best" in finding.note
    runs = {"best": with_gap(0, 5 / 6), "two": with_gap(4 / 6, 0), "three": with_gap(4 / 6, 0)}
    assert judged("c7", groups(**runs))[0] == "fails"
    del runs["three"]
    assert judged("c7", groups(**runs))[0] == "blocked"


def test_c8_needs_both_leads():
    """Without thinking better on plausible, with thinking better on implausible at every level."""
    plain, thinking = with_gap(4 / 6, 1 / 6), with_gap(-2 / 6, 4 / 6)
    word, finding = judged("c8", groups(one=plain, one_thinking=thinking))
    assert word == "holds"
    assert finding.effect == pytest.approx(50)  # 5/6 − 2/6 on plausible, 4/6 − 1/6 on the others
    word, finding = judged("c8", groups(one=plain, one_thinking=with_gap(2 / 6, 4 / 6)))
    assert word == "fails" and finding.effect == pytest.approx(-100 / 6)
    assert judged("c8", groups(one=plain))[0] == "blocked"


def test_models_without_any_scored_answer_are_blocked_and_not_counted_as_failures():
    frame = with_gap(0).assign(correct_strict=None)
    assert judged("c1", groups(model=frame))[0] == "blocked"
    assert judged("c2a", groups(model=frame, other=with_gap(4 / 6)))[1].total == 1


def test_labels_name_the_mode():
    frame = pd.DataFrame({"model": ["R1", "V3"], "method": ["thinking", ""]})
    assert list(analyze.model_labels(frame)) == ["R1, thinking", "V3"]
