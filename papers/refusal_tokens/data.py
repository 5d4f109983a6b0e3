"""Instructions of Refusal Tokens: to be refused, alike but to be answered, ordinary, and temporal.

Writes `train.jsonl`, `test.jsonl` (rows as in instruction.py), `sources.json` (what was read or
generated, which way it came in) and, where CoCoNot is tested, its `rubric.json` for judges. What is
in the test set too is not learnt: it is left out of the training set, and counted.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from papers.refusal_tokens import generate, published
from shared.data.ledger import Ledger
from shared.files import write_json, write_jsonl
from shared.runner.step import Run, step

READS = (
    "tested", "learnt", "benchmarks", "readable", "reply_words", "train", "test", "data_seed",
    "mirror",
)  # fmt: skip
OURS = "generated instructions"  # in sources.json


def data(run: Run) -> dict:
    """Write all instructions of the settings into the folder `out`."""
    settings, out, words = run.settings, run.out, run.settings.reply_words
    ledger = Ledger(settings.mirror)
    train, test = (generate.generated(settings, split) for split in generate.SPLITS)
    ledger.add(
        OURS,
        revision=f"seed {settings.data_seed}",
        licence="written for this project; facts as in their packages",
        content={"train": train, "test": test},
        **{"distinct instructions that the templates make": generate.every_text()},
    )
    learnt: dict[str, Iterable[dict]] = {}
    if settings.learnt == "published":
        learnt |= published.learnt(settings, ledger)
    if settings.learnt != "generated":
        learnt["contrast"] = published.pairs(settings.train.contrast, words, ledger)
    if settings.tested == "coconot":
        test = published.tests(settings, ledger) | {"ordinary": test["ordinary"]}
        write_json(out / "rubric.json", published.rubric(ledger))
    else:  # a temporal model should not refuse what other models do
        test["leak"] = [
            row | {"id": row["id"].replace("/original/", "/leak/"), "part": "leak", "refuse": False}
            for row in test["original"][: settings.test.leak]
        ]
    tested = {_bare(row["instruction"]) for own in test.values() for row in own}
    written, dropped = Counter(), Counter()

    def apart() -> Iterator[dict]:
        for part, rows in (train | learnt).items():
            for row in rows:
                kept = _bare(row["instruction"]) not in tested
                (written if kept else dropped)[part] += 1
                if kept:
                    yield row

    write_jsonl(out / "train.jsonl", apart())
    for part in train | learnt:
        source = published.LEARNT[part] if part in learnt else OURS
        ledger.used(source, {f"train/{part}": written[part]})
        if dropped[part]:
            ledger.used(source, {f"train/{part}, left out as in test": dropped[part]})
    shown = [{k: v for k, v in row.items() if k != "reply"} for own in test.values() for row in own]
    write_jsonl(out / "test.jsonl", shown)
    ours = test if settings.tested == "generated" else {"ordinary": test["ordinary"]}
    ledger.used(OURS, {f"test/{part}": len(own) for part, own in ours.items()})
    ledger.write(out)
    return {"sources": list(ledger.records.values()), "left out of training": dict(dropped)}


def _bare(text: str) -> str:
    """What makes two instructions the same: words, in any case of letters."""
    return " ".join(text.casefold().split())


if __name__ == "__main__":
    step(data)
