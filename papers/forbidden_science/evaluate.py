"""Judge the replies of one model of Forbidden Science.

Each row of the result is one prompt, and holds no text:

    id, base, variation, template, side, label_only    which prompt
    self_refused      by the model's own flag; an unreadable one is no refusal; null: no reply
    self_parsed       the flag could be read; null: no reply
    self_log_odds     ln of the chance of the flag that refuses over the other; null: not known
    refused_<judge>   what a judge says of the reply in words; null: none, or no verdict
    reply_words       of the reply in words
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from shared.chat.loading import opening
from shared.comparison.scores import write_scores
from shared.errors import UserError
from shared.files import read_jsonl
from shared.judges.judge import Judge
from shared.judges.loading import open_judges
from shared.runner.step import Run, step

READS = ("judges", "batch_size", "batch_tokens", "precision")


def evaluate(run: Run, data: Path, replies: Path) -> dict:
    """Judge what `ask` wrote."""
    rows = read_jsonl(data / "prompts.jsonl", filled=True)
    records = read_records(replies, rows)
    settings = run.settings
    with open_judges(settings.judges, run.key, **opening(settings)) as judges:
        write_scores(live(rows, records, judges), run.out)
    return {"judges": [judge.name for judge in judges]}


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
    scores["self_log_odds"] = pd.array([each["log_odds"] for each in records], dtype="Float64")

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


if __name__ == "__main__":
    step(evaluate)
