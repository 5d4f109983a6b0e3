"""WildJailbreak (Jiang et al. 2024, arXiv 2406.18510), whose files are gated: a user's own copy."""

from pathlib import Path

import pandas as pd

from shared.data.formats import expect

COLUMNS = ["vanilla", "adversarial", "completion", "data_type"]
EVALUATION = ["adversarial", "data_type"]
TYPES = ("vanilla_harmful", "vanilla_benign", "adversarial_harmful", "adversarial_benign")
WJ = "WJ"  # its attack, as Table 1 names it


def read_wildjailbreak(path: Path) -> list[dict]:
    """Samples of its training file, tab-separated: `prompt`, the `request` in it, `method` (WJ, or
    "" without an attack), `harmful`, its own completion as `answer`, and no check.

    Raises `UserError` with the row where the format is not the published one.
    """
    rows = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    expect(path, "columns", list(rows), {*COLUMNS} <= {*rows}, ", ".join(COLUMNS))
    samples = []
    for number, row in enumerate(rows[COLUMNS].to_dict("records")):
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
    rows = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    expect(path, "columns", list(rows), {*EVALUATION} <= {*rows}, ", ".join(EVALUATION))
    return rows.loc[rows["data_type"] == "adversarial_benign", "adversarial"].tolist()
