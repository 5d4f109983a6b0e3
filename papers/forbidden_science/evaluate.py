"""Judge the replies of Forbidden Science, and the judges.

    python -m papers.forbidden_science.evaluate --scale cpu \\
        --data results/cpu/forbidden_science/data \\
        --replies results/cpu/forbidden_science/replies \\
        --out results/cpu/forbidden_science/scores \\
        --record results/cpu/forbidden_science/runs/evaluate.json

Writes `live-<run>.parquet` for each model, a row a prompt:

    id, base, variation, template, side, label_only    which prompt
    self_refused      by the model's own flag; an unreadable one is no refusal; null: no reply
    self_parsed       the flag could be read; null: no reply
    refused_<judge>   what a judge says of the reply in words; null: none, or no verdict
    reply_words       of the reply in words

and `judges.parquet`, a row a judge and labelled reply: judge, id, human (the label is a refusal),
judged (the judge's verdict or null), source. "PyRIT human labels" are people's labels, for every
judge. "Published replies" are the authors' own file with the flags that the four models gave
themselves, for the string judges, if the user has it. Neither holds any text.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pandas as pd

from papers.forbidden_science.published_replies import FILE, SOURCE, read_published
from papers.forbidden_science.settings import Settings
from shared.chat.cache import cached_replies
from shared.comparison.scores import write_scores
from shared.data.catalogue import sources
from shared.data.sources import fetch, mirror_folder
from shared.errors import UserError, one_line_errors
from shared.files import read_jsonl
from shared.judges import human_labels
from shared.judges.calibration import calibrate
from shared.judges.human_labels import Labelled
from shared.judges.judge import Judge
from shared.judges.loading import open_judge
from shared.judges.strings import StringJudge
from shared.workflow.programs import key_of, step_parser, step_settings
from shared.workflow.records import write_run

PUBLISHED = "Published replies"
TEXTS = dict.fromkeys(("judge", "id", "source"), "string")


def live(rows: Sequence[dict], records: Sequence[dict], judges: Sequence[Judge]) -> pd.DataFrame:
    """The scores of one model. `records` are of `ask`, one for each row of the prompts."""
    columns = ["id", "base", "variation", "template", "side", "label_only"]
    scores = pd.DataFrame([{key: row[key] for key in columns} for row in rows], columns=columns)
    flags = [(each["replied"], each["allowed"]) for each in records]
    # an unreadable flag (None) is the model's failure: not a refusal
    refused = [allowed is False if replied else None for replied, allowed in flags]
    parsed = [allowed is not None if replied else None for replied, allowed in flags]
    scores["self_refused"] = pd.array(refused, dtype="boolean")
    scores["self_parsed"] = pd.array(parsed, dtype="boolean")

    replied = [i for i, each in enumerate(records) if each.get("reply") is not None]
    requests = [rows[i]["prompt"] for i in replied]
    replies = [records[i]["reply"] for i in replied]
    for judge in judges:
        verdicts: list[bool | None] = [None] * len(rows)
        for i, verdict in zip(replied, judge.refusals(requests, replies), strict=True):
            verdicts[i] = verdict
        scores[f"refused_{judge.name}"] = pd.array(verdicts, dtype="boolean")
    words: list[int | None] = [None] * len(rows)
    for i, reply in zip(replied, replies, strict=True):
        words[i] = len(reply.split())
    scores["reply_words"] = pd.array(words, dtype="Int32")
    return scores


def read_records(path: Path, rows: Sequence[dict]) -> list[dict]:
    """What `ask` wrote, in the order of the prompts. Raises `UserError` if one has none."""
    records = {record["id"]: record for record in read_jsonl(path)}
    if unasked := [row["id"] for row in rows if row["id"] not in records]:
        raise UserError(f"{path}: no record of {unasked[0]}, expected one for every prompt")
    return [records[row["id"]] for row in rows]


def by_people(judges: Sequence[Judge], wanted: bool) -> tuple[pd.DataFrame, dict]:
    """The judges on PyRIT's labels, if they are `wanted`, and where these came from."""
    labelled = human_labels.human_labels() if wanted else []
    record = {
        "id": human_labels.SOURCE,
        "revision": f"{human_labels.PACKAGE} {human_labels.VERSION}",
        "licence": "MIT",
        "route": ["package" if wanted else "not asked for"],
        "sha256": human_labels.FILES,
        "rows": {human_labels.SOURCE: len(labelled)},
    }
    return calibrate(judges, labelled).astype(TEXTS), record


def published(judges: Sequence[Judge], mirror: str | None) -> tuple[pd.DataFrame, dict]:
    """The judges on the published replies, and where these came from.

    No rows if the user has no copy of the file; one with other bytes is an error.
    """
    source, folder = sources()[SOURCE], mirror_folder(mirror)
    rows, route = [], f"none: no {FILE} in a mirror folder, and it is never downloaded"
    if folder and (folder / FILE).is_file():
        fetched = fetch(source, FILE, mirror)
        rows, route = read_published(fetched.path), fetched.route
    labelled = [
        Labelled(place, row.request, row.reply, refusal=not row.allowed)
        for place, row in enumerate(rows)
    ]
    frame = calibrate(judges, labelled, PUBLISHED).astype(TEXTS)
    record = {
        "id": SOURCE,
        "revision": f"{source.upstream}@{source.revision}",
        "licence": source.licence,
        "route": [route],
        "sha256": source.files,
        "rows": {PUBLISHED: len(rows)},
    }
    return frame.assign(id=frame["id"].map({str(i): row.id for i, row in enumerate(rows)})), record


@contextmanager
def opened(settings: Settings, key: str) -> Iterator[list[Judge]]:
    """The judges of the settings; what a language model says is kept until the block ends."""
    batches = {"batch_size": settings.batch_size, "batch_tokens": settings.batch_tokens}
    judges = []
    with ExitStack() as stack:
        for place, name in enumerate(settings.judges):
            kind, _, model = name.partition(":")
            kept = (
                stack.enter_context(cached_replies(model, f"{key}-{place}"))
                if kind == "llm"
                else None
            )
            judges.append(open_judge(name, kept=kept, **batches))
        yield judges


def main() -> None:
    parser = step_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--replies", type=Path, required=True)
    arguments = parser.parse_args()
    started = time.perf_counter()
    settings: Settings = step_settings("forbidden_science", arguments)
    rows = read_jsonl(arguments.data / "prompts.jsonl")
    files = {run: arguments.replies / f"{run}.jsonl" for run in settings.runs()}

    with opened(settings, key_of(arguments.out.resolve())) as judges:
        for run, path in files.items():
            scores = live(rows, read_records(path, rows), judges)
            write_scores(scores, arguments.out / f"live-{run}.parquet")
        people, people_record = by_people(judges, settings.human_labels)
        strings = [judge for judge in judges if isinstance(judge, StringJudge)]
        authors, authors_record = published(strings, settings.mirror)
        judged = pd.concat([people, authors], ignore_index=True)
        write_scores(judged, arguments.out / "judges.parquet")
    write_run(
        arguments.record,
        started,
        settings=settings.model_dump(mode="json"),
        inputs=[arguments.data / "prompts.jsonl", *files.values()],
        judges=[judge.name for judge in judges],
        sources=[people_record, authors_record],
    )


if __name__ == "__main__":
    one_line_errors(main)
