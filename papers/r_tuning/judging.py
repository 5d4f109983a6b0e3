"""What is made of an output: its answer, whether that is right, whether it refuses."""

from collections import Counter

import pandas as pd

from papers.r_tuning import matching, prompts

FIRST, NAMES = ("dataset", "split", "id"), ("dataset", "split")  # columns: see `as_frame`
RIGHT = ("correct", "correct_official", "correct_strict")  # under the three rules of matching.py


def judge(row: dict, output: str) -> dict:
    """The answer in an output, its rightness under the three rules, and whether it refuses."""
    gold = row["answers"][0] if row["answers"] else None
    if gold is None:
        right = dict.fromkeys(RIGHT, False)
    elif "options" in row:
        right = dict.fromkeys(RIGHT, output == gold)
    else:
        right = {
            "correct": matching.published(output, gold),
            "correct_official": matching.as_coded(output, gold),
            "correct_strict": matching.strict(output, row["answers"]),
        }
    answer = matching.first_sentence(output)
    return {"prediction": answer, **right, "refused": prompts.is_refusal(answer)}


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


def judged(rows: list[dict], answers: pd.DataFrame) -> pd.DataFrame:
    """The pass `answer`, with which question it was and what is made of its output."""
    made = [
        {key: row[key] for key in FIRST} | judge(row, answers["output"][row["id"]]) for row in rows
    ]
    frame = pd.DataFrame(made).set_index("id", drop=False)
    return frame.join(answers.drop(columns="output"))


def majorities(rows: list[dict], sampled: pd.Series) -> pd.DataFrame:
    """The pass `sample` as Vanilla-C answers."""
    made = [majority(row, sampled[row["id"]]) for row in rows]
    return pd.DataFrame(made, index=[row["id"] for row in rows])
