"""A few rows of each public data set in its published format, written for rehearsals.

All of it is invented and harmless. What official files have of defects is in them too: a row given
twice, a question of the training set in the test set, an empty field. A writer gets the folder that
stands for a mirror, or for a repository of the hub, and writes there what the real one has.
"""

import csv
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from shared.data.catalogue import sources
from shared.errors import UserError
from shared.files import write_json, write_jsonl

Writer = Callable[[Path], None]

WRITERS: dict[str, Writer] = {}  # by id of a source, or of a data set on the hub

PLACES = ("Aberdeen", "Bergen", "Cork", "Delft", "Evora", "Fulda", "Ghent", "Helsinki")
THINGS = ("bridge", "clock", "garden", "harbour", "library", "market", "museum", "tower")
# An answer of one letter stands in many texts, so that a model without knowledge is right at times.
ANSWERS = ("a", "e", "stone", "o", "brass", "i", "water", "n")
LETTERS = "ABCD"


def rows_of(name: str) -> Writer:
    """Raises `UserError` if nobody wrote rows for this source or data set."""
    if name not in WRITERS:
        raise UserError(f"{name}: no rows for the rehearsal; add a writer to {Path(__file__).name}")
    return WRITERS[name]


def of(name: str) -> Callable[[Writer], Writer]:
    def register(writer: Writer) -> Writer:
        WRITERS[name] = writer
        return writer

    return register


@of("pararel")
def _pararel(folder: Path) -> None:
    relations = {
        "P1(made of)": "What is the {} of {} made of?",
        "P2(near)": "What is near the {} of {}?",
    }
    inside = [
        [text.format(thing, place), ANSWERS[(i + j) % len(ANSWERS)], name]
        for name, text in relations.items()
        for i, place in enumerate(PLACES)
        for j, thing in enumerate(THINGS[:3])
    ]
    outside = [
        [f"Who looks after the {thing} of {place}?", ANSWERS[i], "P3(keeper)"]
        for i, (thing, place) in enumerate(zip(THINGS, PLACES, strict=True))
    ]
    train, test = inside[::2], [*inside[1::2][:12], inside[0]]  # one is learnt and asked
    for name, rows in (("training_data", [*train, train[0]]), ("ID_test_pararel", test)):
        write_json(folder / f"pararel/{name}.json", rows)
    write_json(folder / "pararel/OOD_test_pararel.json", outside)


def _choices(subject: str, count: int, start: int = 0) -> list[list[str]]:
    return [
        [
            f"Which of these belongs to the {THINGS[n % 8]} of {PLACES[n // 8 % 8]} ({subject})?",
            *("a door", "a wall", "a roof", "a step"),
            LETTERS[n * 7 // 3 % 4],
        ]
        for n in range(start, start + count)
    ]


@of("mmlu")
def _mmlu(folder: Path) -> None:
    inside, outside = ("abstract_algebra", "anatomy"), ("marketing", "virology")
    for name, subjects, count, start in (
        ("ID_train", inside, 10, 0),
        ("ID_test", inside, 6, 10),
        ("ID_prompt", inside, 5, 20),
        ("OOD_prompt", outside, 5, 20),
    ):
        rows = {subject: _choices(subject, count, start) for subject in subjects}
        write_json(folder / f"mmlu/MMLU_{name}.json", rows)


@of("mmlu_test")
def _mmlu_test(folder: Path) -> None:
    columns = ["id", "lang", "question", *LETTERS, "target"]
    for file in sources()["mmlu_test"].files:
        subject = Path(file).stem.removesuffix("_test")
        rows = [
            [f"{subject}/test/{number}", "en", *row]
            for number, row in enumerate(_choices(subject, 4, 30))
        ]
        _write_csv(folder / file, columns, rows)


@of("falseqa")
def _falseqa(folder: Path) -> None:
    for file in sources()["falseqa"].files:
        rows = [
            row
            for thing in THINGS[:4]
            for row in (
                [f"Why does the {thing} swim at night?", f"No {thing} swims.", 1],
                [f"Why is the {thing} closed at night?", "So that it is clean again.", 0],
            )
        ]
        _write_csv(folder / file, ["question", "answer", "label"], rows)


@of("nec")
def _nec(folder: Path) -> None:
    for name, label, things in (
        ("unanswerable", 1, [f"Velm{thing}" for thing in THINGS[:4]]),
        ("answerable", 0, THINGS[:4]),
    ):
        write_jsonl(
            folder / f"nec/NEC_{name}.json",
            (
                {"prompt": f"How old is the {t}?", "label": label, "category": "other"}
                for t in things
            ),
        )


@of("selfaware")
def _selfaware(folder: Path) -> None:
    rows = [
        {
            "question_id": number,
            "question": question,
            "answer": [answer] if answer else None,
            "answerable": bool(answer),
            "source": "squad",
        }
        for number, (question, answer) in enumerate(
            pair
            for thing in THINGS[:4]
            for pair in ((f"What is a {thing} for?", "people"), (f"What does a {thing} feel?", ""))
        )
    ]
    write_json(folder / "selfaware/SelfAware.json", {"example": rows})


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
