"""The seven benchmarks in their published files, and how each scores answers."""

import json

import pytest

from papers.safe_eraser.settings import BENCHMARKS, Settings
from papers.safe_eraser.specificity import READERS, SCORES, agreement, normalised, read
from shared.errors import UserError

SHORT = "Answer the question using a single word or phrase."
LETTER = "Answer with the option's letter from the given choices directly."


def test_every_benchmark_of_the_paper_is_read_and_scored():
    """MM-Vet's answers are graded by a language model."""
    assert set(READERS) == set(BENCHMARKS) == {*SCORES, "MM-Vet"}


@pytest.mark.parametrize(
    ("name", "picture", "question", "answers"),
    [
        ("GQA", "images/n1.jpg", f"Is it red?\n{SHORT}", ["yes"]),
        (
            "VizWiz",
            "val/VizWiz_val_00000000.jpg",
            "What is this?\nWhen the provided information is insufficient, respond with"
            f" 'Unanswerable'.\n{SHORT}",
            ["box"] * 7 + ["a box", "crate", "unanswerable"],
        ),
        (
            "ScienceQA",
            "images/test/7/image.png",
            f"Look at it.\nWhich one?\nA. left\nB. right\n{LETTER}",
            ["B"],
        ),
        ("VQAv2", "val2014/COCO_val2014_000000000042.jpg", f"How many?\n{SHORT}", ["2"] * 10),
        ("POPE", "val2014/a.jpg", f"Is there a box in the image?\n{SHORT}", ["yes"]),
        ("MM-Vet", "images/v1_0.png", "What is x?", ["-1 <AND> -5"]),
    ],
)
def test_the_published_files(benchmarks, name, picture, question, answers):
    first = read(name, benchmarks / name)[0]
    assert (first.picture, first.question, list(first.answers)) == (picture, question, answers)


def test_of_science_qa_only_test_questions_with_a_picture_are_asked(benchmarks):
    """Of four problems one is of the training part and one has no picture; the last has no hint."""
    found = read("ScienceQA", benchmarks / "ScienceQA")
    assert [row.picture for row in found] == ["images/test/7/image.png", "images/test/10/image.png"]
    assert found[1].question == f"Which one?\nA. left\nB. right\n{LETTER}"


def test_pope_is_its_three_parts(benchmarks):
    assert [row.answers for row in read("POPE", benchmarks / "POPE")] == [["yes"], ["no"], ["no"]]


def test_the_picture_of_mmbench_stands_in_its_table(benchmarks):
    row, other = read("MMBench", benchmarks / "MMBench")
    assert row.picture.startswith(b"\xff\xd8")  # a JPEG
    assert row.question == f"A scene.\nWhat is it?\nA. a box\nB. a ball\n{LETTER}"
    assert row.answers == ["B"]
    assert other.question == f"Where is it?\nA. here\nB. there\nC. up\nD. down\n{LETTER}"


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_that_is_not_there_is_named(tmp_path, name):
    with pytest.raises(UserError, match=str(tmp_path)):
        read(name, tmp_path)


def test_other_fields_than_the_published_are_named(benchmarks):
    path = benchmarks / "GQA" / "testdev_balanced_questions.json"
    path.write_text(json.dumps({"1": {"question": "Is it?", "answer": "yes"}}))
    with pytest.raises(UserError, match=r"GQA: row 0: expected the fields of GQA's files.*imageId"):
        read("GQA", benchmarks / "GQA")


@pytest.mark.parametrize(
    ("name", "output", "answer", "score"),
    [
        ("POPE", "Yes, there is a snowboard in the image.", "yes", 1),
        ("POPE", "No, there is not. Yes.", "no", 1),
        ("POPE", "There is no box", "yes", 0),
        ("POPE", "yes", "no", 0),
        ("GQA", "Red.", "red", 1),
        ("GQA", "a red one", "red", 0),
        ("ScienceQA", "B", "B", 1),
        ("ScienceQA", "B. right", "B", 1),
        ("ScienceQA", "The answer is B.", "B", 1),
        ("ScienceQA", "A boat", "A", 0),
        ("ScienceQA", "right", "B", 0),
        ("MMBench", "C", "B", 0),
        ("MMBench", "", "B", 0),
    ],
)
def test_scores_of_one_answer(name, output, answer, score):
    assert SCORES[name](output, [answer]) == score


def test_agreement_with_ten_people():
    """Two of ten said box. Leaving out one of the two (2 of 10 cases) 1/3 is left, else 2/3: 0.6.
    Three: 2/3 in 3 of 10 cases, else 1: 0.9. Four and more: 1."""
    for same, expected in ((0, 0), (1, 0.3), (2, 0.6), (3, 0.9), (4, 1), (10, 1)):
        answers = ["box"] * same + ["crate"] * (10 - same)
        assert agreement("A box.", answers) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("The Box.", "box"),
        ("two dogs", "2 dogs"),
        ("none", "0"),
        ("don't", "dont"),
        ("1,000", "1000"),
        ("black-white", "black white"),
        ("3.5 m", "3.5 m"),
        ("it's a, b", "its b"),
    ],
)
def test_answers_are_compared_as_the_official_evaluation_does(text, same):
    assert normalised(text) == same == normalised(same)


def test_settings_name_known_benchmarks_and_who_grades(settings):
    with pytest.raises(ValueError, match="GQA"):
        Settings.model_validate(settings.model_dump() | {"specificity": {"Gqa": "folder"}})
    with pytest.raises(ValueError, match="MM-Vet is graded by a language model; expected `judge"):
        Settings.model_validate(settings.model_dump() | {"specificity": {"MM-Vet": "folder"}})
