"""WildJailbreak (Jiang et al. 2024, arXiv 2406.18510), whose files are gated: a user's own copy."""

from pathlib import Path

from shared.data import refusal_benchmarks
from shared.data.formats import expect, read_csv

COLUMNS = ("vanilla", "adversarial", "completion", "data_type")
TYPES = ("vanilla_harmful", "vanilla_benign", "adversarial_harmful", "adversarial_benign")
WJ = "WJ"  # its attack, as Table 1 names it


def read_wildjailbreak(path: Path) -> list[dict]:
    """Samples of its training file, tab-separated: `prompt`, the `request` in it, `method` (WJ, or
    "" without an attack), `harmful`, its own completion as `answer`, and no check.

    Raises `UserError` with the row where the format is not the published one.
    """
    samples = []
    for number, row in enumerate(read_csv(path, COLUMNS, "\t")):
        expect(path, f"row {number}, data_type", row["data_type"], row["data_type"] in TYPES, TYPES)
        attack, side = row["data_type"].split("_")
        samples.append(
            {
                "id": f"wildjailbreak/{number:06d}",
                "prompt": row[attack],
                "request": row["vanilla"],
                "method": WJ if attack == "adversarial" else "",
                "harmful": side == "harmful",
                "type": f"{attack} {side}".title(),
                **dict.fromkeys(("summary", "analysis", "query_analysis")),
                "answer": row["completion"],
                "support": False,
            }
        )
    return samples


def read_evaluation(path: Path) -> list[str]:
    """The adversarial benign prompts of its evaluation file (210 of 2,210)."""
    every = refusal_benchmarks.read_wildjailbreak(path, WJ)
    return [request.text for request in every if not request.refuse]
