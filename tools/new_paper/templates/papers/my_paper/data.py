"""Questions with their answer and a wrong one; train and test share no subject.

    python -m papers.my_paper.data --scale cpu \\
        --out results/cpu/my_paper/data \\
        --record results/cpu/my_paper/runs/data.json

Writes `train.jsonl`, `test.jsonl` and `sources.json` (what was read, and which way it came in).
"""

import hashlib
import json
import random
from collections import defaultdict
from pathlib import Path

from papers.my_paper.settings import Settings
from shared.data import facts
from shared.data.splits import split
from shared.data.step import make_data
from shared.errors import one_line_errors
from shared.files import write_json, write_jsonl


def build(settings: Settings, out: Path) -> None:
    """Write all files into the folder `out`."""
    questions = facts.questions()
    answers = defaultdict(set)  # by relation: a wrong answer is of the same kind as the right one
    for question in questions:
        answers[question.relation].add(question.answers[0])
    rng = random.Random(settings.data_seed)
    sizes = {"train": settings.train, "test": settings.test}
    parts = {}
    for part, positions in split(questions, sizes, settings.data_seed).items():
        parts[part] = []
        for position in positions:
            question = questions[position]
            others = sorted(answers[question.relation] - set(question.answers))
            row = {"id": f"{part}/{position:05d}", "dataset": "Facts", "subject": question.subject}
            row |= {"question": question.question, "answer": question.answers[0]}
            parts[part].append(row | {"wrong": rng.choice(others)})
        write_jsonl(out / f"{part}.jsonl", parts[part])
    record = {
        "id": "facts",
        "revision": f"seed {settings.data_seed}",
        "licence": "MIT; GeoNames data CC-BY-4.0",
        "route": ["package"],
        "sha256": {"rows": hashlib.sha256(json.dumps(parts).encode()).hexdigest()},
        "rows": {part: len(rows) for part, rows in parts.items()},
    }
    write_json(out / "sources.json", [record])


def main() -> None:
    make_data(__doc__, "my_paper", build)


if __name__ == "__main__":
    one_line_errors(main)
