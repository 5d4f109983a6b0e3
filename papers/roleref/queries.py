"""Roles and questions as the data step wrote them."""

from pathlib import Path

from shared.files import read_json, read_jsonl


def read_roles(data: Path) -> dict[str, dict]:
    """Role -> its name, profile and refusal. data: the folder that `papers.roleref.data` wrote."""
    return read_json(data / "roles.json")


def read_queries(data: Path) -> list[dict]:
    return read_jsonl(data / "queries.jsonl")


def of_role(rows: list[dict], role: str) -> list[dict]:
    """The questions of a role, in the order of its hidden states."""
    return [row for row in rows if row["role"] == role]
