"""Instructions of Refusal Tokens: to be refused, alike but to be answered, ordinary, and temporal.

Writes `train.jsonl`, `test.jsonl` (rows as in instruction.py) and `sources.json` (what was read or
generated, which way it came in).
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator

from papers.refusal_tokens import generate, published
from papers.refusal_tokens.settings import Settings
from shared.files import write_json, write_jsonl
from shared.workflow.step import Run, step

READS = ("tested", "learnt", "reply_words", "train", "test", "data_seed", "mirror")


def data(run: Run) -> dict:
    """Write all instructions of the settings into the folder `out`."""
    settings, out = run.settings, run.out
    train, test = (generate.generated(settings, split) for split in generate.SPLITS)
    records = []
    if settings.learnt == "published":
        learnt, more = published.learnt(settings)
        train |= learnt
        records += more
    if settings.learnt != "generated":
        train["contrast"], source = published.pairs(settings)
        records.append(source)
    if settings.tested == "coconot":
        ordinary = test["ordinary"]
        test, more = published.tests(settings)
        test["ordinary"] = ordinary
        records += more
    else:  # a temporal model should not refuse what other models do
        test["leak"] = [
            row | {"id": row["id"].replace("/original/", "/leak/"), "part": "leak", "refuse": False}
            for row in test["original"]
        ]
    parts = {"train": train, "test": test}
    generate.check_apart({split: _texts(made.values()) for split, made in parts.items()})
    rows = {}
    for split, made in parts.items():
        if split == "test":
            made = {part: [_without(row, "reply") for row in own] for part, own in made.items()}
        write_jsonl(out / f"{split}.jsonl", [row for own in made.values() for row in own])
        rows |= {f"{split}/{part}": len(own) for part, own in made.items()}
    records.append(_generated_source(settings, parts, rows))
    write_json(out / "sources.json", records)
    print(", ".join(f"{name}: {count}" for name, count in rows.items()), file=sys.stderr)
    return {"sources": records}


def _generated_source(settings: Settings, parts: dict, rows: dict) -> dict:
    text = json.dumps(parts, ensure_ascii=False)
    return {
        "id": "generated instructions",
        "revision": f"seed {settings.data_seed}",
        "licence": "written for this project; facts as in their packages",
        "route": ["generated"],
        "sha256": {"rows": hashlib.sha256(text.encode()).hexdigest()},
        "rows": rows,
        "distinct instructions that the templates make": generate.every_text(),
    }


def _texts(parts: Iterable[list[dict]]) -> Iterator[str]:
    return (row["instruction"] for own in parts for row in own)


def _without(row: dict, key: str) -> dict:
    return {name: value for name, value in row.items() if name != key}


if __name__ == "__main__":
    step(data)
