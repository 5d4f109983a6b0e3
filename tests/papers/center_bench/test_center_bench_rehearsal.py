"""The rehearsal's files, read as the authors' are, and its endpoint, asked as a model is."""

import json
import zlib

import pytest

from papers.center_bench import analyze, checks, official, scoring, strict_scorer
from papers.center_bench.asked import asked_questions
from papers.center_bench.official_scorer import extract
from papers.center_bench.prompts import conversation
from papers.center_bench.questions import TYPES
from papers.center_bench.rehearsal import SENTENCES, WRITERS
from papers.center_bench.solvers import solve
from shared.files import write_jsonl
from shared.planning.rehearsal.endpoint import RETIRED, answer
from shared.settings import REHEARSAL, load_models


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sources")
    WRITERS["center_bench"](folder)
    return folder


@pytest.fixture(scope="module")
def items(folder):
    files = official.FILE_OF.items()
    return [item for subset, file in files for item in official.read(folder / file, subset)]


def test_a_level_has_the_fields_of_the_authors(folder):
    for file in official.FILE_OF.values():
        levels = json.loads((folder / file).read_text())
        assert list(levels) == list(official.LEVEL_KEYS)
        assert [len(level["sentences"]) for level in levels.values()] == [SENTENCES] * 6
        assert set(levels["complexity_2"]) == {
            "sentences", "total_questions", "entities_processed", "middle_entities_flagged",
        }  # fmt: skip


def test_every_slip_of_the_authors_is_found_in_the_plausible_file_alone(items):
    """Each stands once; a slip of a noun is one of its six questions, and the noun of a slip of
    the middle has its flags twice, where they are and where they should be."""
    found = checks.official_data(items)
    slips = [*checks.OF_SENTENCES, *checks.OF_QUESTIONS]
    there = found.groupby("subset")[slips].sum()
    assert there.loc["implausible"].sum() == 0
    counts = found[found["subset"] == "plausible"].groupby("sentence_id")[slips].any().sum()
    assert counts.to_dict() == {
        "structure_wrong": 2,  # a noun is short for a phrase, and "it" is no verb
        "middle_slip": 2,
        "gold_differs_from_structure": 1,
        "ambiguous": 1,
        "entity_slip": 1,
        "stray_spaces": 1,
        "no_question_mark": 1,
    }
    assert there.loc["plausible", "entity_slip"] == len(TYPES)
    stated = {(item.subset, item.level): item.printed_total for item in items}
    true = {level: SENTENCES * len(TYPES) * (level + 1) for level in range(1, 7)}
    off = [stated["plausible", level] - true[level] for level in true]
    assert off == [6, -6, -6, -6, -6, 0]
    assert all(stated["implausible", level] == true[level] for level in true)


def test_the_gold_answers_are_what_a_parser_answers(items):
    """But for the sentence whose verb is followed by "it", and the one with a verb twice."""
    rows = scoring.frame(official.records(items))
    right = strict_scorer.score(rows, solve("oracle", rows, None))
    wrong = set(rows["sentence_id"][~right])
    assert wrong <= {"official/plausible/L1/01", "official/plausible/L6/01"}


@pytest.fixture(scope="module")
def asked(items, tmp_path_factory):
    """The questions of the rehearsal."""
    data = tmp_path_factory.mktemp("data")
    write_jsonl(data / "official.jsonl", official.records(items))
    return asked_questions(data, load_models("center_bench", REHEARSAL)[0].asked)


def test_all_that_is_asked_is_there_and_one_sentence_of_the_human_study_too(asked):
    (part,) = load_models("center_bench", REHEARSAL)[0].asked.values()
    assert not part.middle_only and len(asked) == part.sentences * 2 * 27 * len(TYPES)
    forms = {
        f"official/{subset}/L{level}/{number:02d}"
        for (subset, level), number in analyze.HUMAN_STUDY.items()
    }
    assert forms & {row["sentence_id"] for row in asked}


def test_the_endpoint_answers_each_type_at_times_rightly_and_at_times_not(asked):
    """In the words of the sentence it can't answer; counts and "none" it can."""
    rows = scoring.frame(asked)
    texts = ["\n".join(turn["content"] for turn in conversation(row)) for row in asked]
    said = [extract(answer(text, zlib.crc32(text.encode()))) for text in texts]
    right = strict_scorer.score(rows, said)
    assert all(said) and not any("north of the town" in each for each in said)
    by_type = rows.assign(right=right).groupby("type")["right"].mean()
    assert (by_type < 0.6).all()
    for kind in ("entity_count", "causal_sequence", "chain_consequence"):
        assert by_type[kind] > 0


def test_one_of_the_models_is_retired_in_one_of_its_ways():
    specs = {
        (model.name, way): model.asked_as(variant).model.removeprefix("api:")
        for model in load_models("center_bench", REHEARSAL)
        for way, variant in model.variants.items()
    }
    assert [key for key, name in specs.items() if name in RETIRED] == [("DeepSeek", "thinking")]
