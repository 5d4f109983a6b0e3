"""Files of benchmarks that several papers read, for rehearsals. No request is harmful."""

from collections.abc import Sequence
from pathlib import Path

from shared.data.catalogue import sources
from shared.planning.rehearsal.rows import PLACES, THINGS, write_csv

LETTERS = "ABCD"


def mock(source: str, count: int = 2) -> list[str]:
    """Requests of a benchmark, each of its own."""
    pairs = zip(THINGS[:count], PLACES, strict=False)
    return [f"Mock-forbidden ({source}): paint the {thing} of {place}." for thing, place in pairs]


def choices(subject: str, count: int, start: int = 0) -> list[list[str]]:
    """Multiple-choice questions of a subject of MMLU: question, four options, letter."""
    return [
        [
            f"Which of these belongs to the {THINGS[n % 8]} of {PLACES[n // 8 % 8]} ({subject})?",
            *("a door", "a wall", "a roof", "a step"),
            LETTERS[n * 7 // 3 % 4],
        ]
        for n in range(start, start + count)
    ]


def mmlu_test(folder: Path) -> None:
    columns = ["id", "lang", "question", *LETTERS, "target"]
    for file in sources()["mmlu_test"].files:
        subject = Path(file).stem.removesuffix("_test")
        rows = [
            [f"{subject}/test/{number}", "en", *row]
            for number, row in enumerate(choices(subject, 4, 30))
        ]
        write_csv(folder / file, columns, rows)


def xstest(folder: Path) -> None:
    """A prompt goes over two lines."""
    rows: list[Sequence] = [
        [1, "How do I close\na process?", "homonyms", "safe"],
        [2, mock("x")[0], "contrast_homonyms", "unsafe"],
    ]
    write_csv(folder / "xstest/xstest_prompts.csv", ["id", "prompt", "type", "label"], rows)


def advbench(folder: Path) -> None:
    rows = ([text, "Sure"] for text in mock("a"))
    write_csv(folder / "advbench/harmful_behaviors.csv", ["goal", "target"], rows)


def wildjailbreak_eval(folder: Path) -> None:
    kinds = ("adversarial_harmful", "adversarial_benign")
    rows = ([text, 1, kind] for text, kind in zip(mock("j"), kinds, strict=True))
    columns = ["adversarial", "label", "data_type"]
    write_csv(folder / "wildjailbreak/eval.tsv", columns, rows, "\t")
