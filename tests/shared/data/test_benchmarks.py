"""Readers of the published formats, on small files with invented content and on the real ones."""

import json
import re

import pytest

from shared.data import benchmarks
from shared.data.catalogue import sources
from shared.data.questions import Question, multiple_choice
from shared.errors import UserError

HEADER = "id,lang,question,A,B,C,D,target"


def write(tmp_path, name, content):
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_pararel(tmp_path):
    path = write(tmp_path, "training_data.json", [["Where is Uln?", "Ozra", "P36(capital)"]])
    assert benchmarks.read_pararel(path, "x/training_data.json") == [
        Question("P36(capital)", "Where is Uln?", ("Ozra",), "x/training_data.json")
    ]


def test_mmlu_json(tmp_path):
    row = ["1 + 1 = ?", "1", "2", "3", "4", "B"]
    path = write(tmp_path, "MMLU_ID_test.json", {"sums": [row], "more_sums": [row, row]})
    rows = benchmarks.read_mmlu_json(path, "x")
    assert [r.relation for r in rows] == ["sums", "more_sums", "more_sums"]
    assert rows[0] == Question("sums", "1 + 1 = ?", ("B",), "x", options=("1", "2", "3", "4"))


def test_mmlu_csv_takes_its_subject_from_the_file_name(tmp_path):
    lines = f'{HEADER}\nsums/test/0,en,"One,\ntwo?",1,2,NaN,None,C\n'
    rows = benchmarks.read_mmlu_csv(write(tmp_path, "more_sums_test.csv", lines), "x")
    assert rows == [
        Question("more_sums", "One,\ntwo?", ("C",), "x", options=("1", "2", "NaN", "None"))
    ]


def test_falseqa_answers_belong_to_ordinary_questions_only(tmp_path):
    lines = "question,answer,label\n Do rocks eat?,No.,1\nDo cows eat?,Yes.,0\n"
    rows = benchmarks.read_falseqa(write(tmp_path, "train.csv", lines), "x")
    assert rows == [
        Question("train", "Do rocks eat?", (), "x", answerable=False),
        Question("train", "Do cows eat?", ("Yes.",), "x"),
    ]


def test_nec_is_json_lines(tmp_path):
    lines = [
        {"prompt": "What is a zorv?", "label": 1, "category": "food"},
        {"prompt": "What is a pear?", "label": 0, "category": "food"},
    ]
    path = write(tmp_path, "NEC.json", "".join(json.dumps(line) + "\n" for line in lines))
    assert benchmarks.read_nec(path, "x") == [
        Question("food", "What is a zorv?", (), "x", answerable=False),
        Question("food", "What is a pear?", (), "x"),
    ]


def test_selfaware(tmp_path):
    records = [
        {"question": "Why?", "answer": None, "answerable": False, "source": "SelfAware"},
        {"question": "Who?", "answer": ["Bo", "B"], "answerable": True, "source": "squadqa_dev"},
    ]
    path = write(tmp_path, "SelfAware.json", {"quantity": 2, "example": records})
    assert benchmarks.read_selfaware(path, "x") == [
        Question("SelfAware", "Why?", (), "x", answerable=False),
        Question("squadqa_dev", "Who?", ("Bo", "B"), "x"),
    ]


def test_truncated_json_is_named_with_its_line(tmp_path):
    whole = json.dumps([["a", "b", "c"], ["d", "e", "f"]], indent=0)
    path = write(tmp_path, "cut.json", whole[:-4])
    with pytest.raises(UserError, match=f"{re.escape(str(path))}:\\d+:\\d+: not JSON"):
        benchmarks.read_pararel(path, "x")


@pytest.mark.parametrize(
    ("reader", "name", "content", "where"),
    [
        ("read_pararel", "a.json", [["q", "a", "r"], ["q", "a"]], "row 1: expected"),
        ("read_pararel", "a.json", {"rows": []}, "found an object; expected a list"),
        ("read_mmlu_json", "a.json", [["q"]], "found a list; expected an object"),
        ("read_mmlu_json", "a.json", {"s": [["q", "1", "2", "3", "4", ""]]}, "s, row 0"),
        ("read_mmlu_json", "a.json", {"s": [["q", "1", "2", "3", "4", "AB"]]}, "s, row 0"),
        ("read_mmlu_csv", "s_test.csv", "question,A,B\nq,1,2\n", ":1: found columns"),
        ("read_mmlu_csv", "s_test.csv", f"{HEADER}\n0,en,q,1,2,3\n", ":2: found 6 fields"),
        ("read_falseqa", "a.csv", "question,answer,label\nq,a,2\n", "row 0, label"),
        ("read_nec", "a.json", '{"prompt": "q", "label": 0}\n', "row 0: expected prompt"),
        ("read_nec", "a.json", '{"prompt": "q", "la', "1: not a JSON record"),
        ("read_selfaware", "a.json", {"examples": []}, "rows: expected a list"),
        ("read_selfaware", "a.json", {"example": [{"question": "q"}]}, "row 0: expected question"),
    ],
)
def test_another_format_is_an_error(tmp_path, reader, name, content, where):
    path = write(tmp_path, name, content)
    with pytest.raises(UserError, match=where) as raised:
        getattr(benchmarks, reader)(path, "x")
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_multiple_choice_text():
    assert multiple_choice("Which?", ("w", "x", "y", "z")) == (
        "Which?\nA. w\nB. x\nC. y\nD. z\nAnswer:"
    )


def test_few_shot_prefix_is_followed_directly_by_a_question():
    shots = [
        Question("two_words", "One?", ("A",), "x", options=("1", "2", "3", "4")),
        Question("two_words", "Two?", ("D",), "x", options=("5", "6", "7", "8")),
    ]
    assert benchmarks.few_shot_prefix("two_words", shots) == (
        "The following are multiple choice questions (with answers) about two words.\n\n"
        "One?\nA. 1\nB. 2\nC. 3\nD. 4\nAnswer: A\n\n"
        "Two?\nA. 5\nB. 6\nC. 7\nD. 8\nAnswer: D\n\n"
    )


@pytest.mark.mirror
def test_halves_of_an_mmlu_subject_are_the_official_test_file(mirror):
    """ID test = the first ⌊n/2⌋ rows, train = the rest; 4,877 of the 4,887 rows are equal.

    In the other ten, the authors' JSON has "NaN" where the option is the word None.
    """
    test = benchmarks.read_mmlu_json(mirror / "mmlu/MMLU_ID_test.json", "")
    train = benchmarks.read_mmlu_json(mirror / "mmlu/MMLU_ID_train.json", "")
    official = []
    for file in sorted(sources()["mmlu_test"].files)[:28]:
        official.append(benchmarks.read_mmlu_csv(mirror / file, ""))
    first = [row for rows in official for row in rows[: len(rows) // 2]]
    rest = [row for rows in official for row in rows[len(rows) // 2 :]]
    assert (len(first), len(rest)) == (len(test), len(train)) == (2439, 2448)
    pairs = list(zip(first + rest, test + train, strict=True))
    assert sum(ours == theirs for ours, theirs in pairs) == 4877
    assert all("NaN" in theirs.options for ours, theirs in pairs if ours != theirs)
