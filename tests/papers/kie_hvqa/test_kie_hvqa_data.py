import io
import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from papers.kie_hvqa.data import data, drawn, shared_out
from papers.kie_hvqa.notation import parse_tags, parse_truth, true_answer
from papers.kie_hvqa.official import FILE, NAME, read_official
from papers.kie_hvqa.settings import Spoiling
from shared.data import pictures
from shared.data.degradation import Degradation, legibility
from shared.data.ledger import Ledger
from shared.errors import UserError
from shared.settings import load_settings
from shared.workflow.step import Run

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
    (tmp_path / "data" / "broken.jpg").write_bytes(b"no picture")
    Image.new("L", (400, 300)).save(tmp_path / "data" / "huge.png")
    rows = [
        {"image": f"./images/{name}", "problem": "<image>Fat?", "answer": text}
        for name, text in [
            ("good.jpg", answer("5 g")),
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
