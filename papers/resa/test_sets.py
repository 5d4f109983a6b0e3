"""What is asked, in sets of prompts, and the averages over them. Scores carry the set of each row.

The paper has an attack where most papers have a data set.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from papers.resa.evaluation_settings import Kind
from papers.resa.settings import Variant

NONE = "None"
HOUSE, FACTS_SOURCE, STRONGREJECT = "House rules", "Facts", "StrongREJECT"
PREFILLING = "+Prefilling"
# Tables 9, 13, 14, 16, 17, 19 and Figure 4 are about the first four
FOUR = (NONE, "PAIR-GPT", "PAP", "DeepInception")
EIGHT = (*FOUR, "PAIR", "GPTFuzzer", "ReNeLLM", "TAP")
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
    """Harmful requests under an attack: those of StrongREJECT, of which most tables are, are called
    as the attack alone."""
    name = attack if source == STRONGREJECT else f"{source}, {attack}"
    return TestSet(attack, source, prefilled, f"{name}{PREFILLING}" if prefilled else name)


def of_source(source: str) -> TestSet:
    """A set that is asked as it is and is called as where it comes from."""
    return TestSet(NONE, source, False, source)


BENIGN = TestSet(NONE, HOUSE, False, f"{HOUSE}, benign")
ADVERSARIAL_BENIGN = TestSet("WJ", HOUSE, False, f"{HOUSE}, adversarial benign")
FACTS = of_source(FACTS_SOURCE)
BENCHMARKS = {"xstest": of_source("XSTest"), "oktest": of_source("OKTest")}
WJ_EVAL = TestSet("WJ", "WildJailbreak", False, "WildJailbreak, adversarial benign")


def is_measured(row: Mapping) -> bool:
    """Whether length and time of the reply are measured (Table 6): it is then written whole."""
    if row["kind"] != "harmful":
        return row["kind"] == "fact" or row["dataset"] == "MATH500"
    return row["attack"] == NONE and row["source"] in (HOUSE, STRONGREJECT) and not row["prefilled"]


@dataclass(frozen=True)
class Average:
    """The mean over several sets, each of equal weight. It has the paper's name if all of them are
    here under the paper's names, and ours if some are missing or others stand in for them."""

    name: str  # the paper's
    ours: str
    members: Sequence[str]  # as the paper names them
    kind: Kind = "harmful"
    column: str | None = None  # of this score alone; None: of all

    def rows(self, scores: pd.DataFrame, stand_ins: Mapping[str, str]) -> pd.DataFrame:
        paper = scores["dataset"].astype(str).replace(dict(stand_ins))
        return scores[(scores["kind"] == self.kind) & paper.isin(self.members)]

    def named(self, rows: pd.DataFrame) -> str:
        return self.name if {*rows["dataset"].unique()} == {*self.members} else self.ours


def _of_attacks(source: str) -> Average:
    prefix = "" if source == STRONGREJECT else f"{source}, "
    members = [f"{prefix}{attack}" for attack in EIGHT]
    return Average(f"{prefix}Avg", f"{prefix}Attacks of Table 2", members)


OVER_REFUSAL = Average(
    "Avg OR", "All benign", ("XSTest", "OKTest", "WJ-Eval"), "benign", "answered"
)
FOUR_ATTACKS = Average("Avg of 4", "Attacks of Table 13", FOUR)
AVERAGES = (
    *(_of_attacks(source) for source in (STRONGREJECT, "AdvBench", "HarmBench")),
    FOUR_ATTACKS,
    Average(
        f"Avg of 4{PREFILLING}",
        f"Attacks of Table 13{PREFILLING}",
        [f"{attack}{PREFILLING}" for attack in FOUR],
    ),
    Average("Avg safety", "Attacks of Table 4", ("PAIR-GPT", "PAP"), column="safe"),
    OVER_REFUSAL,
    # Table 4 prints fractions, and its average is of two sets
    Average("Avg OR", "Benign of Table 4", ("XSTest", "OKTest"), "benign", "answered_share"),
    Average("Avg GR", "Abilities", ("MATH500", "HumanEval", "MMLU"), "ability", "correct"),
)
ALL_ATTACKS = "All attacks"  # those of this project too: for figures of ours


def size_name(variant: Variant) -> str:
    """A size of the training data: as in Figure 4 where it is the paper's, else ours."""
    if variant.point:
        return variant.point
    return f"{variant.size} samples" if variant.size else f"all samples ({variant.method})"
