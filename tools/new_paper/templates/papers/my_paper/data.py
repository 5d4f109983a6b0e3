"""Questions with their answer and a wrong one; train and test share no subject."""

import random

from shared.data import facts
from shared.data.ledger import Ledger
from shared.data.splits import split
from shared.files import write_jsonl
from shared.runner.step import Run, step

READS = ("sizes", "data_seed")
FROM = {"licence": "MIT; GeoNames data CC-BY-4.0", "route": "package"}


def data(run: Run) -> dict:
    """Write train.jsonl, test.jsonl and sources.json (what was read, which way it came in)."""
    seed, every, ledger = run.settings.data_seed, facts.questions(), Ledger()
    rng = random.Random(seed)
    for part, positions in split(every, run.settings.sizes, seed).items():
        rows = []
        for place, one in [(position, every[position]) for position in positions]:
            others = {other.answers[0] for other in every if other.relation == one.relation}
            wrong = rng.choice(sorted(others - {*one.answers}))
            row = {"id": f"{part}/{place:05d}", "subject": one.subject, "question": one.question}
            rows.append(row | {"answer": one.answers[0], "wrong": wrong})
        write_jsonl(run.out / f"{part}.jsonl", rows)
        ledger.add("facts", revision=f"seed {seed}", files=[run.out / f"{part}.jsonl"], **FROM)
        ledger.used("facts", {part: len(rows)})
    ledger.write(run.out)
    return {"sources": list(ledger.records.values())}


if __name__ == "__main__":
    step(data)
