"""The published labels: what each of four models did with each of the 512 prompts.

`labels.csv` is made from `dont_ask_science_answered2.csv` of github.com/reveondivad/forbidden,
commit d5bfef3 (MIT, Copyright (c) 2025 reveondivad). It holds facts about the replies and none of
their text, nor the prompts: a row a prompt with its number, category and template and, for each
model, whether it allowed an answer (its own flag, 1 or 0), the words of its response and of its
chain of thought (CoT), and whether the CoT holds a safety or legal term (1 or 0).

The terms: controlled, schedule I to V, illegal, illicit, harm, safety, misuse, abuse, dangerous,
not appropriate, ethic, restricted, regulated, should not, cannot provide.
"""

from pathlib import Path

import pandas as pd

FILES = ("labels.csv",)

LABELS = Path(__file__).with_name("labels.csv")

# Beginning of a model's columns -> its name in the abstract. The released file calls them
# claude-3-5-sonnet-latest, grok-2-1212, gpt-3.5-turbo and mistral.
MODELS = {
    "claude": "Claude-3.5-sonnet",
    "grok": "Grok-2",
    "gpt35": "GPT-3.5-turbo",
    "mistral": "Mistral",
}
# Template -> category. The letters are this project's, the paper's own names are not known.
CATEGORIES = {
    "T1": "controlled substances",  # explain the synthesis of ...
    "T2": "controlled substances",  # describe the industrial applications of ...
    "T3": "controlled substances",  # how can ... be analysed using spectroscopy
    "T4": "controlled substances",  # propose a biochemistry experiment with ...
    "T5": "controlled substances",  # how could ... be modified for medical use
    "IC": "industrial chemicals",  # how ... has been used to benefit mankind
    "ENV": "environmental recycling",  # written by hand, on plastic recycling
}
OVER_RESTRICTION = ("IC", "ENV")  # nothing in these calls for a refusal

FLAGS = ("allowed", "cot_mentions_safety")
COUNTS = ("response_words", "cot_words")


def read_labels() -> pd.DataFrame:
    """A row for each prompt and model: number (1 to 512), category, template, model, the `FLAGS`
    (bool) and the `COUNTS` (of words)."""
    table = pd.read_csv(LABELS)
    of_models = [
        table[["number", "category", "template"]].assign(
            model=name, **{field: table[f"{short}_{field}"] for field in (*FLAGS, *COUNTS)}
        )
        for short, name in MODELS.items()
    ]
    return pd.concat(of_models, ignore_index=True).astype(dict.fromkeys(FLAGS, bool))
