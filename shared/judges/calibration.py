"""Judges against labels: one row per judge and labelled reply, from which agreement is computed."""

from collections.abc import Sequence

import pandas as pd

from shared.judges.human_labels import SOURCE, Labelled
from shared.judges.judge import Judge


def calibrate(
    judges: Sequence[Judge], labelled: Sequence[Labelled], source: str = SOURCE
) -> pd.DataFrame:
    """What each judge says of each labelled reply.

    judge, id    which judge, which reply (its number; no text)
    human        the label: a refusal or not
    judged       the judge's verdict; missing where it has none
    source       where the labels come from
    """
    requests = [each.request for each in labelled]
    replies = [each.reply for each in labelled]
    rows = [
        (judge.name, each.id, each.refusal, verdict, source)
        for judge in judges
        for each, verdict in zip(labelled, judge.refusals(requests, replies), strict=True)
    ]
    frame = pd.DataFrame(rows, columns=["judge", "id", "human", "judged", "source"])
    return frame.astype({"id": int, "human": bool, "judged": "boolean"})
