"""The authors' own questions, where a user has them, from three files of their repository.

    train.json, test.json   role -> type -> records with a `question`, and to train on an `answer`;
                            `fake_method` says what a false question changes
    prompt.py               PROFILE, role -> text, and the templates of a prompt; read, never run

The repository itself has pointers of Git LFS in place of the first two.
"""

import ast
from pathlib import Path

from papers.roleref.settings import TRAINED, TYPES
from shared.errors import UserError
from shared.files import open_utf8, read_json

SOURCE = "RoleRef, the authors' data"
ORIGIN = {
    "revision": "of the user's own copy",
    "licence": "none stated",
    "route": "folder of the user",
}
TESTED = 50  # test questions of each role and type that their scripts ask
_LATER = "{question}"  # what a prompt has where its question will be put
TEMPLATES = {"prompt": "QUERY_TEMPLATE", "signal_prompt": "SIGNAL_QUERY_TEMPLATE"}


def read(folder: str | Path) -> tuple[dict[str, dict], list[dict]]:
    """Roles and queries, as `data` writes them: all for training, 50 of a kind to test.

    An out_series question has no target: their answer is that of another role, and what they
    trained on is what a model replied. Raises `UserError` naming file and record of the first
    that can't be read.
    """
    folder = Path(folder)
    source = folder / "prompt.py"
    texts = _assigned(source)
    rows = []
    for split, types, most in (("train", TRAINED, None), ("test", TYPES, TESTED)):
        path = folder / f"{split}.json"
        for role, of_role in read_json(path, dict).items():
            if role not in texts["PROFILE"]:
                raise UserError(f"{path}: role {role!r} has no profile in {source}")
            if not isinstance(of_role, dict) or not of_role.keys() <= set(TYPES):
                found = ", ".join(of_role) if isinstance(of_role, dict) else "no object"
                raise UserError(f"{path}: {role}: found {found}; expected {', '.join(TYPES)}")
            for type in types:
                if not isinstance(of_role.get(type, []), list):
                    raise UserError(f"{path}: {role}, {type}: found no list; expected its records")
                for number, record in enumerate(of_role.get(type, [])[:most]):
                    id = f"{role}/{type}/{split}/{number:03d}"
                    learnt = split == "train" and type != "out_series"
                    named = {"id": id, "role": role, "type": type, "split": split}
                    rows.append(named | _row(record, f"{path}: {id}", learnt) | {"fact": id})
    roles = {}
    for role in dict.fromkeys(row["role"] for row in rows):
        profile = texts["PROFILE"][role]
        filled = {"role": role, "role_profile": profile, "prompt_signal": True}
        try:
            made = {n: texts[t].format(**filled, question=_LATER) for n, t in TEMPLATES.items()}
        except (LookupError, ValueError) as error:
            raise UserError(
                f"{source}: a template has {error}; expected {', '.join(filled)} and question"
            ) from None
        roles[role] = {"name": role, "profile": profile, **made}
    return roles, rows


def _row(record: object, where: str, learnt: bool) -> dict:
    for field in ("question", "answer") if learnt else ("question",):
        if not isinstance(record, dict) or not isinstance(record.get(field), str):
            raise UserError(f"{where}: no {field}; expected it as text")
    target = record["answer"] if learnt else ""
    edit = record.get("fake_method") or ""
    # which questions are about the same fact is not known, nor which words an answer must have
    return {"question": record["question"], "target": target, "edit": edit, "keys": []}


def _assigned(path: Path) -> dict:
    """What the names that are needed are assigned in a file of Python."""
    if not path.is_file():
        raise UserError(f"{path}: no such file; expected code/evaluation/prompt.py of the authors")
    names = {"PROFILE": dict, **dict.fromkeys(TEMPLATES.values(), str)}
    found = {}
    with open_utf8(path) as file:
        try:
            for node in ast.parse(file.read()).body:
                if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in names:
                    found[node.targets[0].id] = ast.literal_eval(node.value)
        except (SyntaxError, ValueError) as error:
            raise UserError(f"{path}: not assignments of texts ({error})") from None
    for name, kind in names.items():
        if not isinstance(found.get(name), kind):
            raise UserError(f"{path}: no {name}; expected a {kind.__name__}")
    return found
