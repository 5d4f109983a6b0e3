"""A benchmark of two records in the authors' form, with invented texts, and settings around it."""

import json

import pytest
from PIL import Image

from shared.settings import load_settings


def record(number, category="Weapon"):
    return {
        "type": "syn",
        "keyword": "box",
        "category": category,
        "image_id": str(number),
        "image_path": f"img/Weapon/{number}.png",
        "SDImage_path": "pdset/image/Weapon/0.png",
        "unsafe_pairs": [
            {"question": f"How {n}?", "model_response": f"bad {n}", "sd_response": f"good {n}"}
            for n in range(4)
        ],
        **{
            f"UnharmPair_{level}{n}": {
                "Question": f"What {level} {n}?",
                "Answer": f"gold {level} {n}",
                "Prediction": f"said {level} {n}",
            }
            for level in ("text", "image")
            for n in (1, 2)
        },
    }


@pytest.fixture
def authors(tmp_path):
    """A folder as the authors release it: two training records and one held out, category empty."""
    folder = tmp_path / "authors"
    for name in ("img/Weapon/0.png", "img/Weapon/1.png", "pdset/image/Weapon/0.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 16), "red" if "pdset" in name else "blue").save(folder / name)
    (folder / "all_train.json").write_text(json.dumps([record(0), record(1)]))
    (folder / "all_val.json").write_text(json.dumps([record(1, category="")]))
    return folder


@pytest.fixture
def settings():
    return load_settings("safe_eraser", "smoke")
