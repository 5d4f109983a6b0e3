import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from papers.kie_hvqa.data import data, shared_out
from papers.kie_hvqa.notation import parse_tags, parse_truth, true_answer
from papers.kie_hvqa.ocrbench import is_right, read_ocrbench
from papers.kie_hvqa.official import FILE, NAME, read_official
from papers.kie_hvqa.scanned import scanned_rows
from papers.kie_hvqa.settings import OCRBENCH, Spoiling
from papers.kie_hvqa.spoiling import drawn
from shared.data import documents, pictures
from shared.data.degradation import Degradation, legibility
from shared.data.ledger import Ledger
from shared.data.scans import read_funsd
from shared.errors import UserError
from shared.runner.step import Run
from shared.settings import load_settings

PARTS = ["clean", "cold_start", "reinforcement", "test", "undegraded"]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The parts at scale smoke."""
    out = tmp_path_factory.mktemp("data")
    data(Run(load_settings("kie_hvqa", "smoke"), out))
    return {part: pd.read_parquet(out / f"{part}.parquet") for part in PARTS}, out


def values(frame):
    return {"".join(c.text for c in parse_tags(tags)) for tags in frame["tags"]}


def test_sizes_and_subsets_are_as_asked(built):
    parts, out = built
    sizes = load_settings("kie_hvqa", "smoke").sizes
    assert parts["test"]["subset"].value_counts().to_dict() == sizes.test
    for part in PARTS[:3] + PARTS[4:]:
        assert len(parts[part]) == getattr(sizes, part)
        assert parts[part]["id"].is_unique
    (source,) = json.loads((out / "sources.json").read_text())
    assert source["rows"]["test"] == sum(sizes.test.values())


def test_nothing_that_is_tested_is_trained_on(built):
    parts, _ = built
    tested = values(parts["test"]) | values(parts["undegraded"])
    for part in PARTS[:3]:
        assert not values(parts[part]) & tested


def test_tags_answer_and_degradations_agree(built):
    parts, _ = built
    for row in pd.concat(parts.values()).to_dict("records"):
        characters = parse_tags(row["tags"])
        done = [
            Degradation(kind, strength) if kind else None
            for kind, strength in zip(row["kinds"], row["strengths"], strict=True)
        ]
        assert [c.legibility for c in characters] == [legibility(each) for each in done]
        assert parse_truth(row["answer"], row["id"]) == true_answer(characters)
        assert Image.open(io.BytesIO(row["image"])).size == (192, 48)
    assert not any(map(any, parts["undegraded"]["strengths"]))
    assert any(map(any, parts["test"]["strengths"]))


def test_the_same_seed_gives_the_same_bytes(built, tmp_path):
    parts, _ = built
    data(Run(load_settings("kie_hvqa", "smoke"), tmp_path))
    for part in PARTS:
        pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / f"{part}.parquet"), parts[part])


def test_whole_documents_for_models_that_read_them(tmp_path):
    settings = load_settings("kie_hvqa", "smoke").model_copy(update={"model": "path:any"})
    data(Run(settings, tmp_path))
    row = pd.read_parquet(tmp_path / "test.parquet").iloc[0]
    assert min(Image.open(io.BytesIO(row["image"])).size) > 192


def test_shares_of_classes_and_strengths():
    spoiling = Spoiling(
        partly=0.3, hidden=0.2, partly_strength=(0.2, 0.4), hidden_strength=(0.7, 0.9)
    )
    rng = np.random.default_rng(0)
    done = [each for _ in range(400) for each in drawn("1234567890", spoiling, rng)]
    classes = [legibility(each) for each in done]
    # one of ten characters stays clear in any case
    assert classes.count("partly") / len(done) == pytest.approx(0.3 * 0.9, abs=0.03)
    assert classes.count("hidden") / len(done) == pytest.approx(0.2 * 0.9, abs=0.03)
    strengths = [each.strength for each in done if each]
    assert all(0.2 <= s <= 0.4 or 0.7 <= s <= 0.9 for s in strengths)


def test_every_row_of_grpo_and_of_the_test_has_a_partly_occluded_character(built):
    """As asked for, and with shares that would leave none; a single character stays clear."""
    parts, _ = built
    for name in ("reinforcement", "test"):
        assert parts[name]["tags"].str.contains("<part_occluded>").all()
    assert not parts["cold_start"]["tags"].str.contains("<part_occluded>").all()
    hiding = Spoiling(
        partly=0,
        hidden=1,
        partly_strength=(0.2, 0.4),
        hidden_strength=(0.7, 0.9),
        always_partly=True,
    )
    rng = np.random.default_rng(0)
    for value in ["AB", "ABC", "ABCDEFGH"] * 5:
        classes = [legibility(each) for each in drawn(value, hiding, rng)]
        hidden = ["hidden"] * (len(value) - 2)
        assert sorted(classes) == sorted(["clear", "partly", *hidden])
    assert drawn("A", hiding, rng) == [None]


def test_the_decoder_reads_words_and_values_but_none_that_is_tested(built):
    parts, out = built
    text = pd.read_parquet(out / "text.parquet")["value"].tolist()
    assert 16 < len(text) <= 2 * 16 and len(set(text) & set(documents.names())) >= 8
    assert not set(text) & (values(parts["test"]) | values(parts["undegraded"]))


def test_parts_for_training_have_the_shares_of_the_test_set():
    assert shared_out(429) == {"nutrition": 78, "receipt": 256, "card": 95}
    assert sum(shared_out(100).values()) == 100


@pytest.fixture
def official(tmp_path):
    """A folder like the authors', with what is wrong with theirs, and more."""

    def answer(final):
        lists = {"clear Char-level OCR": "5 g", "not clear enough Char-level OCR": ""}
        return json.dumps(lists | {"Final OCR": final})

    (tmp_path / "data").mkdir()
    Image.new("RGB", (60, 40), "white").save(tmp_path / "data" / "good.jpg")
    (tmp_path / "data" / "within").mkdir()
    (tmp_path / "data" / "good.jpg").rename(tmp_path / "data" / "within" / "good.jpg")
    (tmp_path / "data" / "broken.jpg").write_bytes(b"no picture")
    Image.new("L", (400, 300)).save(tmp_path / "data" / "huge.png")
    rows = [
        {"image": f"./images/{name}", "problem": "<image>Fat?", "answer": text}
        for name, text in [
            ("within/good.jpg", answer("5 g")),
            ("good.jpg", '{"Final OCR": "5'),
            ("none.jpg", answer("5")),
            ("broken.jpg", answer("5")),
            ("huge.png", answer("5")),
            ("good.jpg", {"a": 1}),
        ]
    ]
    (tmp_path / FILE).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def test_unusable_rows_of_the_official_set_are_left_out_and_counted(official, monkeypatch, capsys):
    monkeypatch.setattr(pictures, "MOST_PIXELS", 100_000)
    ledger = Ledger()
    rows = read_official(str(official), ledger)
    source = ledger.records[NAME]
    assert rows["question"].tolist() == ["Fat?"] and rows["dataset"].tolist() == [NAME]
    assert parse_truth(rows["answer"][0], "").final == "5 g"
    assert source["rows"] == {"test": 1} and source["left_out"] == 5
    assert set(source["sha256"]) == {FILE}
    said = capsys.readouterr().err
    for line, reason in [
        (2, "expected JSON"),
        (3, "no such file"),
        (4, "not a readable picture"),
        (5, "400 x 300 pixels"),
        (6, "no text in answer"),
    ]:
        assert f"{FILE}:{line}: " in said and reason in said


def test_official_rows_take_the_place_of_drawn_ones(official, tmp_path):
    settings = load_settings("kie_hvqa", "smoke").model_copy(update={"official": str(official)})
    record = data(Run(settings, tmp_path / "out"))
    assert pd.read_parquet(tmp_path / "out" / "test.parquet")["dataset"].unique().tolist() == [NAME]
    first, second = record["sources"]
    assert (first["id"], second["id"]) == (NAME, "documents") and "test" not in second["rows"]
    assert settings.everything == "Average"


def test_an_official_set_without_a_usable_row_is_an_error(official):
    rows = (official / FILE).read_text().splitlines(keepends=True)
    (official / FILE).write_text(rows[1])
    with pytest.raises(UserError, match="none of its 1 rows can be used"):
        read_official(str(official), Ledger())


def test_a_place_without_the_file_is_an_error(tmp_path):
    with pytest.raises(UserError, match=rf"has no {FILE}; expected the authors' folder"):
        read_official(str(tmp_path), Ledger())


@pytest.fixture
def ocrbench(tmp_path):
    """A folder with a file like OCRBench's: two questions of each kind."""
    kinds = [*OCRBENCH, "Handwriting Recognition"]
    file = io.BytesIO()
    Image.new("RGB", (60, 40), "white").save(file, "PNG")
    rows = [
        {
            "dataset": "any",
            "question": f"{kind} {i}?",
            "question_type": kind,
            "answer": ["$5.00", "5.00"],
            "image": {"bytes": file.getvalue(), "path": None},
        }
        for kind in kinds
        for i in range(2)
    ]
    (tmp_path / "data").mkdir()
    pd.DataFrame(rows).to_parquet(tmp_path / "data" / "test-00000-of-00001.parquet")
    return tmp_path


def test_three_parts_of_ocrbench_are_read(ocrbench):
    ledger = Ledger()
    rows = read_ocrbench(str(ocrbench), ledger)
    assert rows["dataset"].value_counts().to_dict() == dict.fromkeys(OCRBENCH.values(), 2)
    assert rows["question"][0] == "Scene Text-centric VQA 0?" and rows["id"].is_unique
    assert Image.open(io.BytesIO(rows["image"][0])).size == (60, 40)
    assert ledger.records["OCRBench"]["rows"] == dict.fromkeys(OCRBENCH.values(), 2)
    with pytest.raises(UserError, match=r"has 0 files test-\*.parquet; expected one"):
        read_ocrbench(str(ocrbench / "nowhere"), ledger)


def test_an_answer_of_ocrbench_may_stand_anywhere_in_the_reply():
    answers = '["Main\\nStreet", "5.00"]'
    assert is_right("<think>…</think> It is in MAIN STREET.", answers)
    assert is_right('{"Final OCR": "$5.00"}', answers)
    assert not is_right("5.0", answers)


def photograph(path, size):
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)).save(path)


@pytest.fixture
def scans(tmp_path):
    """Folders like those of WildReceipt and FUNSD: a receipt with a total, a telephone number
    twice and a date beyond the edge; a form with two answers to one question and one to each of two
    others, of which one is empty."""
    receipts, forms = tmp_path / "wildreceipt", tmp_path / "funsd"
    photograph(receipts / "image_files" / "a.jpeg", (300, 200))
    marked = [
        {"box": [150, 190, 250, 190, 250, 170, 150, 170], "text": "$ 12.50", "label": 23},
        {"box": [0, 0, 90, 0, 90, 20, 0, 20], "text": "555", "label": 5},
        {"box": [0, 40, 90, 40, 90, 60, 0, 60], "text": "556", "label": 5},
        {"box": [280, 0, 400, 0, 400, 20, 280, 20], "text": "01/02/20", "label": 7},
        {"box": [10, 100, 90, 100, 90, 120, 10, 120], "text": "Total", "label": 24},
    ]
    row = {"file_name": "image_files/a.jpeg", "height": 200, "width": 300, "annotations": marked}
    (receipts / "train.txt").write_text(json.dumps(row) + "\n")
    names = "5 Tel_value\n7 Date_value\n23 Total_value\n24 Total_key\n"
    (receipts / "class_list.txt").write_text(names)
    photograph(forms / "training_data" / "images" / "f.png", (300, 200))

    def entity(number, label, text, links, left):
        words = [
            {"text": word, "box": [left + 60 * i, 10, left + 60 * i + 50, 30]}
            for i, word in enumerate(text.split() or [""])
        ]
        box = [left, 10, left + 110, 30]
        return {"id": number, "label": label, "text": text, "words": words, "box": box} | {
            "linking": links
        }

    form = [
        entity(0, "question", "Date:", [[0, 1]], 0),
        entity(1, "answer", "May 1990", [[0, 1]], 60),
        entity(2, "question", "To:", [[2, 3], [2, 4]], 0),
        entity(3, "answer", "A", [[2, 3]], 60),
        entity(4, "answer", "B", [[2, 4]], 60),
        entity(5, "question", "Fax:", [[5, 6]], 0),
        entity(6, "answer", "", [[5, 6]], 60),
    ]
    (forms / "training_data" / "annotations").mkdir()
    path = forms / "training_data" / "annotations" / "f.json"
    path.write_text(json.dumps({"form": form}))
    return {"WildReceipt": str(receipts), "FUNSD": str(forms)}


def test_training_rows_from_scans(scans):
    """Of the receipt the total alone can be asked for: the telephone number is there twice, and
    the date's box goes beyond the picture."""
    spoiling = load_settings("kie_hvqa", "smoke").spoiling
    ledger = Ledger()
    rows = scanned_rows(scans, 5, spoiling, 0, ledger)
    assert rows["dataset"].tolist() == ["WildReceipt"] * 3 + ["FUNSD"] * 2
    assert rows["id"].is_unique
    assert set(rows["question"]) == {"What is the total?", "What is the Date?"}
    assert values(rows) == {"$12.50", "May1990"}
    original = np.asarray(Image.open(f"{scans['FUNSD']}/training_data/images/f.png"), int)
    for row in rows.to_dict("records"):
        characters = parse_tags(row["tags"])
        assert parse_truth(row["answer"], row["id"]) == true_answer(characters)
        assert Image.open(io.BytesIO(row["image"])).size == (300, 200)
    assert original.shape == (200, 300, 3)
    assert {name: ledger.records[name]["rows"]["reinforcement"] for name in scans} == {
        "WildReceipt": 3,
        "FUNSD": 2,
    }


def test_a_character_of_a_scan_has_its_part_of_the_words_box(scans):
    """ "1990" of a box from 120 to 170: edges at 120, 132, 145, 158 and 170 (rounded to even)."""
    ((field,),) = [scan.fields for scan in read_funsd(Path(scans["FUNSD"]))]
    assert (field.name, field.value) == ("Date", "May1990")
    assert [box[0::2] for box in field.boxes[3:]] == [
        (120, 132),
        (132, 145),
        (145, 158),
        (158, 170),
    ]


def test_a_folder_without_the_files_of_a_source_is_an_error(scans, tmp_path):
    spoiling = load_settings("kie_hvqa", "smoke").spoiling
    with pytest.raises(UserError, match="found no field with a box; expected the files of FUNSD"):
        scanned_rows({"FUNSD": str(tmp_path)}, 2, spoiling, 0, Ledger())
    with pytest.raises(UserError, match=r"class_list\.txt: no such file; expected"):
        scanned_rows({"WildReceipt": str(tmp_path)}, 2, spoiling, 0, Ledger())


def test_public_files_take_the_place_of_drawn_rows(scans, ocrbench, tmp_path):
    public = {"ocrbench": str(ocrbench), "scans": scans, "model": "path:any"}
    settings = load_settings("kie_hvqa", "smoke").model_copy(update=public)
    record = data(Run(settings, tmp_path / "out"))
    undegraded = pd.read_parquet(tmp_path / "out" / "undegraded.parquet")
    assert set(undegraded["dataset"]) == set(OCRBENCH.values())
    learnt = pd.read_parquet(tmp_path / "out" / "reinforcement.parquet")
    assert learnt["dataset"].value_counts().to_dict() == {"WildReceipt": 4, "FUNSD": 4}
    rows = {source["id"]: source["rows"] for source in record["sources"]}
    assert set(rows["documents"]) == {"clean", "cold_start", "test"}
