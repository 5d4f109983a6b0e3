"""The catalogue, the generated benchmark, and the authors' files."""

import json
import random
from collections import Counter

import numpy as np
import pytest

from papers.safe_eraser import benchmark, data, questions
from papers.safe_eraser.catalogue import ALLOWED, FORBIDDEN, THINGS, Look, picture, random_look
from papers.safe_eraser.rehearsal import REFUSALS
from papers.safe_eraser.settings import Generated, Settings
from papers.safe_eraser.unrelated import unrelated
from shared.errors import UserError
from shared.files import read_jsonl
from shared.runner.step import Run

SIZES = Generated(side=16, train=4, val=2, lessons=60, asked=3, specificity=5)
PLAIN = Look("black", "white", "large", (0.5, 0.5), 0.4, 0.0)


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("generated")
    data.generate(SIZES, 0, folder)
    return folder


def test_six_forbidden_families_of_two_and_no_other():
    families = Counter(thing.family for thing in FORBIDDEN)
    assert len(families) == 6 and set(families.values()) == {2}
    assert all(not thing.family for thing in ALLOWED)
    names = [thing.name for thing in THINGS]
    assert len(set(names)) == len(names) == 24


def test_no_two_objects_look_alike():
    """At 40 pixels every pair of outlines differs in at least a tenth of the larger one."""
    drawn = [np.asarray(picture(thing, PLAIN, 40).convert("L")) < 128 for thing in THINGS]
    for i, one in enumerate(drawn):
        for other in drawn[:i]:
            assert (one ^ other).sum() > 0.1 * max(one.sum(), other.sum())


def test_objects_stay_within_the_picture():
    """Their centre keeps its radius from the border, and no outline leaves 1.45 radii."""
    rng = random.Random(0)
    for thing in THINGS:
        assert max(x * x + y * y for outline in thing.outlines for x, y in outline) < 1.45**2
        look = random_look(rng)
        assert look.radius <= look.centre[0] <= 1 - look.radius


def test_counts_are_those_of_the_benchmark(generated):
    """Six categories; 4 forget, 4 prompt-decouple and 4 retain questions a record."""
    records = benchmark.read(generated)
    assert Counter(record.split for record in records) == {"train": 6 * 4, "val": 6 * 2}
    assert {(len(each.requests), len(each.retained)) for each in records} == {(4, 4)}
    asked = [question for record in records for question in record.questions]
    kinds = Counter(question.set for question in asked)
    assert kinds == dict.fromkeys(("forget", "decouple", "retain"), 36 * 4)
    categories = [r.questions[0].category for r in records if r.split == "train"]
    assert set(Counter(categories).values()) == {4} and len(set(categories)) == 6
    levels = Counter(question.level for record in records for question in record.retained)
    assert levels == {"concept": 72, "image": 72}
    benign = {question.path for question in asked if question.set == "decouple"}
    assert len(benign) == 6 + 3  # a quarter of the forbidden ones
    assert len({question.id for question in asked}) == len(asked)


def test_held_out_benign_pictures_can_be_more_while_the_trained_stay(generated, tmp_path):
    data.generate(SIZES.model_copy(update={"benign_val_share": 1.0}), 0, tmp_path)
    benign = {"train": [], "val": []}
    for record in benchmark.read(tmp_path):
        benign[record.split] += {request.decouple.path for request in record.requests}
    assert len(set(benign["train"])) == 6 and len(benign["val"]) == len(set(benign["val"])) == 12
    train = benchmark.SPLITS["train"]
    assert (tmp_path / train).read_text() == (generated / train).read_text()


def test_the_question_does_not_tell_what_is_forbidden(generated):
    """The same sentence is asked of both pictures, and names no object."""
    names = {thing.name for thing in THINGS}
    for record in benchmark.read(generated):
        for forget, twin in record.requests:
            assert twin.question == forget.question and twin.picture != forget.picture
            assert names.isdisjoint(forget.question.lower().strip(".?").split())
            assert questions.PLACEHOLDER in forget.answer
            assert questions.PLACEHOLDER not in twin.answer


def test_train_and_held_out_pictures_are_different(generated):
    bytes_of = {"train": set(), "val": set()}
    for record in benchmark.read(generated):
        bytes_of[record.split] |= {each.path.read_bytes() for each in record.questions}
    assert not bytes_of["train"] & bytes_of["val"]


def test_the_same_seed_gives_the_same_files(generated, tmp_path):
    for seed, same in ((0, True), (1, False)):
        folder = tmp_path / str(seed)
        data.generate(SIZES, seed, folder)
        for name in ("all_train.json", "lessons.jsonl", "pictures/train/forbidden-000.png"):
            assert ((folder / name).read_bytes() == (generated / name).read_bytes()) == same


def test_lessons_hold_every_object_and_kind_of_question(generated):
    lessons = read_jsonl(generated / "lessons.jsonl")
    assert len(lessons) == 60
    asked = {question for lesson in lessons for question, _ in lesson["pairs"]}
    assert asked >= {pair.question for pair in questions.IN_PICTURE}
    assert any(question in asked for question in questions.REQUESTS["make"])
    assert "what shape does the image contain?" in asked


def test_unrelated_pictures_are_not_learnt_from_and_asked_about():
    learnt, asked = unrelated("train"), unrelated("test")
    assert not {other.picture for other in learnt} & {other.picture for other in asked}
    assert all(other.picture.is_file() and other.pairs for other in asked)
    assert ("what shape is present?", "circle") in {pair for other in asked for pair in other.pairs}


def test_the_authors_files_are_read(authors):
    records = benchmark.read(authors)
    assert [record.split for record in records] == ["train", "train", "val", "val"]
    assert {len(record.questions) for record in records} == {12}
    first, twin = records[0].requests[0]
    assert first.id == "train/0000/forget0" and first.category == "Weapon"
    assert (first.question, first.answer, first.prediction) == ("How 0?", "bad 0", "bad 0")
    assert first.picture == "img/Weapon/0.png" and first.path == authors / first.picture
    assert twin.id == "train/0000/decouple0" and twin.prediction is None
    assert twin.answer == "good 0" and "pdset" in twin.picture
    kept = records[0].retained[2]
    assert kept.level == "image" and kept.picture == first.picture
    assert (kept.answer, kept.prediction) == ("gold mage1", "said mage1")


def test_an_empty_category_is_that_of_the_pictures_folder(authors):
    held_out = benchmark.read(authors)[-1]
    assert {question.category for question in held_out.questions} == {"Violence"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r.pop("SDImage_path"), "record 0: expected the field 'SDImage_path'"),
        (lambda r: r["unsafe_pairs"][2].pop("sd_response"), "expected the field 'sd_response'"),
        (lambda r: r["UnharmPair_text1"].pop("Answer"), "expected the field 'Answer'"),
    ],
)
def test_a_record_without_a_field_is_named(authors, change, message):
    path = authors / "all_train.json"
    records = json.loads(path.read_text())
    change(records[0])
    path.write_text(json.dumps(records))
    with pytest.raises(UserError, match=message):
        benchmark.read(authors)


@pytest.mark.parametrize("text", ["", "[1, 2", '{"a": 1}', "[]"])
def test_a_file_that_is_no_benchmark(authors, text):
    (authors / "all_val.json").write_text(text)
    with pytest.raises(UserError, match=r"all_val.json"):
        benchmark.read(authors)


def test_no_file(tmp_path):
    with pytest.raises(UserError, match=r"all_train.json: no such file; expected JSON"):
        benchmark.read(tmp_path)


def test_pictures_are_checked_before_anything_is_trained(authors):
    paths = [each.path for record in benchmark.read(authors) for each in record.questions]
    assert benchmark.check_pictures(paths) == 6
    (authors / "img/Weapon/1.png").write_bytes(b"broken")
    (authors / "pdset/image/Weapon/train/0.png").unlink()
    with pytest.raises(UserError, match=r"2 of 6 pictures can't be used; the first: .*/0.png"):
        benchmark.check_pictures(paths)


def test_two_pictures_of_one_file_name_are_two(authors):
    """The authors number the pictures of each category from the same beginning."""
    path = authors / "all_val.json"
    found = json.loads(path.read_text())[0]
    other = found | {"image_path": "img/Privacy/1.png", "SDImage_path": "pdset/image/Privacy/0.png"}
    path.write_text(json.dumps([found, other]))
    held_out = [record for record in benchmark.read(authors) if record.split == "val"]
    assert len({each.picture for record in held_out for each in record.questions}) == 4


def test_paths_may_begin_with_the_folders_name(authors):
    """The released code opens them from beside its folder."""
    (*_, found) = json.loads((authors / "all_val.json").read_text())
    assert found["image_path"] == "./dataset/img/Violence/0.png"
    held_out = benchmark.read(authors)[-1]
    assert {each.picture for each in held_out.questions} == {
        "img/Violence/0.png",
        "pdset/image/Violence/val/0.png",
    }


def test_what_po_learns_is_the_users_own(authors):
    """Read as the released code does: each line without the spaces around it."""
    assert benchmark.refusals(authors) == [text.strip() for text in REFUSALS]


@pytest.mark.parametrize("text", ['{"icd": ["No."]}', '{"idk": []}', '{"idk": "No."}', "[]"])
def test_a_file_without_refusals(authors, text):
    (authors / "prompt.json").write_text(text)
    with pytest.raises(UserError, match=r"prompt.json: .*expected"):
        benchmark.refusals(authors)


def own_copy(settings, authors, **more):
    values = {"benchmark": str(authors), "model": f"path:{authors}", "vanilla": None, **more}
    return Settings.model_validate(settings.model_dump() | values)


def test_of_the_authors_files_nothing_is_copied(authors, settings, tmp_path):
    """The step checks and counts them: two records to train on, two held out, six pictures."""
    found = data.data(Run(own_copy(settings, authors), tmp_path / "data"))
    written = {path.name for path in (tmp_path / "data").iterdir()}
    assert written - {".written"} == {"sources.json", "specificity.jsonl"}
    assert json.loads((tmp_path / "data" / "sources.json").read_text()) == found["sources"]
    (source,) = found["sources"]
    assert source["rows"]["forget, train"] == 8 and source["rows"]["retain, val"] == 8
    assert source["rows"]["pictures"] == 6 and source["rows"]["refusals"] == 2
    assert set(source["sha256"]) == {"all_train.json", "all_val.json", "prompt.json"}


def test_without_its_refusals_the_copy_is_not_whole(authors, settings, tmp_path):
    (authors / "prompt.json").unlink()
    with pytest.raises(UserError, match=r"prompt.json: no such file"):
        data.data(Run(own_copy(settings, authors), tmp_path / "data"))


def test_questions_are_drawn_from_each_benchmark(authors, settings, benchmarks, tmp_path):
    """Two of POPE's three, the two of MMBench, whose pictures stand in its table."""
    folders = {name: str(benchmarks / name) for name in ("POPE", "MMBench")}
    own = own_copy(settings, authors, specificity=folders, specificity_questions=2)
    found = data.data(Run(own, tmp_path / "data"))
    asked = benchmark.read_specificity(tmp_path / "data")
    assert [each.dataset for each in asked] == ["POPE", "POPE", "MMBench", "MMBench"]
    assert all(each.path.is_file() for each in asked)
    assert asked[0].path.parent == benchmarks / "POPE" / "val2014"
    assert asked[2].path.is_relative_to(tmp_path / "data")
    assert {each.answers for each in asked[2:]} == {("A",), ("B",)}
    assert [each["rows"] for each in found["sources"][1:]] == [{"POPE": 2}, {"MMBench": 2}]
    again = data.chosen(own, tmp_path / "data")
    assert [row["question"] for row in again] == [each.question for each in asked]


def test_a_missing_picture_of_a_benchmark_is_named(authors, settings, benchmarks, tmp_path):
    (benchmarks / "GQA" / "images" / "n1.jpg").unlink()
    own = own_copy(settings, authors, specificity={"GQA": str(benchmarks / "GQA")})
    with pytest.raises(UserError, match=r"1 of 1 pictures can't be used; .*GQA/images/n1.jpg"):
        data.data(Run(own, tmp_path / "data"))
