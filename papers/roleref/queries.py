"""Roles and questions as the data step wrote them."""

from pathlib import Path

from shared.files import read_json, read_jsonl


def read_roles(data: Path) -> dict[str, dict]:
    """Role -> its name, profile and prompts. data: the folder that `papers.roleref.data` wrote."""
    return read_json(data / "roles.json", dict)


def read_queries(data: Path, name: str = "queries") -> dict[str, list[dict]]:
    """Role -> its questions, in the order of its hidden states. name: `taught` for those that a
    stand-in is prepared with."""
    found: dict[str, list[dict]] = {}
    for row in read_jsonl(data / f"{name}.jsonl"):
        found.setdefault(row["role"], []).append(row)
    return found
