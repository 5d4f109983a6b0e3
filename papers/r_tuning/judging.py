"""What is made of an output: its answer, whether that is right, whether it refuses."""

from collections import Counter

import pandas as pd

from papers.r_tuning import matching, prompts

FIRST, NAMES = ("dataset", "split", "id"), ("dataset", "split")  # columns: see `as_frame`


def judge(row: dict, output: str, lead: str = "") -> dict:
    """The answer in an output, its rightness under both rules of matching.py, and whether it
    refuses. lead: the beginning of the answer, which the prompt gave."""
    if row["answers"] and "options" not in row:
        right = matching.published(output, row["answers"][0])
        strict = matching.strict(output, row["answers"])
    else:
        right = strict = output in row["answers"]
    return {
        "prediction": matching.first_sentence(output),
        "correct": right,
        "correct_strict": strict,
        "refused": prompts.is_refusal(lead + output),
    }


def majority(row: dict, outputs: list[str]) -> dict:
    """Vanilla-C: the most frequent of k sampled answers (the first of equals), its share."""
    judged = [judge(row, output) for output in outputs]
    text, count = Counter(each["prediction"] for each in judged).most_common(1)[0]
    first = next(each for each in judged if each["prediction"] == text)
    return {
        "majority": text,
        "majority_share": count / len(outputs),
        **{f"majority_{key}": first[key] for key in first if key.startswith("correct")},
    }


def judged(rows: list[dict], answers: pd.DataFrame, lead: str = "") -> pd.DataFrame:
    """The pass `answer`, with which question it was and what is made of its output."""
    made = [
        {key: row[key] for key in FIRST} | judge(row, answers["output"][row["id"]], lead)
        for row in rows
    ]
    frame = pd.DataFrame(made).set_index("id", drop=False)
    return frame.join(answers.drop(columns="output"))


def majorities(rows: list[dict], sampled: pd.Series) -> pd.DataFrame:
    """The pass `sample` as Vanilla-C answers."""
    made = [majority(row, sampled[row["id"]]) for row in rows]
    return pd.DataFrame(made, index=[row["id"] for row in rows])


def as_identified(rows: list[dict], outputs: pd.Series) -> pd.Series:
    """Whether the released code puts training questions into D1."""
    right = {
        row["id"]: outputs[row["id"]] in row["answers"]
        if "options" in row
        else matching.as_identified(outputs[row["id"]], row["answers"][0])
        for row in rows
    }
    return pd.Series(right, name="correct_official", dtype="boolean")
