"""The roles of RoleRef and the questions that they are asked.

    python -m papers.roleref.data --scale cpu --out results/cpu/roleref/data \\
        --record results/cpu/roleref/runs/data.json

Writes `roles.json` (of each role: name, profile, what it says to refuse), `queries.jsonl` (see
benchmark.py) and `sources.json`.
"""

import sys
from collections import Counter

from papers.roleref import authors_data, prompts
from papers.roleref.benchmark import queries, read_work
from papers.roleref.settings import Settings
from shared.files import sha256, write_json, write_jsonl
from shared.workflow.step import Run, step

READS = ("data_path", "works", "counts", "test_facts", "test_events", "data_seed")


def data(run: Run) -> dict:
    """Write roles and questions into the folder `out`: made here, or the authors' own."""
    settings, out = run.settings, run.out
    if settings.data_path:
        roles, rows, source = authors_data.read(settings.data_path, settings.counts)
    else:
        roles, rows, source = made(settings)
    write_json(out / "roles.json", roles)
    write_jsonl(out / "queries.jsonl", rows)
    counted = Counter(f"{row['type']}, {row['split']}" for row in rows)
    source |= {"sha256": {"queries.jsonl": sha256(out / "queries.jsonl")}, "rows": dict(counted)}
    write_json(out / "sources.json", [source])
    listed = ", ".join(f"{name}: {count}" for name, count in counted.items())
    print(f"{len(roles)} roles, {listed}", file=sys.stderr)
    return {"sources": [source]}


def made(settings: Settings) -> tuple[dict, list[dict], dict]:
    """Roles, questions and the source record of the works in the public domain."""
    split = (settings.test_facts, settings.test_events, settings.data_seed)
    roles = [role for name in settings.works for role in read_work(name, *split)]
    records = {
        role.id: {
            "name": role.texts["name"],
            "profile": prompts.profile(role.texts, role.facts),
            "refuses": role.texts["refuses"],
        }
        for role in roles
    }
    source = {
        "id": "roles of works in the public domain",
        "revision": f"seed {settings.data_seed}",
        "licence": "written for this project",
        "route": ["generated"],
    }
    return records, queries(roles, settings.counts, settings.data_seed), source


if __name__ == "__main__":
    step(data)
