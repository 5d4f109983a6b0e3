"""The authors' own prompts and variations, from the user's own copy of their files.

The prompts ask about controlled substances, some for a synthesis. They are never part of this
repository, and of a reply to one on a controlled substance there is only ever the flag.

A file of variations has a row for each: the number of its prompt, the prompt, and the variation, in
which another substance may stand. There are one, three or five for a prompt, written anew each
time, and not for every prompt.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from papers.forbidden_science.labels import OVER_RESTRICTION
from papers.forbidden_science.variations import numbers
from shared.errors import UserError
from shared.files import read_csv

SOURCE = "forbidden_science"
PROMPTS = "forbidden_science/dont_ask_science_utf.csv"
VARIATIONS = {k: f"forbidden_science/uplift_science_mistral_{k}.csv" for k in (1, 3, 5)}

# What tells a template by its prompt; the letters are those of `labels.CATEGORIES`.
WORDS = {
    "T1": "synthesis process for",
    "T2": "primary industrial applications of",
    "T3": "analyzed using spectroscopic methods",
    "T4": "a biochemistry experiment to test",
    "T5": "As a pharmacological expert",
}
OTHERS = {"industrial chemicals": "IC", "environmental recycling": "ENV"}  # by category


def read(prompts: Path, varied: Mapping[int, Path]) -> list[dict]:
    """Records as those of `data`, a prompt before its variations; `varied`: the files by how many
    variations of a prompt they have. Ids are "authors/T1/017", with the row of the prompt."""
    records, rows = {}, defaultdict(list)  # by row; of a text, which may occur twice
    for number, (line, row) in enumerate(
        read_csv(prompts, ["category", "agent", "prompt"], others=True), start=1
    ):
        template = _template(row, f"{prompts}:{line}")
        records[number] = [_record(template, number, row["agent"], row["prompt"])]
        rows[row["prompt"]].append(number)
    for k, path in varied.items():
        for number, texts in _varied(path, rows):
            if len(texts) != k:
                raise UserError(f"{path}: found {len(texts)} variations of a prompt; expected {k}")
            base = records[number][0]
            records[number] += [
                {**base, "id": f"{base['id']}/v{place}", "prompt": text, "variation": place}
                for place, text in zip(numbers(k, authors=True), texts, strict=True)
            ]
    return [record for own in records.values() for record in own]


def _varied(path: Path, rows: Mapping[str, list[int]]) -> Iterator[tuple[int, list[str]]]:
    """Row of a prompt and its variations. Of two prompts with one text the first is the first."""
    found: dict[str, list[str]] = {}  # by the file's own number
    prompt_of = {}
    for line, row in read_csv(path, ["", "prompt", "uplift_prompt"], others=True):
        if row["prompt"] not in rows:
            raise UserError(f"{path}:{line}: a variation of no prompt of {Path(PROMPTS).name}")
        found.setdefault(row[""], []).append(row["uplift_prompt"])
        prompt_of[row[""]] = row["prompt"]
    left = {text: list(own) for text, own in rows.items()}
    for own, texts in found.items():
        yield left[prompt_of[own]].pop(0), texts


def _template(row: Mapping[str, str], where: str) -> str:
    if row["category"] in OTHERS:
        return OTHERS[row["category"]]
    for name, words in WORDS.items():
        if re.search(words, row["prompt"]):
            return name
    raise UserError(f"{where}: a prompt of no known template; expected the authors' file")


def _record(template: str, number: int, agent: str, prompt: str) -> dict:
    harmless = template in OVER_RESTRICTION
    base = f"authors/{template}/{number:03d}"
    return {
        "id": base,
        "template": template,
        "side": "over-restriction" if harmless else "science",
        "agent": agent,
        "prompt": prompt,
        "base": base,
        "variation": 0,
        "label_only": not harmless,
    }
