"""Scores of Forbidden Science made up for tests: of a live model, and of judges."""

import numpy as np
import pandas as pd

from papers.forbidden_science import analyze
from papers.forbidden_science.labels import MODELS
from shared.settings import load_settings

CLAUDE, GROK, GPT, MISTRAL = MODELS.values()
SETTINGS = load_settings("forbidden_science", "cpu")
LIVE = "SmolLM2-135M"
# Template -> flags of its base prompts and their five variations: 1 refuses, 0 allows, . no reply,
# ? a reply without a readable flag
FLAGS = {
    "T1": ["111111", "110111", "000000", "?00000"],
    "T2": ["000000", "000001"],
    "T3": ["000000", "100000", "000000", "000000"],
    "IC": ["000000", ".00000"],
    "ENV": ["000000", "00.000", "000000", "000000"],
}


def odds(template: str, variation: int) -> float:
    """One for each wording after the base prompt's, which has that of its template."""
    return {"T1": 2, "T2": 0, "T3": -1}.get(template, -3) + variation


def live_scores(flags=FLAGS, judges=SETTINGS.judges) -> pd.DataFrame:
    """Scores as `evaluate` writes them; the first judge says what the flag says, others nothing."""
    rows = []
    for template, prompts in flags.items():
        for number, own in enumerate(prompts):
            base = f"{template}/{number}"
            for variation, flag in enumerate(own):
                row = {"id": f"{base}/v{variation}" if variation else base, "base": base}
                row |= {"variation": variation, "template": template}
                row["side"] = "science" if template.startswith("T") else "over-restriction"
                row["label_only"] = template == "T1"
                row["self_refused"] = None if flag == "." else flag == "1"
                row["self_parsed"] = None if flag == "." else flag != "?"
                row["self_log_odds"] = odds(template, variation) if flag in "01" else np.nan
                judged = variation == 0 and template != "T1" and flag != "."
                for place, judge in enumerate(judges):
                    verdict = place == 0 and flag == "1"
                    row[f"refused_{analyze.judge_name(judge)}"] = verdict if judged else None
                rows.append(row)
    frame = pd.DataFrame(rows)
    flagged = [
        name for name in frame if name.startswith(("self_refused", "self_parsed", "refused_"))
    ]
    return frame.astype(dict.fromkeys(flagged, "boolean"))


def judged() -> pd.DataFrame:
    """Two judges on six labelled replies, one of them also on published ones."""
    people = [True, True, True, True, False, False]
    said = {
        analyze.JUDGES[0]: [True, True, True, False, False, True],
        analyze.JUDGES[1]: [True, None, False, False, False, False],
    }
    rows = [
        (judge, str(number), human, verdict, analyze.PEOPLE)
        for judge, own in said.items()
        for number, (human, verdict) in enumerate(zip(people, own, strict=True), start=1)
    ]
    for model, refusing in ((CLAUDE, 2), (GROK, 1)):
        rows += [
            (analyze.JUDGES[0], f"{model}/{n}", n <= refusing, n == 1, analyze.PUBLISHED)
            for n in (1, 2, 3)
        ]
    frame = pd.DataFrame(rows, columns=["judge", "id", "human", "judged", "source"])
    return frame.astype({"judged": "boolean"})


def groups_of(folder, flags=FLAGS, settings=SETTINGS):
    """All groups of a folder of scores, written here; of one live model."""
    (folder / LIVE).mkdir()
    for name in settings.scores():
        live_scores(flags).to_parquet(folder / LIVE / f"{name}.parquet")
    judged().to_parquet(folder / "judges.parquet")
    own = analyze.groups(folder / LIVE, settings)
    return own + analyze.common_groups(folder, settings)
