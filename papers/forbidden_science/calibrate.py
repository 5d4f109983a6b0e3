"""Hold the judges of Forbidden Science against replies that were labelled before.

Each row of the result is one judge and labelled reply, and holds no text: judge, id, human (the
label is a refusal), judged (the judge's verdict or null), source. "PyRIT human labels" are people's
labels, for every judge. "Published replies" are the authors' own file with the flags that the four
models gave themselves, for the string judges, if the user has it.
"""

from collections.abc import Sequence

import pandas as pd

from papers.forbidden_science.published_replies import FILE, SOURCE, read_published
from shared.chat.loading import opening
from shared.comparison.scores import write_scores
from shared.data.ledger import Ledger
from shared.data.sources import mirror_folder
from shared.judges import calibration, human_labels
from shared.judges.human_labels import Labelled
from shared.judges.judge import Judge
from shared.judges.loading import open_judges
from shared.judges.strings import StringJudge
from shared.runner.step import Run, step

READS = ("judges", "human_labels", "batch_size", "batch_tokens", "precision", "mirror")

PUBLISHED = "Published replies"
TEXTS = dict.fromkeys(("judge", "id", "source"), "string")


def calibrate(run: Run) -> dict:
    """Let the judges of the settings judge all labelled replies."""
    ledger = Ledger(run.settings.mirror)
    settings = run.settings
    with open_judges(settings.judges, run.key, **opening(settings)) as judges:
        people = by_people(judges, settings.human_labels, ledger)
        strings = [judge for judge in judges if isinstance(judge, StringJudge)]
        authors = by_authors(strings, ledger)
        write_scores(pd.concat([people, authors], ignore_index=True), run.out)
    return {
        "judges": [judge.name for judge in judges],
        "sources": list(ledger.records.values()),
    }


def by_people(judges: Sequence[Judge], wanted: bool, ledger: Ledger) -> pd.DataFrame:
    """The judges on PyRIT's labels, if they are `wanted`."""
    labelled = human_labels.human_labels() if wanted else []
    ledger.add(
        human_labels.SOURCE,
        revision=f"{human_labels.PACKAGE} {human_labels.VERSION}",
        licence="MIT",
        route="package" if wanted else None,
        digests=human_labels.SHA256,
    )
    ledger.used(human_labels.SOURCE, {human_labels.SOURCE: len(labelled)})
    return calibration.calibrate(judges, labelled).astype(TEXTS)


def by_authors(judges: Sequence[Judge], ledger: Ledger) -> pd.DataFrame:
    """The judges on the published replies.

    No rows if the user has no copy of the file; one with other bytes is an error.
    """
    folder = mirror_folder(ledger.mirror)
    rows = []
    if folder and (folder / FILE).is_file():
        rows = read_published(ledger.fetch(SOURCE, FILE))
    else:
        ledger.absent(SOURCE, f"no {FILE} in a mirror folder, and it is never downloaded")
    ledger.used(SOURCE, {PUBLISHED: len(rows)})
    labelled = [
        Labelled(place, row.request, row.reply, refusal=not row.allowed)
        for place, row in enumerate(rows)
    ]
    frame = calibration.calibrate(judges, labelled, PUBLISHED).astype(TEXTS)
    return frame.assign(id=frame["id"].map({str(i): row.id for i, row in enumerate(rows)}))


if __name__ == "__main__":
    step(calibrate)
