"""The questions of CenterBench: generated ones, and the released ones where they can be reached.

    python -m papers.center_bench.data --scale cpu --out results/cpu/center_bench/data \\
        --official-data results/cpu/center_bench/scores/official_data.parquet \\
        --record results/cpu/center_bench/runs/data.json

Writes `generated.jsonl` and `official.jsonl` (one record a question, see `questions.records`),
`sentences.jsonl` (what the generated sentences are made of), `sources.json` (what was read and
which way it came in), and, outside the folder, what `checks` says of the released questions.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from papers.center_bench import checks, official
from papers.center_bench.generate import Generated, generate
from papers.center_bench.questions import questions, records
from papers.center_bench.settings import Settings
from shared.comparison.scores import write_scores
from shared.data.catalogue import sources
from shared.data.sources import Fetched, fetch, mirror_folder
from shared.errors import UserError, one_line_errors
from shared.files import sha256, write_json, write_jsonl
from shared.workflow.programs import step_parser, step_settings
from shared.workflow.records import write_run

SOURCE_ID = "center_bench"
GENERATED = "Generated"


def build(settings: Settings, out: Path, official_data: Path) -> None:
    """Write all files: those of the folder `out`, and `official_data`."""
    generated = generate(settings.data_seed, settings.sentences)
    rows = [record for each in generated for record in _records(each)]
    write_jsonl(out / "generated.jsonl", rows)
    write_jsonl(out / "sentences.jsonl", map(_made_of, generated))
    found = [_source_of_generated(settings.data_seed, out / "generated.jsonl", rows)]

    items: list[official.Item] = []
    if settings.official != "no":
        items, source = released(settings.official == "required", settings.mirror)
        found.append(source | {"rows": _by_subset(official.records(items))})
    write_jsonl(out / "official.jsonl", official.records(items))
    write_json(out / "sources.json", found)
    write_scores(checks.official_data(items), official_data)
    for source in found:
        print(f"{source['id']}: {source['rows'] or source['reason']}", file=sys.stderr)


def released(required: bool, mirror: str | None) -> tuple[list[official.Item], dict]:
    """The released sentences and the record of their source.

    If they are not required and no way leads to them, there are none, and the record gives the
    reason. A file that is in the mirror with other bytes is an error all the same.
    """
    source = sources()[SOURCE_ID]
    record = {
        "id": SOURCE_ID,
        "revision": f"{source.upstream}@{source.revision}",
        "licence": source.licence,
    }
    folder = mirror_folder(mirror)
    in_mirror = folder is not None and any((folder / file).is_file() for file in source.files)
    fetched: dict[str, Fetched] = {}
    try:
        for subset, file in official.FILES.items():
            fetched[subset] = fetch(source, file, mirror)
    except UserError as error:
        if required or in_mirror:
            raise
        return [], record | {"route": None, "reason": str(error)}
    items = [item for subset, each in fetched.items() for item in official.read(each.path, subset)]
    routes = sorted({each.route for each in fetched.values()})
    return items, record | {"route": routes, "sha256": dict(source.files)}


def _records(each: Generated) -> list[dict]:
    where = (each.subset, each.level, each.id, each.pair)
    return records(GENERATED, *where, str(each.sentence), questions(each.sentence))


def _made_of(each: Generated) -> dict:
    """A row of `sentences.jsonl`: events in order of happening, verbs in the same order."""
    return {
        "sentence_id": each.id,
        "subset": each.subset,
        "level": each.level,
        "domain": each.domain,
        "nouns": list(each.sentence.nouns),
        "events": [
            [event.subject, event.verb.past, event.object] for event in each.sentence.events
        ],
        "verbs": [verb._asdict() for verb in each.sentence.verbs],
    }


def _source_of_generated(seed: int, path: Path, rows: Sequence[dict]) -> dict:
    return {
        "id": "generated sentences",
        "revision": f"seed {seed}",
        "licence": "written for this project",
        "route": ["generated"],
        "sha256": {path.name: sha256(path)},
        "rows": _by_subset(rows),
    }


def _by_subset(rows: Iterable[dict]) -> dict[str, int]:
    """Questions by source and subset."""
    return dict(Counter(f"{row['source']} {row['subset']}" for row in rows))


def main() -> None:
    parser = step_parser(__doc__)
    parser.add_argument("--official-data", type=Path, required=True)
    arguments = parser.parse_args()
    started = time.perf_counter()
    settings: Settings = step_settings("center_bench", arguments)
    build(settings, arguments.out, arguments.official_data)
    write_run(
        arguments.record,
        started,
        settings=settings.model_dump(mode="json"),
        seed=settings.data_seed,
        sources=json.loads((arguments.out / "sources.json").read_text(encoding="utf-8")),
    )


if __name__ == "__main__":
    one_line_errors(main)
