"""Scanned documents whose text was marked by people: WildReceipt and FUNSD, in their own formats.

Both give a box for a text, not for its characters: these get equal parts of its width.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.data.documents import Box, Field
from shared.data.formats import as_list, expect
from shared.files import open_utf8, read_json, read_jsonl

RECEIPTS, RECEIPT_CLASSES = "train.txt", "class_list.txt"
FORMS = Path("training_data")
ENTITY = {"id", "text", "box", "label", "words", "linking"}
VALUE = "_value"  # ends the name of a class that holds what is asked for


@dataclass(frozen=True)
class Scan:
    """A picture file and its fields, which have the name that they are asked for by."""

    path: Path
    fields: tuple[Field, ...]


def read_wildreceipt(folder: Path) -> Iterator[Scan]:
    """The training receipts of WildReceipt (Sun et al. 2021), as `wildreceipt.tar` holds them: a
    JSON record a line, and a class a line of number and name. Fields are the values, such as
    `Total_value`, of which a receipt has just one. `UserError` names file and row.
    """
    path = folder / RECEIPTS
    classes = _classes(folder / RECEIPT_CLASSES)
    for number, row in enumerate(read_jsonl(path), start=1):
        known = isinstance(row, dict) and {"file_name", "annotations"} <= row.keys()
        expect(path, f"row {number}", row, known, "file_name, annotations")
        marked = as_list(path, row["annotations"])
        for each in marked:
            whole = isinstance(each, dict) and len(each.get("box", ())) == 8
            expect(path, f"row {number}", each, whole, "box of 8 numbers, text, label")
        count = Counter(each["label"] for each in marked)
        fields = []
        for each in marked:
            name = classes.get(each["label"], "")
            if name.endswith(VALUE) and count[each["label"]] == 1:
                box = _around(each["box"])
                fields.append(_field(_spoken(name), [(each["text"], box)], box))
        yield Scan(folder / row["file_name"], tuple(filter(None, fields)))


def read_funsd(folder: Path) -> Iterator[Scan]:
    """The training forms of FUNSD (Jaume et al. 2019), as `dataset.zip` holds them: a file a form.
    Fields are the answers that belong to one question alone, by its text. `UserError` names the
    file."""
    for path in sorted((folder / FORMS / "annotations").glob("*.json")):
        form = as_list(path, read_json(path, dict).get("form"))
        for each in form:
            whole = isinstance(each, dict) and each.keys() >= ENTITY
            expect(path, "form", each, whole, ", ".join(sorted(ENTITY)))
        entities = {each["id"]: each for each in form}
        links = {tuple(link) for each in entities.values() for link in each["linking"]}
        asked = Counter(link[1] for link in links)
        answered = Counter(link[0] for link in links)
        fields = []
        for question, answer in sorted(links):
            one = asked[answer] == answered[question] == 1
            labels = tuple(entities.get(i, {}).get("label") for i in (question, answer))
            if one and labels == ("question", "answer"):
                words = [(word["text"], tuple(word["box"])) for word in entities[answer]["words"]]
                name = entities[question]["text"].strip(" :")
                fields.append(_field(name, words, tuple(entities[answer]["box"])))
        picture = folder / FORMS / "images" / f"{path.stem}.png"
        yield Scan(picture, tuple(filter(None, fields)))


READERS = {"WildReceipt": read_wildreceipt, "FUNSD": read_funsd}


def _classes(path: Path) -> dict[int, str]:
    """Number → name, of lines such as `23 Total_value`."""
    with open_utf8(path) as file:
        lines = [line.split() for line in file if line.strip()]
    for line in lines:
        expect(path, "line", " ".join(line), len(line) == 2 and line[0].isdigit(), "number, name")
    return {int(number): name for number, name in lines}


def _spoken(name: str) -> str:
    """`Store_addr_value` → `store addr`."""
    return name.removesuffix(VALUE).replace("_", " ").lower()


def _around(corners: Sequence[float]) -> Box:
    """The upright box around four corners (x, y, x, y, …), in whatever order they are."""
    xs, ys = corners[::2], corners[1::2]
    return int(min(xs)), int(min(ys)), round(max(xs)), round(max(ys))


def _field(name: str, words: Sequence[tuple[str, Box]], line: Box) -> Field | None:
    """The characters of some words, without spaces, each with its part of the word's box; None of
    an empty text or box."""
    letters = [each for text, box in words for each in _letters("".join(text.split()), box)]
    if not letters or not name or any(right <= left for _, (left, _, right, _) in letters):
        return None
    return Field(name, "".join(text for text, _ in letters), tuple(b for _, b in letters), line)


def _letters(text: str, box: Box) -> Iterator[tuple[str, Box]]:
    left, top, right, bottom = box
    edges = [left + round((right - left) * i / max(1, len(text))) for i in range(len(text) + 1)]
    for letter, start, end in zip(text, edges, edges[1:], strict=False):
        yield letter, (start, top, end, bottom)
