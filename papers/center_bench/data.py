"""The questions of CenterBench: generated ones, and the released ones where they can be reached.

Writes `generated.jsonl` and `official.jsonl` (one record a question, see `questions.records`),
`released.jsonl` (the released sentences as their files have them, see `official.Item`),
`sources.json` (what was read and which way it came in).
"""

import sys
from collections import Counter
from collections.abc import Iterable

from papers.center_bench import official
from papers.center_bench.asked import FILE_OF
from papers.center_bench.generate import Generated, generate
from papers.center_bench.questions import questions, records
from shared.data.ledger import Ledger
from shared.data.sources import mirror_folder
from shared.errors import UserError
from shared.files import write_jsonl
from shared.runner.step import Run, step

READS = ("data_seed", "sentences", "official", "mirror")

SOURCE_ID = "center_bench"
GENERATED = "Generated"


def data(run: Run) -> dict:
    """Write all questions of the settings into the folder `out`."""
    settings, out = run.settings, run.out
    ledger = Ledger(settings.mirror)
    generated = generate(settings.data_seed, settings.sentences)
    rows = [record for each in generated for record in _records(each)]
    write_jsonl(out / FILE_OF[GENERATED], rows)
    files = [out / FILE_OF[GENERATED]]
    ledger.add("generated sentences", revision=f"seed {settings.data_seed}", files=files)
    ledger.used("generated sentences", _by_subset(rows))

    items = released(settings.official, ledger)
    write_jsonl(out / official.ITEMS, (item.model_dump() for item in items))
    rows = official.records(items)
    write_jsonl(out / FILE_OF[official.SOURCE], rows)
    if items:
        ledger.used(SOURCE_ID, _by_subset(rows))
    ledger.write(out)
    return {"sources": list(ledger.records.values())}


def released(wanted: str, ledger: Ledger) -> list[official.Item]:
    """The released sentences: "required", "if reachable" or "no".

    If they are not required and no way leads to them, there are none, and the ledger has the
    reason. A file that is in the mirror with other bytes is an error all the same.
    """
    if wanted == "no":
        return []
    folder = mirror_folder(ledger.mirror)
    in_mirror = folder and any((folder / file).is_file() for file in official.FILE_OF.values())
    try:
        paths = {subset: ledger.fetch(SOURCE_ID, file) for subset, file in official.FILE_OF.items()}
    except UserError as error:
        if wanted == "required" or in_mirror:
            raise
        ledger.absent(SOURCE_ID, str(error))
        print(f"{SOURCE_ID}: {error}", file=sys.stderr)
        return []
    return [item for subset, path in paths.items() for item in official.read(path, subset)]


def _records(each: Generated) -> list[dict]:
    where = (each.subset, each.level, each.id, each.pair)
    return records(GENERATED, *where, str(each.sentence), questions(each.sentence))


def _by_subset(rows: Iterable[dict]) -> dict[str, int]:
    """Questions by source and subset."""
    return dict(Counter(f"{row['source']} {row['subset']}" for row in rows))


if __name__ == "__main__":
    step(data)
