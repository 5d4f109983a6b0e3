"""Instructions of Refusal Tokens: to be refused, alike but to be answered, ordinary, and temporal.

Writes `train.jsonl`, `test.jsonl` (rows as in instruction.py) and `sources.json` (what was read or
generated, which way it came in).
"""

from collections.abc import Iterable, Iterator

from papers.refusal_tokens import generate, published
from shared.data.ledger import Ledger
from shared.files import write_jsonl
from shared.workflow.step import Run, step

READS = ("tested", "learnt", "reply_words", "train", "test", "data_seed", "mirror")
OURS = "generated instructions"  # in sources.json


def data(run: Run) -> dict:
    """Write all instructions of the settings into the folder `out`."""
    settings, out, words = run.settings, run.out, run.settings.reply_words
    ledger = Ledger(settings.mirror)
    train, test = (generate.generated(settings, split) for split in generate.SPLITS)
    if settings.learnt == "published":
        train |= published.learnt(settings, ledger)
    if settings.learnt != "generated":
        train["contrast"] = published.pairs(settings.train.contrast, words, ledger)
    if settings.tested == "coconot":
        test = published.tests(settings, ledger) | {"ordinary": test["ordinary"]}
    else:  # a temporal model should not refuse what other models do
        test["leak"] = [
            row | {"id": row["id"].replace("/original/", "/leak/"), "part": "leak", "refuse": False}
            for row in test["original"]
        ]
    parts = {"train": train, "test": test}
    generate.check_apart({split: _texts(made.values()) for split, made in parts.items()})
    ledger.add(
        OURS,
        revision=f"seed {settings.data_seed}",
        licence="written for this project; facts as in their packages",
        content=parts,
        **{"distinct instructions that the templates make": generate.every_text()},
    )
    for split, made in parts.items():
        if split == "test":
            made = {part: [_without(row, "reply") for row in own] for part, own in made.items()}
        write_jsonl(out / f"{split}.jsonl", [row for own in made.values() for row in own])
        ledger.used(OURS, {f"{split}/{part}": len(own) for part, own in made.items()})
    ledger.write(out)
    return {"sources": list(ledger.records.values())}


def _texts(parts: Iterable[list[dict]]) -> Iterator[str]:
    return (row["instruction"] for own in parts for row in own)


def _without(row: dict, key: str) -> dict:
    return {name: value for name, value in row.items() if name != key}


if __name__ == "__main__":
    step(data)
