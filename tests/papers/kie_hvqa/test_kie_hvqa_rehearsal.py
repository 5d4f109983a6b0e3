"""What is written for a rehearsal is read as the published files are."""

import re

import pytest

from papers.kie_hvqa.notation import parse_truth
from papers.kie_hvqa.ocrbench import is_right, read_ocrbench
from papers.kie_hvqa.official import NAME, read_official
from papers.kie_hvqa.rehearsal import WRITERS
from papers.kie_hvqa.scanned import scanned_rows
from papers.kie_hvqa.scoring import scores
from papers.kie_hvqa.settings import OCRBENCH
from shared.data.ledger import Ledger
from shared.planning.rehearsal.endpoint import answer
from shared.settings import REHEARSAL, load_models, load_settings


def test_rows_of_the_official_set_are_read_but_for_the_broken_ones(tmp_path, capsys):
    folder, ledger = tmp_path / "official", Ledger()
    WRITERS["bytedance-research/KIE-HVQA"](folder)
    rows = read_official(str(folder), ledger)
    assert len(rows) == 5 and ledger.records[NAME]["left_out"] == 4
    assert rows["answer"].nunique() == 4  # one is given twice
    assert re.findall(r"kie_hocr\.jsonl:(\d): ", capsys.readouterr().err) == ["6", "7", "8", "9"]
    truths = [parse_truth(each, "") for each in rows["answer"]]
    for truth in truths:
        read = (truth.clear + truth.not_clear).replace(" ", "")
        assert sorted(read) == sorted(truth.final.replace(" ", ""))
        assert truth.clear_count == len(truth.clear.split())
    assert {bool(truth.not_clear) for truth in truths} == {True, False}


def test_the_parts_of_ocrbench_are_read_and_others_left(tmp_path):
    WRITERS["OCRBench"](tmp_path)
    rows = read_ocrbench(str(tmp_path), Ledger())
    assert rows["dataset"].value_counts().to_dict() == dict.fromkeys(OCRBENCH.values(), 2)
    assert is_right("It says Bergen.", rows["answer"][1])


def test_fields_of_scans_are_read_but_for_those_that_cannot_be_asked_for(tmp_path):
    places = {name: str(tmp_path / name) for name in ("WildReceipt", "FUNSD")}
    for name, folder in places.items():
        WRITERS[name](tmp_path / folder)
    settings = load_settings("kie_hvqa", REHEARSAL)
    rows = scanned_rows(places, 40, settings.spoiling, 0, Ledger())
    asked = rows.groupby("dataset")["value"].agg(set).to_dict()
    assert asked == {
        "WildReceipt": {"Aberdeen", "$4.50", "Bergen"},  # of the second, the total is cut off
        "FUNSD": {"Aberdeen", "Bergen"},
    }


def test_folders_are_those_that_the_stage_fills():
    for settings in load_models("kie_hvqa", REHEARSAL):
        folders = {"OCRBench": settings.ocrbench, **settings.scans}
        assert folders == {name: f"resources/rehearsal/kie_hvqa/{name}" for name in folders}


@pytest.fixture(scope="module")
def said():
    """Everything that the scripted endpoint says to the prompt of scale paper."""
    asked = load_settings("kie_hvqa", "paper").prompt.format(question="What is the price?")
    return list(dict.fromkeys(answer(asked, number) for number in range(50)))


def test_the_endpoint_answers_in_the_form_that_is_asked_for_or_does_not(said):
    truth = '{"clear Char-level OCR": "", "not clear enough Char-level OCR": "", "Final OCR": "5"}'
    row = {"id": "test/0", "dataset": NAME, "answer": truth, "tags": ""}
    found = scores([row] * len(said), said)
    assert found["valid"].tolist() == [True, True, False, False]
