"""The catalogue, the generated benchmark, and the authors' files."""

import json
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from papers.safe_eraser import benchmark, data, questions
from papers.safe_eraser.catalogue import ALLOWED, FORBIDDEN, Look, picture, random_look
from papers.safe_eraser.settings import Generated
from papers.safe_eraser.unrelated import unrelated
from shared.errors import UserError
from shared.files import read_jsonl

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
    names = [thing.name for thing in (*FORBIDDEN, *ALLOWED)]
    assert len(set(names)) == len(names) == 24


def test_no_two_objects_look_alike():
    """At 40 pixels every pair of outlines differs in at least a tenth of the larger one."""
    drawn = [
        np.asarray(picture(thing, PLAIN, 40).convert("L")) < 128 for thing in (*FORBIDDEN, *ALLOWED)
    ]
    for i, one in enumerate(drawn):
        for other in drawn[:i]:
            assert (one ^ other).sum() > 0.1 * max(one.sum(), other.sum())


def test_objects_stay_within_the_picture():
    """Their centre keeps its radius from the border, and no outline leaves 1.45 radii."""
    rng = random.Random(0)
    for thing in (*FORBIDDEN, *ALLOWED):
        assert max(x * x + y * y for outline in thing.outlines for x, y in outline) < 1.45**2
        look = random_look(rng)
        assert look.radius <= look.centre[0] <= 1 - look.radius


def test_counts_are_those_of_the_benchmark(generated):
    """Six categories; 4 forget, 4 prompt-decouple and 4 retain questions a record."""
    rows = benchmark.read(generated)
    counts = Counter((row["set"], row["split"]) for row in rows)
    for name in ("forget", "decouple", "retain"):
        assert counts[name, "train"] == 6 * 4 * 4 and counts[name, "val"] == 6 * 2 * 4
    forget = [row for row in rows if row["set"] == "forget" and row["split"] == "train"]
    assert set(Counter(row["category"] for row in forget).values()) == {16}
    retain = [row for row in rows if row["set"] == "retain"]
    assert Counter(row["level"] for row in retain) == {"concept": 72, "image": 72}
    benign = {row["picture"] for row in rows if row["set"] == "decouple"}
    assert len(benign) == 6 + 3  # a quarter of the forbidden ones
    assert len({row["id"] for row in rows}) == len(rows)


def test_the_question_does_not_tell_what_is_forbidden(generated):
    """The same sentence is asked of both pictures, and names no object."""
    rows = {row["id"]: row for row in benchmark.read(generated)}
    names = {thing.name for thing in (*FORBIDDEN, *ALLOWED)}
    for name, row in rows.items():
        if row["set"] == "forget":
            twin = rows[name.replace("/forget", "/decouple")]
            assert twin["question"] == row["question"] and twin["picture"] != row["picture"]
            assert names.isdisjoint(row["question"].lower().strip(".?").split())
            assert questions.PLACEHOLDER in row["answer"]
            assert questions.PLACEHOLDER not in twin["answer"]


def test_train_and_held_out_pictures_are_different(generated):
    rows = benchmark.read(generated)
    bytes_of = {
        split: {Path(row["picture"]).read_bytes() for row in rows if row["split"] == split}
        for split in ("train", "val")
    }
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
    rows = benchmark.read(authors)
    assert len(rows) == 3 * 12
    first = rows[0]
    assert first["id"] == "train/0000/forget0" and first["category"] == "Weapon"
    assert (first["question"], first["answer"], first["prediction"]) == ("How 0?", "bad 0", "bad 0")
    assert first["picture"] == str(authors / "img/Weapon/0.png")
    twin = rows[1]
    assert twin["set"] == "decouple" and twin["answer"] == "good 0" and "pdset" in twin["picture"]
    kept = next(row for row in rows if row["level"] == "image")
    assert (kept["answer"], kept["prediction"]) == ("gold image 1", "said image 1")


def test_an_empty_category_is_that_of_the_pictures_folder(authors):
    held_out = [row for row in benchmark.read(authors) if row["split"] == "val"]
    assert {row["category"] for row in held_out} == {"Weapon"}


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
    with pytest.raises(UserError, match=r"all_train.json: no such file; expected SafeEraser's"):
        benchmark.read(tmp_path)


def test_pictures_are_checked_before_anything_is_trained(authors):
    paths = [row["picture"] for row in benchmark.read(authors)]
    assert benchmark.check_pictures(paths) == 3
    (authors / "img/Weapon/1.png").write_bytes(b"broken")
    (authors / "pdset/image/Weapon/0.png").unlink()
    with pytest.raises(UserError, match=r"2 of 3 pictures can't be used; the first: .*/0.png"):
        benchmark.check_pictures(paths)
