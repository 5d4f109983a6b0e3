"""The authors' own questions, where a user has them.

Their public repository holds only pointers to `data/train.json` and `data/test.json`, so the
layout is what its code and logs show: lists of records, each with a role, a query type, a
question and, for training, an answer. Profiles are in their `prompt.py`; here they are read from
`profiles.json`, an object from role to text.
"""

from collections import Counter
from pathlib import Path

from papers.roleref.settings import TRAINED, TYPES, Counts
from shared.errors import UserError
from shared.files import read_json

SOURCE = "RoleRef, the authors' data"
ORIGIN = {
    "revision": "of the user's own copy",
    "licence": "none stated",
    "route": "folder of the user",
}

# The names under which a field may be found.
FIELDS = {
    "role": ("role", "character"),
    "type": ("type", "query_type", "question_type"),
    "question": ("question", "query"),
    "answer": ("answer", "response", "output"),
}


def read(folder: str | Path, counts: Counts) -> tuple[dict[str, dict], list[dict]]:
    """Roles and queries, as `data` writes them.

    Raises `UserError` naming file and record of the first that can't be read.
    """
    folder = Path(folder)
    profiles = read_json(folder / "profiles.json", dict)
    rows, taken = [], Counter()
    for split in ("train", "test"):
        path = folder / f"{split}.json"
        for number, record in enumerate(read_json(path, list)):
            row = _row(record, f"{path}: record {number}", profiles, split)
            key = (row["role"], row["type"], split)
            most = counts.test if split == "test" else getattr(counts, row["type"], 0)
            if most is not None and taken[key] >= most:
                continue
            row["id"] = f"{row['role']}/{row['type']}/{split}/{taken[key]:03d}"
            row["fact"] = row["id"]  # which questions are about the same fact is not known
            taken[key] += 1
            rows.append(row)
    refuses = "I can't answer that."
    roles = {
        role: {"name": role, "profile": text, "refuses": refuses} for role, text in profiles.items()
    }
    return roles, rows


def _row(record: dict, where: str, profiles: dict, split: str) -> dict:
    found = {
        field: next((record[name] for name in names if name in record), None)
        for field, names in FIELDS.items()
    }
    for field in ("role", "type", "question"):
        if not found[field]:
            listed = " or ".join(FIELDS[field])
            raise UserError(f"{where}: no {field}; expected it as {listed}")
    if found["role"] not in profiles:
        raise UserError(f"{where}: role {found['role']!r} has no profile in profiles.json")
    allowed = TYPES if split == "test" else TRAINED
    if found["type"] not in allowed:
        raise UserError(
            f"{where}: type {found['type']!r} of role {found['role']}; expected one of "
            f"{', '.join(allowed)}"
        )
    return {
        "role": found["role"],
        "type": found["type"],
        "split": split,
        "edit": "",
        "question": found["question"],
        "target": found["answer"] or "",
        "keys": [],
    }
