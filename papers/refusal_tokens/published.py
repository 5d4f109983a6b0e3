"""Instructions of Refusal Tokens that are published: CoCoNot, the temporal test set, UltraChat, and
the benchmarks of others."""

import sys
from collections.abc import Iterable
from itertools import islice
from operator import attrgetter

from pyarrow.parquet import ParquetFile

from papers.refusal_tokens.benchmarks import BENCHMARKS
from papers.refusal_tokens.instruction import record
from papers.refusal_tokens.methods import CATEGORIES
from papers.refusal_tokens.settings import RUBRIC, ULTRACHAT, Settings
from shared.data.catalogue import sources
from shared.data.fetch import hub
from shared.data.ledger import Ledger
from shared.data.refusal_benchmarks import (
    Request,
    read_coconot,
    read_coconot_pairs,
    read_coconot_refusals,
    read_temporal,
)
from shared.data.splits import first_of_each
from shared.files import read_json

KEYS = {name: key for key, name in CATEGORIES.items()}  # of categories, as CoCoNot names them
BY_CATEGORY = attrgetter("category")
# The source of each part of the training set that is read here.
LEARNT = {"original": "coconot_train", "ordinary": ULTRACHAT.id, "contrast": "coconot"}


def tests(settings: Settings, ledger: Ledger) -> dict[str, list[dict]]:
    """The test records by part: of CoCoNot, of the temporal set, and of each set of a benchmark."""
    made = {}
    for part, file, refuse in (
        ("original", "coconot/coconot_eval.jsonl", True),
        ("contrast", "coconot/coconot_contrast_eval.jsonl", False),
    ):
        path = ledger.fetch("coconot", file)
        rows = sorted(read_coconot(path, file, refuse=refuse), key=lambda row: row.id)
        rows = first_of_each(rows, getattr(settings.test, part), BY_CATEGORY)
        made[part] = [_request(row, part, KEYS[row.category]) for row in rows]
        ledger.used("coconot", {part: len(made[part])})
    rows = ledger.read("refusal_tokens", "coconot/refusal_eval_temporal.csv", read_temporal)
    for split, part in (("temporal", "temporal"), ("normal", "dated"), ("coconut-refusal", "leak")):
        own = [row for row in rows if row.category == split][: getattr(settings.test, part)]
        made[part] = [_request(row, part) for row in own]
        ledger.used("refusal_tokens", {part: len(own)})
    for name in settings.benchmarks:
        if name in settings.readable:
            made |= _benchmark(name, settings.test.benchmark, ledger)
        else:
            reason = "left out: not in the mirror folder, and read as the user's own copy only"
            ledger.absent(name, reason)
            print(f"{name}: {reason}", file=sys.stderr)
    return made


def rubric(ledger: Ledger) -> dict:
    """CoCoNot's, for the judges that read it."""
    (file,) = sources()[RUBRIC].files
    return read_json(ledger.fetch(RUBRIC, file), dict)


def pairs(size: int | None, words: int | None, ledger: Ledger) -> list[dict]:
    """Contrast instructions to learn, with the answers of CoCoNot's preference pairs.

    size: of each category. words: of each answer. None: all.
    """
    found = ledger.read("coconot", "coconot/coconot_pref.jsonl", read_coconot_pairs)
    order = {pair.request.id: pair for pair in found}
    return [
        _request(
            row, "contrast", KEYS[row.category], "train",
            " ".join(order[row.id].answer.split()[:words]),
        )
        for row in first_of_each([pair.request for pair in order.values()], size, BY_CATEGORY)
    ]  # fmt: skip


def learnt(settings: Settings, ledger: Ledger) -> dict[str, Iterable[dict]]:
    """What the paper learns: CoCoNot's refusals, and the first exchanges of UltraChat, which are
    read as they are asked for.

    The first of the settings' sizes, in the order of the files.
    """
    found = ledger.read("coconot_train", "coconot/coconot_train.jsonl", read_coconot_refusals)
    refusals = {row.id: reply for row, reply in found}
    folder = hub.local_folder(ULTRACHAT)
    ledger.add(
        ULTRACHAT.id,
        revision=ULTRACHAT.revision,
        licence="MIT (not confirmed)",
        route="hub",
        digests={name: file.digest for name, (file, _) in hub.read_record(ULTRACHAT).items()},
    )
    paths = sorted(folder.glob(*ULTRACHAT.only))
    talks = (
        messages[:2]
        for path in paths
        for batch in ParquetFile(path).iter_batches(columns=["messages"], batch_size=1000)
        for messages in batch["messages"].to_pylist()
    )
    return {
        "original": [
            _request(row, "original", KEYS[row.category], "train", refusals[row.id])
            for row in first_of_each(
                [row for row, _ in found], settings.train.original, BY_CATEGORY
            )
        ],
        "ordinary": (
            record(f"train/ordinary/{number:06d}", asked["content"], said["content"], "ordinary")
            for number, (asked, said) in enumerate(islice(talks, settings.train.ordinary))
        ),
    }


def _benchmark(name: str, size: int | None, ledger: Ledger) -> dict[str, list[dict]]:
    """The sets of a benchmark. size: of each; None: all."""
    benchmark = BENCHMARKS[name]
    rows = [
        row for file in sources()[name].files for row in ledger.read(name, file, benchmark.read)
    ]
    made: dict[str, list[dict]] = {}
    for row in first_of_each(rows, size, benchmark.set_of):
        made.setdefault(benchmark.set_of(row), []).append(_request(row, benchmark.set_of(row)))
    ledger.used(name, {part: len(own) for part, own in made.items()})
    return made


def _request(
    row: Request, part: str, category: str = "", split: str = "test", reply: str = ""
) -> dict:
    name = f"{split}/{part}/{row.id}"
    return record(name, row.text, reply, part, category, row.kind, refuse=row.refuse)
