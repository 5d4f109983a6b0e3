import numpy as np
import onnxruntime
import pytest
from rapidocr import RapidOCR

from shared.data.documents import crop, render
from shared.errors import UserError
from shared.models import ocr_tower
from shared.models.ocr_tower import CHANNELS, OcrTower, encode, stacked


@pytest.fixture(scope="module")
def line():
    document = render("", {"Total": "$12.50"}, ["DejaVuSans"], np.random.default_rng(0))
    return crop(document.pixels, document.fields[0].line)


def test_one_vector_for_eight_columns(line):
    assert encode(line).shape == (192 // 8, CHANNELS)


def test_the_features_are_what_the_recogniser_reads_from(line):
    """In the same pass the recogniser's own output reads what RapidOCR reads."""
    session = ocr_tower._session()
    scaled = np.repeat(line.astype(np.float32)[None, None] / 127.5 - 1, 3, axis=1)
    output, _ = session.run(None, {"x": scaled})
    characters = session.get_modelmeta().custom_metadata_map["character"].splitlines()
    best = output[0].argmax(-1)
    text = "".join(
        characters[i - 1] for i, before in zip(best, [0, *best], strict=False) if i and i != before
    )
    read = RapidOCR(params={"Global.use_det": False, "Global.use_cls": False})(
        np.repeat(line[..., None], 3, axis=2), use_det=False, use_cls=False
    )
    assert text == "$12.50" == read.txts[0]


def test_neighbours_are_joined_and_the_rest_is_left_out():
    features = np.arange(14).reshape(7, 2)
    assert stacked(features, 3).tolist() == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]
    assert stacked(features, 1).tolist() == features.tolist()


def test_a_line_is_computed_once_and_known_after_saving(line, tmp_path, monkeypatch):
    tower = OcrTower()
    first = tower(line)
    tower.save(tmp_path / "features.npz")
    monkeypatch.setattr(ocr_tower, "encode", lambda line: pytest.fail("computed again"))
    assert (tower(line) == first).all()
    later = OcrTower()
    later.remember(tmp_path / "features.npz")
    assert (later(line) == first).all() and first.dtype == np.float16


def test_a_picture_of_another_height_is_said_to_be_so():
    with pytest.raises(UserError, match=r"\(32, 100\); expected grey and 48 pixels high"):
        encode(np.zeros((32, 100), np.uint8))


def test_another_recogniser_is_refused(monkeypatch):
    monkeypatch.setattr(ocr_tower, "SHA256", "0" * 64)
    with pytest.raises(UserError, match=r"rec_small\.onnx of rapidocr .*: found sha256"):
        ocr_tower._weights()
    monkeypatch.setattr(ocr_tower, "FILE", "PP-OCRv9.onnx")
    with pytest.raises(UserError, match=r"no such file; expected the recogniser of rapidocr 3\.10"):
        ocr_tower._weights()


def test_the_graph_itself_is_unchanged():
    """The added output comes after the recogniser's own."""
    plain = onnxruntime.InferenceSession(ocr_tower._weights(), providers=["CPUExecutionProvider"])
    names = [output.name for output in ocr_tower._session().get_outputs()]
    assert names == [plain.get_outputs()[0].name, ocr_tower.FEATURES]
