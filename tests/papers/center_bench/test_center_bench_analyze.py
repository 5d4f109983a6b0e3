"""Groups and cells of CenterBench from made-up answers."""

from types import SimpleNamespace

import pandas as pd
import pytest

from papers.center_bench import analyze, official
from papers.center_bench.settings import Variant
from tests.papers.center_bench.conftest import TWO, answers, groups, made

UNTRAINED = {"small": False, "runs": lambda variant: {0: variant}}


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


def test_of_few_sentences_the_human_study_has_those_that_were_asked():
    """The first of each level: one of them is in a form, of the implausible subset at level 2."""
    frame = answers(lambda *_: True, sources=["CenterBench"], sentences=2)
    names = frame["sentence_id"].str.replace("CenterBench", "official")
    found = made(groups(model=frame.assign(sentence_id=names))).loc["human_study"]
    assert set(found.index.get_level_values("dataset")) == {
        "Human study, implausible",
        "Human study, implausible, level 2",
    }


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
    settings = SimpleNamespace(name="tiny-chat", variants=variants, solvers=["oracle"], **UNTRAINED)
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
    found = analyze.groups(tmp_path, SimpleNamespace(name="tiny", variants=variants, **UNTRAINED))
    assert {group.method for group in found} == {""}


def test_labels_name_the_mode():
    frame = pd.DataFrame({"model": ["R1", "V3"], "method": ["thinking", ""]})
    assert list(analyze.model_labels(frame)) == ["R1, thinking", "V3"]
