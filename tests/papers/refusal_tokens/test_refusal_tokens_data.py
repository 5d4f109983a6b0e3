"""The instructions: counts, splits that share nothing, answers that are right."""

import json
from collections import Counter
from pathlib import Path

import pytest

from papers.refusal_tokens import answers, data, generate, published
from papers.refusal_tokens.benchmarks import SETS
from papers.refusal_tokens.methods import METHODS
from papers.refusal_tokens.rehearsal import WRITERS
from papers.refusal_tokens.settings import RUBRIC, ULTRACHAT
from shared.data.ledger import Ledger
from shared.data.refusal_benchmarks import read_rubric
from shared.errors import UserError
from shared.files import read_jsonl
from shared.judges.strings import opens_with_refusal
from shared.runner.step import Run
from shared.settings import load_settings
from tests.papers.refusal_tokens.conftest import TALKS


@pytest.fixture(scope="module")
def settings(settings):
    """Scale cpu with a temporal set besides, as other scales have one."""
    settings = sized(settings, "train", temporal=44, dated=36)
    return sized(settings, "test", temporal=40, dated=28, leak=None)


@pytest.fixture(scope="module")
def built(settings, tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    data.data(Run(settings, folder))
    return {split: read_jsonl(folder / f"{split}.jsonl") for split in generate.SPLITS} | {
        "sources": json.loads((folder / "sources.json").read_text())
    }


def test_counts_are_those_of_the_settings(settings, built):
    for split in generate.SPLITS:
        sizes = getattr(settings, split)
        counts = Counter(row["part"] for row in built[split])
        assert counts["original"] == 5 * sizes.original
        assert counts["contrast"] == 3 * sizes.contrast  # as in CoCoNot, of three categories
        assert counts["ordinary"] == sizes.ordinary
        assert (counts["temporal"], counts["dated"]) == (sizes.temporal, sizes.dated)
    assert counts["leak"] == counts["original"]


def test_ids_and_instructions_occur_once(built):
    for split in generate.SPLITS:
        assert len({row["id"] for row in built[split]}) == len(built[split])
        texts = [row["instruction"] for row in built[split] if row["part"] != "leak"]
        assert len(set(texts)) == len(texts)


def test_train_and_test_share_neither_instruction_nor_template(built):
    train, test = ({row["instruction"] for row in built[split]} for split in generate.SPLITS)
    assert not train & test
    templates = generate.load_templates()
    for part in ("ordinary", "dated"):
        lists = [{t["text"] for t in templates[part, ""][split]} for split in generate.SPLITS]
        assert not lists[0] & lists[1]


def sized(settings, part, **sizes):
    return settings.model_copy(update={part: getattr(settings, part).model_copy(update=sizes)})


def test_what_the_paper_learns_is_read_from_the_files_that_were_fetched(
    small_paper, any_bytes, tmp_path
):
    """What meets the test set, in any case and spacing, is dropped and counted, never an error."""
    paper, digest = small_paper
    record = data.data(Run(sized(paper, "train", ordinary=4), tmp_path / "out"))
    train = {row["id"]: row for row in read_jsonl(tmp_path / "out" / "train.jsonl")}
    learnt = train["train/original/r2humanizing"]
    assert learnt["reply"] == "I'm sorry, but I can't tell (r2humanizing)."
    assert learnt["refuse"] and learnt["category"] == "humanizing"
    ordinary = [row for row in train.values() if row["part"] == "ordinary"]
    said = [("Go on.", "1."), ("Go on.", "2."), ("Tell of Aberdeen.", "3.")]
    assert [(row["instruction"], row["reply"]) for row in ordinary] == said
    assert record["left out of training"] == {"ordinary": 1, "original": 1, "contrast": 1}
    sources = {each["id"]: each for each in record["sources"]}
    rows = {"train/ordinary": 3, "train/ordinary, left out as in test": 1}
    assert sources[ULTRACHAT.id]["rows"] == rows
    assert sources[ULTRACHAT.id]["sha256"] == {TALKS: digest}
    test = {row["id"]: row for row in read_jsonl(tmp_path / "out" / "test.jsonl")}
    assert test["test/original/r0humanizing"]["kind"] == "personal inquiry"
    assert json.loads((tmp_path / "out" / "rubric.json").read_text())["personal inquiry"]


def test_ultrachat_is_read_as_it_is_written(small_paper, any_bytes):
    """Not held in memory: the rows are an iterator. What is held out is not read."""
    paper, _ = small_paper
    ordinary = published.learnt(paper, Ledger(paper.mirror))["ordinary"]
    assert iter(ordinary) is ordinary
    assert [row["reply"] for row in ordinary] == [f"{n}." for n in range(11)]


def test_each_part_of_the_temporal_set_has_a_size_of_its_own(small_paper, any_bytes):
    paper, _ = small_paper
    made = published.tests(sized(paper, "test", dated=0, leak=1), Ledger(paper.mirror))
    counts = {part: len(rows) for part, rows in made.items()}
    assert (counts["temporal"], counts["dated"], counts["leak"]) == (3, 0, 1)


def test_a_benchmark_is_read_from_the_users_own_copy_or_left_out(small_paper, any_bytes):
    paper, _ = small_paper
    for source in ("advbench", "xstest"):
        WRITERS[source](Path(paper.mirror))
    paper = paper.model_copy(update={"benchmarks": ["xstest", "advbench", "wildguard"]})
    ledger = Ledger(paper.mirror)
    made = published.tests(paper, ledger)
    asked = {
        part: [(row["instruction"], row["refuse"]) for row in made[part]]
        for part in SETS
        if part in made
    }
    assert asked == {
        "XSTest safe": [("How do I close\na process?", False)],
        "XSTest unsafe": [("Mock-forbidden (x): paint the bridge of Aberdeen.", True)],
        "AdvBench": [
            ("Mock-forbidden (a): paint the bridge of Aberdeen.", True),
            ("Mock-forbidden (a): paint the clock of Bergen.", True),
        ],
    }
    assert ledger.records["wildguard"]["route"] is None
    assert ledger.records["wildguard"]["reason"].startswith("left out: not in the mirror folder")
    assert paper.readable == ["xstest", "advbench"]  # another list when a copy comes: read anew


@pytest.mark.parametrize("scale", ["smoke", "cpu", "gpu"])
def test_without_contrast_data_as_many_ordinary_rows_are_learnt(scale):
    """68 steps against 50 would compare lengths of training too. CoCoNot has 927 pairs."""
    settings = load_settings("refusal_tokens", scale)
    made = generate.generated(settings, "train")
    contrast = len(made["contrast"]) if settings.learnt == "generated" else 927
    assert len(made["more"]) == contrast
    sizes = {
        method.name: sum(
            contrast if part == "contrast" else len(made[part]) for part in method.learns
        )
        for name, method in METHODS.items()
        if name.removesuffix("-contrast") in ("none", "one", "categories")
    }
    assert len(sizes) == 6 and len(set(sizes.values())) == 1
    ordinary = {row["instruction"] for row in made["ordinary"]}
    assert not ordinary & {row["instruction"] for row in made["more"]}


def test_a_template_in_two_splits_is_an_error():
    with pytest.raises(UserError, match="'b' is in train and test, expected in one"):
        generate.check_apart({"train": ["a", "b"], "test": ["b"]})


def test_several_thousand_instructions_can_be_made(built):
    assert generate.every_text() > 5000
    assert built["sources"][-1]["rows"]["train/original"] == 300


def test_only_refusals_are_labelled_and_worded_as_such(built):
    """The judge sees a refusal in every reply that is to refuse, and in no other."""
    for row in built["train"]:
        assert row["refuse"] == (row["part"] in ("original", "temporal"))
        assert opens_with_refusal(row["reply"]) == row["refuse"], row
        assert row["reply"]
    assert all("reply" not in row for row in built["test"])
    assert not any(row["refuse"] for row in built["test"] if row["part"] == "leak")


def test_templates_take_turns(built):
    rows = [row for row in built["train"] if row["category"] == "safety" and row["refuse"]]
    by_template = Counter(row["id"].split("/")[3] for row in rows)
    assert max(by_template.values()) - min(by_template.values()) <= 1


def test_slots_of_one_kind_differ_and_sentences_begin_large(built):
    for row in built["train"]:
        assert row["instruction"][0].isupper()
    reversed_lists = [r for r in built["train"] if r["instruction"].startswith("Reverse")]
    for row in reversed_lists:
        names = row["instruction"].removeprefix("Reverse the list ").rstrip(".").split(", ")
        assert len(set(names)) == 3
        assert row["reply"] == ", ".join(names[::-1]) + "."


def test_the_same_seed_gives_the_same_instructions(settings):
    assert generate.generated(settings, "test") == generate.generated(settings, "test")
    other = settings.model_copy(update={"data_seed": 1})
    assert generate.generated(settings, "test") != generate.generated(other, "test")


@pytest.mark.parametrize(
    ("name", "slots", "expected"),
    [
        ("sum", {"number": "12", "small": "9"}, "21."),
        ("product", {"number": "12", "small": "3"}, "36."),
        ("capitals", {"object": "lamp"}, "LAMP."),
        ("reversed", {"name": "Ada", "name2": "Ben", "name3": "Zoe"}, "Zoe, Ben, Ada."),
        ("opposite", {"adjective": "tall"}, "short."),
        ("spelled", {"object": "cup"}, "c-u-p."),
        ("plural", {"instrument": "harp"}, "harps."),
        ("first", {"object": "vase", "object2": "desk"}, "desk."),
        ("olympics", {"olympic_year": "1964"}, "Tokyo."),
        ("world_cup", {"cup_year": "1966"}, "England."),
        ("president", {"year": "1976"}, "Gerald Ford."),
        ("president", {"year": "1952"}, "Harry Truman."),
        ("president", {"year": "2008"}, "George Bush."),
        ("until_2020", {"year": "1999"}, "21."),
    ],
)
def test_answers(name, slots, expected):
    assert answers.answer(name, slots) == expected


def test_every_filler_has_its_answer():
    """Every adjective has an opposite, every year its games, cup and president."""
    slots = generate.slots()
    for name, slot in (
        ("opposite", "adjective"),
        ("olympics", "olympic_year"),
        ("world_cup", "cup_year"),
        ("president", "year"),
    ):
        assert all(answers.answer(name, {slot: filler}) for filler in slots[slot])


def test_more_than_the_templates_make_is_an_error(settings):
    sizes = settings.test.model_copy(update={"dated": 10_000})
    with pytest.raises(UserError, match=r"test/dated: 10000 instructions wanted, .* make \d+"):
        generate.generated(settings.model_copy(update={"test": sizes}), "test")


@pytest.mark.mirror
def test_published_rows_fill_the_test_set():
    """CoCoNot's 1,001 and 379 rows and the temporal set's 200, 236 and 964; 927 pairs to learn."""
    settings = load_settings("refusal_tokens", "gpu")
    ledger = Ledger(settings.mirror)
    made = published.tests(settings, ledger)
    counts = {part: len(rows) for part, rows in made.items() if part not in SETS}
    assert counts == {
        "original": 1001,
        "contrast": 379,
        "temporal": 200,
        "dated": 236,
        "leak": 964,
    }
    assert Counter(row["category"] for row in made["original"])["safety"] == 395
    assert {row["refuse"] for row in made["leak"]} == {False}
    assert len(made.get("XSTest safe", [0] * 250)) == 250
    assert {record["route"][0] for record in ledger.records.values() if record["route"]} == {
        "mirror"
    }
    pairs = published.pairs(None, settings.reply_words, ledger)
    assert ledger.records["coconot"]["rows"] == {"original": 1001, "contrast": 379}
    assert {row["kind"] for row in made["original"]} <= read_rubric(
        ledger.fetch(RUBRIC, "coconot/refusal_evaluation_rubric.json")
    ).keys()
    assert len(pairs) == 927
    assert max(len(row["reply"].split()) for row in pairs) == settings.reply_words
