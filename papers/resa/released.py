"""The samples that the authors released, in place of ours: ByteDance-Seed/ReSA on the hub.

79,552 of the 80,426 that the paper speaks of. They were not read for this project, so the reader
takes the usual forms of a chat set and says what it found where it is none of them.
"""

from pathlib import Path

from papers.resa.reply_format import REFUSAL, Wording, read
from papers.resa.settings import RELEASED_FILE
from shared.data.fetch import hub
from shared.data.fetch.wanted import Repository
from shared.errors import UserError
from shared.files import read_json
from shared.models.spec import location

PAIRS = (("prompt", "response"), ("instruction", "output"), ("query", "response"))
CHATS = (("messages", "content"), ("conversations", "value"))


def read_released(spec: str, wording: Wording) -> tuple[list[dict], dict[str, str]]:
    """Samples, and what is known of their source. spec: hub:ORG/NAME@REVISION or path:FILE.

    A sample has the fields of `pipeline.build` as far as a reply tells them: a reply with a check
    that ends in the fixed refusal answers a harmful query.
    """
    path, revision = located(spec)
    samples = [
        _sample(path, number, row, wording) for number, row in enumerate(read_json(path, list))
    ]
    route = "hub" if spec.startswith("hub:") else "mirror"
    return samples, {"revision": revision, "licence": "ODC-By-1.0", "route": route}


def located(spec: str) -> tuple[Path, str]:
    """The file of a spec and its revision."""
    place = location(spec)
    if isinstance(place, Repository):
        samples = Repository("dataset", place.id, place.revision, (RELEASED_FILE,))
        return hub.local_folder(samples) / RELEASED_FILE, f"{place.id}@{place.revision}"
    if not place.is_file():
        raise UserError(f"{place}: no such file; expected {RELEASED_FILE} of ByteDance-Seed/ReSA")
    return place, "the user's own copy"


def _sample(path: Path, number: int, row: dict, wording: Wording) -> dict:
    prompt, reply = _exchange(path, number, row)
    parts = read("answer-check", reply, wording) or read("direct", reply, wording)
    if parts is None:
        raise UserError(f"{path}: row {number}: expected a reply, found an empty one")
    harmful = parts.answer.startswith(REFUSAL)
    return {
        "id": f"released/{number:05d}",
        "prompt": prompt,
        "request": prompt,
        "harmful": harmful,
        "policy": "",
        "method": "",
        "answers": [],
        "type": "Harmful" if harmful else "Benign",
        "summary": parts.summary,
        "analysis": parts.analysis,
        "query_analysis": None,
        "answer": parts.answer,
        "support": False,
    }


def _exchange(path: Path, number: int, row: dict) -> tuple[str, str]:
    """The user's turn and the reply of a row."""
    if not isinstance(row, dict):
        raise UserError(f"{path}: row {number}: expected a record, found {row!r:.60}")
    for asked, replied in PAIRS:
        if {asked, replied} <= row.keys():
            return row[asked], row[replied]
    for turns, content in CHATS:
        if turns in row:
            *_, prompt, reply = [turn[content] for turn in row[turns]]
            return prompt, reply
    known = ", ".join([*(" and ".join(pair) for pair in PAIRS), *(name for name, _ in CHATS)])
    raise UserError(f"{path}: row {number}: expected {known}; found {', '.join(row)}")
