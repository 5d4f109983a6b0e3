"""Reading what the data step wrote."""

import json
from pathlib import Path

from shared.files import read_jsonl


def read_roles(data: Path) -> dict[str, dict]:
    return json.loads((data / "roles.json").read_text(encoding="utf-8"))


def read_queries(data: Path) -> list[dict]:
    return read_jsonl(data / "queries.jsonl")


def of_role(rows: list[dict], role: str) -> list[dict]:
    """The queries of a role, in the order of its hidden states."""
    return [row for row in rows if row["role"] == role]
