"""Rows in the format of the files that scale `paper` reads, for its rehearsal."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

from papers.kie_hvqa.notation import Answer, write_answer
from papers.kie_hvqa.official import FILE
from papers.kie_hvqa.settings import OCRBENCH
from papers.kie_hvqa.spoiling import encoded
from shared.data.pictures import font
from shared.files import write_json, write_jsonl, write_text
from shared.planning.rehearsal.rows import PLACES, THINGS

SIZE = (224, 112)  # of every picture, in pixels
LINE, LEFT = 24, 4  # height of a line of text, and where it begins
COLUMN = 100  # where the second text of a line begins


def _picture(*lines: Sequence[str]) -> bytes:
    """The file of a photograph of lines of one or two texts."""
    image = Image.new("RGB", SIZE, "white")
    pen = ImageDraw.Draw(image)
    for number, texts in enumerate(lines):
        for left, text in zip((LEFT, COLUMN), texts, strict=False):
            pen.text((left, number * LINE), text, font=font(LINE - 8), fill="black")
    return encoded(np.asarray(image))


def _box(number: int, left: int) -> list[int]:
    """Around a text in line `number`: left, top, right, bottom."""
    return [left, number * LINE, left + COLUMN - 2 * LEFT, (number + 1) * LINE]


def _official(folder: Path) -> None:
    """Rows call `./images/` what lies in `./data/`, and some nested answers are not JSON. One row
    is given twice, one has no picture, one no answer."""
    values = {
        "tower": Answer("$ . 0 0", "5", "$5.00", 4, 1),
        "museum": Answer("1 2 . g", "", "12. g", 4, 0),
        "market": Answer("A N", "L", " ALN", 2, 1),
        "garden": Answer("4 0 m g", "7", "470mg", 4, 1),
    }
    rows = [
        {
            "id": str(number),
            "image": f"./images/{thing}.jpg",
            "problem": f"<image>\nWhat does the sign of the {thing} say?",
            "answer": write_answer(answer),
        }
        for number, (thing, answer) in enumerate(values.items())
    ]
    (folder / "data").mkdir(parents=True)
    for thing, answer in values.items():
        (folder / "data" / f"{thing}.jpg").write_bytes(_picture([thing, answer.final]))
    first = rows[0]
    unusable = [
        first | {"answer": first["answer"].removesuffix('"}')},
        first | {"answer": "$<part_occluded>[5].<occluded>0"},
        first | {"image": "./images/lost.jpg"},
        {name: first[name] for name in ("id", "image", "problem")},
    ]
    write_jsonl(folder / FILE, [*rows, first, *unusable])


def _ocrbench(folder: Path) -> None:
    """Two questions of each part that is read, one of a part that is not; an answer may be given in
    several spellings."""
    rows = [
        {
            "dataset": place,
            "question": f"what is written on the {thing}? "
            "Answer this question using the text in the image directly.",
            "question_type": kind,
            "answer": [place, place.upper()],
            "image": {"bytes": _picture([thing, place]), "path": f"{thing}.jpg"},
        }
        for thing, place, kind in zip(
            THINGS, PLACES, [*OCRBENCH, *OCRBENCH, "Digit String Recognition"], strict=False
        )
    ]
    (folder / "data").mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_parquet(folder / "data" / "test-00000-of-00001.parquet")


def _wildreceipt(folder: Path) -> None:
    """Receipts with a shop, a total, and a telephone number that is given twice. The box of one
    total ends beyond the picture; one receipt has nothing that can be asked for."""
    names = ["Ignore", "Store_name_value", "Store_name_key", "Tel_value", "Total_value", "Others"]
    classes = [f"{number} {name}\n" for number, name in enumerate(names)]
    rows = []
    for number, place in enumerate(PLACES[:3]):
        lines = [(place, 1), (f"${number + 4}.50", 4), ("555 01", 3), ("555 02", 3), ("Thanks", 5)]
        marked = []
        for line, (text, label) in enumerate(lines):
            left, top, right, bottom = _box(line, COLUMN)
            if (number, label) == (1, 4):
                right = SIZE[0] + COLUMN
            corners = [left, bottom, right, bottom, right, top, left, top]
            marked.append({"box": corners, "text": text, "label": label})
        file = folder / "image_files" / f"{number}.jpeg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_picture(*(["", text] for text, _ in lines)))
        height_width = {"height": SIZE[1], "width": SIZE[0]}
        kept = marked if number < 2 else marked[2:]
        rows.append({"file_name": f"image_files/{file.name}", **height_width, "annotations": kept})
    write_text(folder / "class_list.txt", "".join(classes))
    write_jsonl(folder / "train.txt", rows)


def _funsd(folder: Path) -> None:
    """Forms whose first question has an answer, whose second has two and whose third an empty
    one."""

    def entity(number: int, label: str, text: str, line: int, links: list[list[int]]) -> dict:
        box = _box(line, LEFT if label == "question" else COLUMN)
        words = [{"text": text, "box": box}]
        about = {"id": number, "text": text, "label": label, "box": box}
        return about | {"words": words, "linking": links}

    for thing, place in zip(THINGS[:2], PLACES, strict=False):
        form = [
            entity(0, "question", f"{thing}:", 0, [[0, 1]]),
            entity(1, "answer", place, 0, [[0, 1]]),
            entity(2, "question", "From:", 1, [[2, 3], [2, 4]]),
            entity(3, "answer", "Ann", 1, [[2, 3]]),
            entity(4, "answer", "Bob", 2, [[2, 4]]),
            entity(5, "question", "Fax:", 3, [[5, 6]]),
            entity(6, "answer", "", 3, [[5, 6]]),
        ]
        part = folder / "training_data"
        write_json(part / "annotations" / f"{thing}.json", {"form": form})
        (part / "images").mkdir(exist_ok=True)
        (part / "images" / f"{thing}.png").write_bytes(_picture([thing, place], ["From:", "Ann"]))


WRITERS = {
    "bytedance-research/KIE-HVQA": _official,
    "OCRBench": _ocrbench,
    "WildReceipt": _wildreceipt,
    "FUNSD": _funsd,
}
