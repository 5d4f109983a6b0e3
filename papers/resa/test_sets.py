"""What is asked, in sets of prompts, and the averages over them. Scores carry the set of each row.

The paper has an attack where most papers have a data set.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import pandas as pd

Kind = Literal["harmful", "benign", "fact"]

NONE = "None"
HOUSE, FACTS_SOURCE = "House rules", "Facts"
PREFILLING = "+Prefilling"
# Tables 9, 13, 14, 16, 17, 19 and Figure 4 are about these. The prompts of PAIR-GPT are not public,
# so our mean is of the other three.
FOUR = (NONE, "PAIR-GPT", "PAP", "DeepInception")
UNSEEN = ("Role-play", "Prefix injection")  # of this project, in nobody's training data


class TestSet(NamedTuple):
    attack: str  # around each request, as the paper's tables name it; NONE: the request itself
    source: str  # whose requests they are: HOUSE or the name of a public set
    prefilled: bool  # with a fake check behind each
    name: str  # in tables

    def columns(self) -> dict[str, object]:
        """What rows of the set say of it, in the data and in scores."""
        return {
            "dataset": self.name,
            "attack": self.attack,
            "source": self.source,
            "prefilled": self.prefilled,
        }


def harmful(attack: str, source: str, prefilled: bool = False) -> TestSet:
    """Harmful requests under an attack: those of a public set are called as in the tables."""
    name = f"{HOUSE}, {attack}" if source == HOUSE else attack
    return TestSet(attack, source, prefilled, f"{name}{PREFILLING}" if prefilled else name)


def of_source(source: str) -> TestSet:
    """A set that is asked as it is and is called as where it comes from."""
    return TestSet(NONE, source, False, source)


BENIGN = TestSet(NONE, HOUSE, False, f"{HOUSE}, benign")
ADVERSARIAL_BENIGN = TestSet("WJ", HOUSE, False, f"{HOUSE}, adversarial benign")
FACTS = of_source(FACTS_SOURCE)
BENCHMARKS = {"xstest": of_source("XSTest"), "oktest": of_source("OKTest")}


def is_measured(row: dict) -> bool:
    """Whether length and time of the reply are measured (Table 6): it is then written whole."""
    plainly_harmful = row["kind"] == "harmful" and row["attack"] == NONE
    return row["kind"] == "fact" or (plainly_harmful and not row["prefilled"])


@dataclass(frozen=True)
class Average:
    """Prompts of several sets taken together, each of equal weight."""

    name: str
    kind: Kind
    attacks: Sequence[str] | None = None  # None: every one that was run
    prefilled: bool = False

    def rows(self, scores: pd.DataFrame) -> pd.DataFrame:
        of_kind = (scores["kind"] == self.kind) & (scores["prefilled"] == self.prefilled)
        chosen = True if self.attacks is None else scores["attack"].isin(self.attacks)
        return scores[of_kind & chosen]

    def of(self, frames: Mapping[int, pd.DataFrame]) -> dict[int, pd.DataFrame]:
        """The same of the scores of each seed."""
        return {seed: self.rows(scores) for seed, scores in frames.items()}


ALL_ATTACKS = Average("All attacks", "harmful")
THREE_ATTACKS = Average("Three attacks", "harmful", FOUR)
ALL_BENIGN = Average("All benign", "benign")
ALL_FACTS = Average("All facts", "fact")
AVERAGES = (
    ALL_ATTACKS,
    THREE_ATTACKS,
    Average(f"Three attacks{PREFILLING}", "harmful", FOUR, prefilled=True),
    ALL_BENIGN,
)
# Table 6: prompts whose replies are written whole
WHOLE_HARMFUL = Average("Whole replies, harmful", "harmful", [NONE])
WHOLE_PLAIN = Average("Whole replies, plain", "fact")


def size_name(method: str, size: int | None) -> str:
    """A size of the training data, where Figure 4 has its own."""
    return f"{size} samples" if size else f"all samples ({method})"
