"""The data step and its settings: what is written, with and without the released files."""

import json

import pytest
from pydantic import ValidationError

from papers.center_bench import checks, data, official
from papers.center_bench.settings import Settings
from shared.chat.settings import Asked
from shared.data import ledger
from shared.data import sources as ways
from shared.data.catalogue import sources
from shared.data.sources import VARIABLE
from shared.errors import UserError
from shared.files import read_jsonl, sha256
from shared.runner.step import Run

MODEL = "bundled:smollm2-135m-instruct-q4_1"
VALUES = {
    "name": "small",
    "resources": {"mem_mb": 1000, "disk_mb": 10, "runtime": 5},
    "model": MODEL,
    "variants": {"plain": {}},
    "solvers": ["oracle"],
    "official": "no",
    "sentences": 2,
    "asked": {"Generated": {"sentences": 1, "middle_only": True}},
    "max_new_tokens": 8,
    "batch_size": 4,
    "batch_tokens": 512,
}


def settings_of(**changes):
    return Settings.model_validate(VALUES | changes)


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """No mirror, nothing downloaded before, and no way to download anything."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(ways, "BESIDE", tmp_path / "none")
    monkeypatch.setattr(ways, "DOWNLOADS", tmp_path / "downloads")
    monkeypatch.setattr(ways.constants, "HF_HUB_OFFLINE", True)


def built(settings, folder):
    """(rows by file, sources by id, the released sentences)"""
    run = Run(settings, folder / "data")
    recorded = data.data(run)["sources"]
    rows = {path.stem: read_jsonl(path) for path in run.out.glob("*.jsonl")}
    found = {source["id"]: source for source in json.loads((run.out / "sources.json").read_text())}
    assert [source["id"] for source in recorded] == list(found)
    return rows, found, official.read_items(run.out)


def test_generated_alone(tmp_path):
    rows, found, items = built(settings_of(), tmp_path)
    assert {name: len(own) for name, own in rows.items()} == {
        "generated": 3 * 2 * 27 * 6,  # subsets, sentences, entities of a sentence of each level
        "official": 0,
        "released": 0,
    }
    assert list(found) == ["generated sentences"]
    assert found["generated sentences"]["rows"] == {
        "Generated plausible": 324,
        "Generated implausible": 324,
        "Generated matched": 324,
    }
    assert items == []


def test_seed_decides(tmp_path):
    texts = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        data.data(Run(settings_of(data_seed=seed), tmp_path / name))
        texts.append((tmp_path / name / "generated.jsonl").read_bytes())
    assert texts[0] == texts[1] != texts[2]


# The released files, as little ones with an invented sentence.


@pytest.fixture
def little_mirror(nowhere, monkeypatch, tmp_path):
    """A mirror with one sentence in each file, and a catalogue that pins them."""
    kinds = {
        "action_performed": "bark",
        "agent_identification": "the cow",
        "entity_count": "2",
        "nested_dependency": "barked",
        "causal_sequence": "the cow seeing the dog",
        "chain_consequence": "none",
    }
    asked = {
        noun: [
            {
                "question": f"{kind} {noun}?",
                "answer": answer,
                "type": kind,
                "difficulty": "easy",
                "entity": noun,
                "is_middle_entity": noun == "dog",
            }
            for kind, answer in kinds.items()
        ]
        for noun in ("dog", "cow")
    }
    item = {
        "id": "complexity_1_sentence_1",
        "sentence": "The dog that the cow saw barked.",
        "structure": [
            {"subject": "dog", "action": "barked", "object": None},
            {"subject": "cow", "action": "saw", "object": "dog"},
        ],
        "middle_entity": "dog",
        "all_entities": ["cow", "dog"],
        "questions_by_entity": asked,
        "total_questions": 12,
    }
    folder = tmp_path / "mirror"
    (folder / "centerbench").mkdir(parents=True)
    for file in official.FILE_OF.values():
        content = {"complexity_1": {"sentences": [item], "total_questions": 12}}
        (folder / file).write_text(json.dumps(content))
    files = {file: sha256(folder / file) for file in official.FILE_OF.values()}
    pinned = sources()["center_bench"].model_copy(update={"files": files})
    monkeypatch.setattr(ledger, "sources", lambda: {"center_bench": pinned})
    return folder


BOTH = {part: {"sentences": 1, "middle_only": True} for part in ("Generated", "CenterBench")}


@pytest.mark.parametrize("wanted", ["required", "if reachable"])
def test_released_files_in_a_mirror(little_mirror, tmp_path, wanted):
    settings = settings_of(official=wanted, mirror=str(little_mirror), asked=BOTH)
    rows, found, items = built(settings, tmp_path / "out")
    assert [row["id"] for row in rows["official"]] == [r["id"] for r in official.records(items)]
    assert [item.subset for item in items] == ["plausible", "implausible"]
    assert list(checks.official_data(items)["id"]) == [row["id"] for row in rows["official"]]
    assert [row["subset"] for row in rows["official"]] == ["plausible"] * 12 + ["implausible"] * 12
    assert found["center_bench"]["route"] == ["mirror"]
    assert found["center_bench"]["rows"] == {
        "CenterBench plausible": 12,
        "CenterBench implausible": 12,
    }
    assert found["center_bench"]["revision"].startswith("Sangmitra-06/CENTERBENCH@52bd1838")


def test_released_files_that_are_not_wanted_are_not_read(little_mirror, tmp_path):
    rows, found, _ = built(settings_of(mirror=str(little_mirror)), tmp_path / "out")
    assert rows["official"] == []
    assert "center_bench" not in found


def test_released_files_out_of_reach(nowhere, tmp_path):
    settings = settings_of(official="if reachable", asked=BOTH)
    rows, found, items = built(settings, tmp_path / "out")
    assert rows["official"] == items == []
    assert len(rows["generated"]) == 972
    assert found["center_bench"]["route"] is None
    assert "plausible_subset.json not found" in found["center_bench"]["reason"]


def test_released_files_out_of_reach_that_are_required(nowhere, tmp_path):
    settings = settings_of(official="required", asked=BOTH)
    with pytest.raises(UserError, match=r"center_bench: centerbench/plausible_subset\.json not"):
        built(settings, tmp_path / "out")
    assert not (tmp_path / "out/data/sources.json").exists()


@pytest.mark.parametrize("wanted", ["required", "if reachable"])
def test_a_changed_file_in_the_mirror_is_an_error(little_mirror, tmp_path, wanted):
    """Also where the files need not be there: other bytes are no missing file."""
    file = little_mirror / official.FILE_OF["implausible"]
    file.write_text(file.read_text() + " ")
    settings = settings_of(official=wanted, mirror=str(little_mirror), asked=BOTH)
    with pytest.raises(UserError, match=r"implausible_subset\.json .*sha256 is .*, expected"):
        built(settings, tmp_path / "out")


# settings


def test_a_variant_says_what_is_not_as_for_the_model():
    variants = {
        "plain": {},
        "deep": {"model": "api:b", "thinking": True, "body": {"x": 1}, "prices": [3, 4]},
    }
    settings = settings_of(model="api:a", prices=[1, 2], variants=variants)
    assert settings.scores() == ["plain", "deep"]
    plain, deep = (settings.asked_as(variant) for variant in settings.variants.values())
    assert plain == Asked(model="api:a", prices=(1, 2))
    assert (deep.model, deep.thinking, deep.body, deep.prices) == ("api:b", True, {"x": 1}, (3, 4))


def test_a_model_of_the_users_own_is_not_asked_under_the_name_of_another():
    assert settings_of().misfit() is None
    variants = {"plain": {}, "thinking": {"model": "api:b"}}
    assert settings_of(variants=variants).misfit() == "variants.thinking asks api:b"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"variants": {}}, "at least 1 item"),
        ({"variants": {"deep": {"model": MODEL}}}, "should match pattern '\\^api:"),
        ({"solvers": ["guess"]}, "'oracle', 'nearest-verb' or 'plausibility'"),
        ({"official": "maybe"}, "'required', 'if reachable' or 'no'"),
        ({"asked": BOTH}, r"asked\.CenterBench: expected none, as official is no"),
        ({"sentences": 0}, "greater than 0"),
        ({"similarity": 1.5}, "less than or equal to 1"),
        (
            {"asked": {"Generated": {"sentences": 3, "middle_only": True}}},
            r"asked\.Generated\.sentences: found 3, expected at most 2",
        ),
        (
            {
                "official": "required",
                "asked": {"CenterBench": {"sentences": 31, "middle_only": False}},
            },
            r"asked\.CenterBench\.sentences: found 31, expected at most 30",
        ),
        ({"asked": {"Invented": {"sentences": 1, "middle_only": True}}}, "'Generated' or 'Center"),
        ({"asked": {}}, "at least 1 item"),
        ({"levels": [1, 7]}, "unknown key .levels."),
    ],
)
def test_settings_that_cannot_be(changes, message):
    with pytest.raises(ValidationError, match=message):
        settings_of(**changes)
