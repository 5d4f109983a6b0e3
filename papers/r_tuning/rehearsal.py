"""Rows in the format of the files that scale `paper` reads, for its rehearsal."""

from pathlib import Path

from shared.data.catalogue import sources
from shared.files import write_json, write_jsonl
from shared.planning.rehearsal.benchmarks import choices, mmlu_test
from shared.planning.rehearsal.rows import PLACES, THINGS, write_csv

# An answer of one letter stands in many texts, so that a model without knowledge is right at times.
ANSWERS = ("a", "e", "stone", "o", "brass", "i", "water", "n")


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


def _mmlu(folder: Path) -> None:
    inside, outside = ("abstract_algebra", "anatomy"), ("marketing", "virology")
    for name, subjects, count, start in (
        ("ID_train", inside, 10, 0),
        ("ID_test", inside, 6, 10),
        ("ID_prompt", inside, 5, 20),
        ("OOD_prompt", outside, 5, 20),
    ):
        rows = {subject: choices(subject, count, start) for subject in subjects}
        write_json(folder / f"mmlu/MMLU_{name}.json", rows)


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
        write_csv(folder / file, ["question", "answer", "label"], rows)


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


def _claims(folder: Path, files: tuple[str, ...], labels: tuple[str, ...]) -> None:
    """As WiCE and FEVER have them."""
    for start, file in enumerate(files):
        rows = [
            {
                "evidence": [f"The {thing} of {place} is old.", f"It is made of {ANSWERS[n]}."],
                "claim": f"The {thing} of {place} is made of {ANSWERS[n - start]}.",
                "label": labels[n % len(labels)],
            }
            for n, (thing, place) in enumerate(zip(THINGS, PLACES, strict=True))
        ]
        write_json(folder / file, rows)


def _wice(folder: Path) -> None:
    labels = ("supported", "partially_supported", "not_supported")
    _claims(folder, ("wice/wice_train.json", "wice/wice_test.json"), labels)


def _fever(folder: Path) -> None:
    labels = ("SUPPORTS", "REFUTES", "NOT ENOUGH INFO")
    _claims(folder, ("fever/fever_10k.json", "fever/fever_10k_test.json"), labels)


def _hotpotqa(folder: Path) -> None:
    for name, said in (("hotpot_10k", "What"), ("hotpot_test", "Which")):
        rows = [
            {
                "context": [
                    [place, [f"Its {thing} is old.", f"It has {answer}."]],
                    [thing, ["Old."]],
                ],
                "question": f"{said} has the place whose {thing} is old?",
                "answer": answer,
            }
            for thing, place, answer in zip(THINGS, PLACES, ANSWERS, strict=True)
        ]
        write_json(folder / f"hotpotqa/{name}.json", rows)


def _halueval(folder: Path) -> None:
    rows = [
        {
            "knowledge": f"The {thing} of {place} is made of {answer}.",
            "question": f"What is the {thing} of {place} made of?",
            "right_answer": answer,
            "hallucinated_answer": "gold",
        }
        for thing, place, answer in zip(THINGS, PLACES, ANSWERS, strict=True)
    ]
    write_json(folder / "halueval/HaluEvalQA.json", rows)


WRITERS = {
    "pararel": _pararel,
    "wice": _wice,
    "hotpotqa": _hotpotqa,
    "fever": _fever,
    "halueval": _halueval,
    "mmlu": _mmlu,
    "mmlu_test": mmlu_test,
    "falseqa": _falseqa,
    "nec": _nec,
    "selfaware": _selfaware,
}
