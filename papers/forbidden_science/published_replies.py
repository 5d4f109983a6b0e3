"""Reader of the authors' file of prompts, replies and flags, from the user's own copy.

The file holds replies to dangerous requests. It is never part of this repository; what is
stored of it are labels and what a judge says of a reply.
"""

from dataclasses import dataclass
from pathlib import Path

from shared.files import read_csv

SOURCE = "forbidden_science"
FILE = "forbidden_science/dont_ask_science_answered2.csv"

# In the order of the abstract: the name in its text → the name in the file's columns.
MODELS = {
    "Claude-3.5-sonnet": "claude-3-5-sonnet-latest",
    "Grok-2": "grok-2-1212",
    "GPT-3.5-turbo": "gpt-3.5-turbo",
    "Mistral": "mistral",
}
PARTS = ("response", "allowed_to_answer")


@dataclass(frozen=True)
class Published:
    """The reply of one model to one prompt. `reply` may be empty (GPT-3.5-turbo has four)."""

    id: str  # "Claude-3.5-sonnet/17", with the number of the prompt
    request: str
    reply: str
    allowed: bool  # the model's own flag


def read_published(path: Path) -> list[Published]:
    """All replies, model by model, in the order of the file, whose bytes are pinned
    (`sources.yaml`)."""
    columns = [f"{model}_{part}" for model in MODELS.values() for part in PARTS]
    rows = [row for _, row in read_csv(path, ["Number", "prompt", *columns], others=True)]
    return [
        Published(
            f"{name}/{row['Number']}",
            row["prompt"],
            row[f"{column}_response"],
            row[f"{column}_allowed_to_answer"] == "TRUE",
        )
        for name, column in MODELS.items()
        for row in rows
    ]
