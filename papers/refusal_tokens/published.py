"""Instructions of Refusal Tokens that are published: CoCoNot, the temporal test set, UltraChat."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from pyarrow.parquet import ParquetFile

from papers.refusal_tokens.instruction import record
from papers.refusal_tokens.methods import CATEGORIES
from papers.refusal_tokens.settings import ULTRACHAT, Settings
from shared.data.fetch import hub
from shared.data.ledger import Ledger
from shared.data.refusal_benchmarks import (
    Request,
    read_coconot,
    read_coconot_pairs,
    read_temporal,
)
from shared.data.splits import first_of_each
from shared.files import read_jsonl

KEYS = {name: key for key, name in CATEGORIES.items()}  # of categories, as CoCoNot names them


def tests(settings: Settings, ledger: Ledger) -> dict[str, list[dict]]:
    """The test records of CoCoNot and of the temporal set, by part."""
    made = {}
    for part, file, refuse in (
        ("original", "coconot/coconot_eval.jsonl", True),
        ("contrast", "coconot/coconot_contrast_eval.jsonl", False),
    ):
        path = ledger.fetch("coconot", file)
        rows = sorted(read_coconot(path, file, refuse=refuse), key=lambda row: row.id)
        rows = [row for row in rows if row.category in KEYS]
        rows = _each(rows, getattr(settings.test, part))
        made[part] = [_request(row, part, KEYS[row.category]) for row in rows]
        ledger.used("coconot", {part: len(rows)})
    path = ledger.fetch("refusal_tokens", "coconot/refusal_eval_temporal.csv")
    splits = {"temporal": "temporal", "normal": "dated", "coconut-refusal": "leak"}
    rows = read_temporal(path, "temporal")
    for split, part in splits.items():
        own = [row for row in rows if row.category == split]
        size = settings.test.temporal if part == "temporal" else settings.test.dated
        own = own if size is None else own[:size]
        made[part] = [_request(row, part, "") for row in own]
        ledger.used("refusal_tokens", {part: len(made[part])})
    return made


def pairs(size: int | None, words: int | None, ledger: Ledger) -> list[dict]:
    """Contrast instructions to learn, with the answers of CoCoNot's preference pairs.

    size: of each category. words: of each answer. None: all.
    """
    path = ledger.fetch("coconot", "coconot/coconot_pref.jsonl")
    found = [pair for pair in read_coconot_pairs(path, "pairs") if pair.request.category in KEYS]
    order = {pair.request.id: pair for pair in found}
    rows = _each([pair.request for pair in order.values()], size)
    made = []
    for row in rows:
        reply = " ".join(order[row.id].answer.split()[:words])
        made.append(_request(row, "contrast", KEYS[row.category], "train", reply))
    ledger.used("coconot", {"train/contrast": len(made)})
    return made


def learnt(settings: Settings, ledger: Ledger) -> dict[str, list[dict]]:
    """What the paper learns: CoCoNot's refusals, and the first exchanges of UltraChat.

    The first of the settings' sizes, in the order of the files.
    """
    rows = read_jsonl(ledger.fetch("coconot_train", "coconot/coconot_train.jsonl"))
    rows = [row for row in rows if row["category"] in KEYS]
    refusals = [
        record(
            f"train/original/{row['id']}",
            row["prompt"],
            row["response"],
            "original",
            KEYS[row["category"]],
            refuse=True,
        )
        for row in first_of_each(rows, settings.train.original, lambda row: row["category"])
    ]
    ledger.used("coconot_train", {"train/original": len(refusals)})
    talks = islice(_talks(hub.local_folder(ULTRACHAT)), settings.train.ordinary)
    answers = [
        record(f"train/ordinary/{number:06d}", asked["content"], said["content"], "ordinary")
        for number, (asked, said) in enumerate(talks)
    ]
    ledger.add(
        ULTRACHAT.id,
        revision=ULTRACHAT.revision,
        licence="MIT (not confirmed)",
        route="hub",
        digests={name: file.digest for name, (file, _) in hub.read_record(ULTRACHAT).items()},
    )
    ledger.used(ULTRACHAT.id, {"train/ordinary": len(answers)})
    return {"original": refusals, "ordinary": answers}


def _talks(folder: Path) -> Iterator[list[dict]]:
    """The first exchange of each conversation, in the order of the files."""
    for path in sorted(folder.glob(*ULTRACHAT.only)):
        for batch in ParquetFile(path).iter_batches(columns=["messages"]):
            yield from (messages[:2] for messages in batch["messages"].to_pylist())


def _request(row: Request, part: str, category: str, split: str = "test", reply: str = "") -> dict:
    name = f"{split}/{part}/{row.id}"
    return record(name, row.text, reply, part, category, refuse=row.refuse)


def _each(rows: Sequence[Request], size: int | None) -> list[Request]:
    return first_of_each(rows, size, lambda row: row.category)
