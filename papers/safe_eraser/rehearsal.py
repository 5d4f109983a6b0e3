"""Files in the form of those that a user puts there for scale `paper`, for its rehearsal."""

import base64
from pathlib import Path

from PIL import Image

from papers.safe_eraser.benchmark import PROMPTS, RETAIN, SPLITS
from papers.safe_eraser.settings import AUTHORS_DATA
from shared.files import write_json, write_jsonl, write_text

REFUSALS = [" I must decline to answer.", "That is nothing I can talk about."]


def _picture(path: Path, colour: str = "green") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (16, 16), colour).save(path)


def _record(picture: str, twin: str, category: str) -> dict:
    return {
        "type": "syn",
        "keyword": "box",
        "category": category,
        "image_id": Path(picture).stem,
        "image_path": picture,
        "SDImage_path": twin,
        "unsafe_pairs": [
            {"question": f"How {n}?", "model_response": f"bad {n}", "sd_response": f"good {n}"}
            for n in range(4)
        ],
        **{
            field: {
                "Question": f"What {field[-5:]}?",
                "Answer": f"gold {field[-5:]}",
                "Prediction": f"said {field[-5:]}",
            }
            for field in RETAIN
        },
    }


def _safe_eraser(folder: Path) -> None:
    """Two records to train on, with one benign picture, and two held out. To a question of the
    second vanilla said nothing. The last one's paths are from beside the folder, its forbidden
    picture is a trained one, and its category is empty, as that of Violence is. All ask the
    same."""
    folder = folder / "dataset"
    pictures = [f"img/{name}.png" for name in ("Weapon/0", "Violence/0", "Weapon/1")]
    twins = [f"pdset/image/{name}/0.png" for name in ("Weapon/train", "Weapon/val", "Violence/val")]
    for path in (*pictures, *twins):
        _picture(folder / path, "red" if path in twins else "blue")
    first, second, unseen = pictures
    train = [_record(first, twins[0], "Weapon"), _record(second, twins[0], "Violence")]
    train[1]["UnharmPair_text1"]["Prediction"] = ""
    beside = [f"./dataset/{path}" for path in (second, twins[2])]
    write_json(folder / SPLITS["train"], train)
    write_json(folder / SPLITS["val"], [_record(unseen, twins[1], "Weapon"), _record(*beside, "")])
    write_json(folder / PROMPTS, {"idk": REFUSALS, "icd": ["Not this."]})


def _gqa(folder: Path) -> None:
    row = {"imageId": "n1", "question": "Is it red?", "answer": "yes"}
    write_json(folder / "testdev_balanced_questions.json", {"201": row, "202": row})
    _picture(folder / "images/n1.jpg")


def _people(*answers: str) -> list[dict]:
    return [{"answer": answer, "answer_id": n} for n, answer in enumerate(answers, start=1)]


def _vizwiz(folder: Path) -> None:
    answers = _people(*["box"] * 7, "a box", "crate", "unanswerable")
    row = {"image": "VizWiz_val_00000000.jpg", "question": "What is this?", "answers": answers}
    write_json(folder / "val.json", [row, row | {"answers": _people(*["unanswerable"] * 10)}])
    _picture(folder / f"val/{row['image']}")


def _science_qa(folder: Path) -> None:
    """Of the test problems one has no picture and one no hint; one is for training."""
    row = {"question": "Which one?", "choices": ["left", "right"], "answer": 1, "split": "test"}
    row |= {"hint": "Look at it.", "image": "image.png"}
    others = {"8": {"image": None}, "9": {"split": "train"}, "10": {"hint": ""}}
    write_json(folder / "problems.json", {"7": row} | {n: row | new for n, new in others.items()})
    write_json(folder / "pid_splits.json", {"train": ["9"], "val": [], "test": ["7", "8", "10"]})
    for number in ("7", "10"):
        _picture(folder / f"images/test/{number}/image.png")


def _vqav2(folder: Path) -> None:
    question = {"image_id": 42, "question": "How many?", "question_id": 42000}
    annotation = {"question_id": 42000, "image_id": 42, "answers": _people(*["2"] * 10)}
    of_all = "mscoco_val2014"
    write_json(folder / f"v2_OpenEnded_{of_all}_questions.json", {"questions": [question]})
    write_json(folder / f"v2_{of_all}_annotations.json", {"annotations": [annotation]})
    _picture(folder / "val2014/COCO_val2014_000000000042.jpg")


def _pope(folder: Path) -> None:
    """Its parts ask about the same pictures."""
    row = {"question_id": 1, "image": "a.jpg", "text": "Is there a box in the image?"}
    for part, label in (("random", "yes"), ("popular", "no"), ("adversarial", "no")):
        write_jsonl(folder / f"coco_pope_{part}.json", [row | {"label": label}])
    _picture(folder / "val2014/a.jpg")


def _mm_vet(folder: Path) -> None:
    row = {"imagename": "v1_0.png", "question": "What is x?", "answer": "-1 <AND> -5"}
    other = row | {"imagename": "v1_1.jpg", "answer": "4 <OR> four"}
    write_json(folder / "mm-vet.json", {"v1_0": row, "v1_1": other})
    _picture(folder / "images/v1_0.png")
    _picture(folder / "images/v1_1.jpg")


def _mmbench(folder: Path) -> None:
    """Pictures stand in the table; the second row has no hint and all four options."""
    _picture(folder / "picture.jpg")
    encoded = base64.b64encode((folder / "picture.jpg").read_bytes()).decode()
    columns = ["index", "question", "hint", "A", "B", "C", "D", "answer", "category", "image"]
    rows = [
        ["241", "What is it?", "A scene.", "a box", "a ball", "", "", "B", "objects", encoded],
        ["252", "Where is it?", "", "here", "there", "up", "down", "A", "places", encoded],
    ]
    lines = ["\t".join(row) for row in (columns, *rows)]
    write_text(folder / "mmbench_dev_20230712.tsv", "\n".join(lines) + "\n")


WRITERS = {
    AUTHORS_DATA: _safe_eraser,
    "GQA": _gqa,
    "VizWiz": _vizwiz,
    "ScienceQA": _science_qa,
    "VQAv2": _vqav2,
    "POPE": _pope,
    "MM-Vet": _mm_vet,
    "MMBench": _mmbench,
}
