"""The roles of RoleRef and the questions that they are asked.

Writes `roles.json` (of each role: name, profile, the prompts in which a question is put and, of
those written here, its work, statements of what it knows and its refusal), `queries.jsonl` (see
benchmark.py), what a stand-in is taught of these, `taught.jsonl`, and `sources.json`.
"""

from collections import Counter

from papers.roleref import authors_data, prompts
from papers.roleref.benchmark import queries, read_work
from papers.roleref.settings import Settings
from shared.data.ledger import Ledger
from shared.files import write_json, write_jsonl
from shared.runner.step import Run, step

READS = ("data_path", "works", "counts", "data_seed")

WORKS = "roles of works in the public domain"  # the source, where they are made here


def data(run: Run) -> dict:
    """Write roles and questions into the folder `out`: made here, or the authors' own."""
    settings, out = run.settings, run.out
    if settings.data_path:
        source, origin = authors_data.SOURCE, authors_data.ORIGIN
        roles, rows = authors_data.read(settings.data_path)
    else:
        source, origin = WORKS, {"revision": f"seed {settings.data_seed}"}
        roles, rows = made(settings)
    write_json(out / "roles.json", roles)
    write_jsonl(out / "queries.jsonl", [row for row in rows if row["split"] != "taught"])
    write_jsonl(out / "taught.jsonl", [row for row in rows if row["split"] == "taught"])
    ledger = Ledger()
    ledger.add(source, **origin, files=[out / "queries.jsonl"])
    ledger.used(source, Counter(f"{row['type']}, {row['split']}" for row in rows))
    ledger.write(out)
    return {"sources": list(ledger.records.values())}


def made(settings: Settings) -> tuple[dict[str, dict], list[dict]]:
    """Roles and questions of the works in the public domain."""
    roles = [role for name in settings.works for role in read_work(name, settings.data_seed)]
    records = {
        role.id: prompts.record(role.texts["name"], prompts.profile(role.texts, role.facts))
        | {"statements": prompts.statements(role.id, role.facts, role.events)}
        | {"indirect": prompts.indirect(role.id, role.facts, role.events)}
        | {"work": role.work, "refuses": role.texts["refuses"]}
        for role in roles
    }
    return records, queries(roles, settings.counts, settings.data_seed)


if __name__ == "__main__":
    step(data)
