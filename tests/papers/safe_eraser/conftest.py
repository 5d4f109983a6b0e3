"""A benchmark of two records in the authors' form, with invented texts, and settings around it."""

import base64
import json

import pytest
from PIL import Image

from shared.settings import load_settings

REFUSALS = [" I must decline to answer.", "That is nothing I can talk about."]


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
    (folder / "prompt.json").write_text(json.dumps({"idk": REFUSALS, "icd": ["Not this."]}))
    (folder / "all_train.json").write_text(json.dumps([record(0), record(1)]))
    (folder / "all_val.json").write_text(json.dumps([record(1, category="")]))
    return folder


@pytest.fixture
def benchmarks(tmp_path):
    """A folder for each benchmark of specificity, with invented rows in its published files."""
    root = tmp_path / "benchmarks"

    def write(name, value):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = value if isinstance(value, list) and name.startswith("POPE") else [value]
        path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))

    def picture(name):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 16), "green").save(path)
        return path

    def said(*answers):
        return [{"answer": answer, "answer_id": n} for n, answer in enumerate(answers, start=1)]

    asked = {"imageId": "n1", "question": "Is it red?", "answer": "yes"}
    write("GQA/testdev_balanced_questions.json", {"201": asked})
    picture("GQA/images/n1.jpg")

    people = said(*["box"] * 7, "a box", "crate", "unanswerable")
    shown = {"image": "VizWiz_val_00000000.jpg", "question": "What is this?", "answers": people}
    write("VizWiz/val.json", [shown])
    picture("VizWiz/val/VizWiz_val_00000000.jpg")

    problem = {"question": "Which one?", "choices": ["left", "right"], "answer": 1}
    problem |= {"hint": "Look at it.", "image": "image.png", "split": "test"}
    problems = {"7": problem, "8": problem | {"image": None}, "9": problem | {"split": "train"}}
    write("ScienceQA/problems.json", problems)
    write("ScienceQA/pid_splits.json", {"train": ["9"], "val": [], "test": ["7", "8"]})
    picture("ScienceQA/images/test/7/image.png")

    question = {"image_id": 42, "question": "How many?", "question_id": 42000}
    write("VQAv2/v2_OpenEnded_mscoco_val2014_questions.json", {"questions": [question]})
    annotation = {"question_id": 42000, "image_id": 42, "answers": said(*["2"] * 10)}
    write("VQAv2/v2_mscoco_val2014_annotations.json", {"annotations": [annotation]})
    picture("VQAv2/val2014/COCO_val2014_000000000042.jpg")

    for part, label in (("random", "yes"), ("popular", "no"), ("adversarial", "no")):
        row = {"question_id": 1, "image": "a.jpg", "text": "Is there a box in the image?"}
        write(f"POPE/coco_pope_{part}.json", [row | {"label": label}])
    picture("POPE/val2014/a.jpg")

    graded = {"imagename": "v1_0.png", "question": "What is x?", "answer": "-1 <AND> -5"}
    write("MM-Vet/mm-vet.json", {"v1_0": graded})
    picture("MM-Vet/images/v1_0.png")

    encoded = base64.b64encode(picture("MMBench/picture.jpg").read_bytes()).decode()
    columns = ["index", "question", "hint", "A", "B", "C", "D", "answer", "category", "image"]
    row = ["241", "What is it?", "A scene.", "a box", "a ball", "", "", "B", "objects", encoded]
    table = "\t".join(columns) + "\n" + "\t".join(row) + "\n"
    (root / "MMBench" / "mmbench_dev_20230712.tsv").write_text(table)
    return root


@pytest.fixture
def settings():
    return load_settings("safe_eraser", "smoke")
