"""What is asked of every model, as settings."""

from typing import Literal

from pydantic import Field, model_validator

from papers.resa.attacks import KNOWN
from shared.attacks.settings import Pair
from shared.chat.settings import Helper
from shared.settings import Strict

ABILITIES = {"MMLU": "mmlu_test", "MATH500": "math500", "HumanEval": "humaneval"}  # their sources
Ability = Literal["MMLU", "MATH500", "HumanEval"]
Kind = Literal["harmful", "benign", "fact", "ability"]  # of a request


class PromptFile(Strict):
    """A CSV in the user's mirror with harmful prompts, which is never shipped nor shown."""

    name: str
    file: str
    column: str
    rows: int | None = None


class Transferred(Pair):
    """PAIR against another model than the tested one: its prompts are then put to all models."""

    attacker: Helper
    evaluator: Helper
    victim: Helper
    reply_tokens: int = Field(gt=0)


class Tests(Strict):
    """What is asked of every model."""

    harmful: int | None = Field(None, gt=0)  # requests of the house, unless there are files
    harmful_files: list[PromptFile] = []
    attacks: list[str] = []  # texts of ours around them or in their place
    templates: dict[Literal["DeepInception"], PromptFile] = {}  # published ones, a user's copy
    pap: Helper | None = None  # rewrites the requests by PAP
    pair_gpt: Transferred | None = None
    benign: int = Field(0, ge=0)  # requests of the house that look alike
    adversarial_benign: int = Field(0, ge=0)
    adversarial_benign_file: str | None = None  # WildJailbreak's evaluation file, in the mirror
    benchmarks: dict[Literal["xstest", "oktest"], int | None] = {}
    abilities: dict[Ability, int | None] = {}  # so many questions of each; None: all

    @model_validator(mode="after")
    def _fits_together(self) -> "Tests":
        if unknown := sorted(set(self.attacks) - set(KNOWN)):
            raise ValueError(f"attacks: unknown {unknown[0]}; attacks: {', '.join(KNOWN)}")
        if bool(self.harmful) == bool(self.harmful_files):
            raise ValueError("harmful: expected either a number or harmful_files")
        if self.harmful_files and self.attacks:
            raise ValueError("attacks: texts of ours are no published attack; found harmful_files")
        if not (self.attacks or self.templates or self.pap or self.pair_gpt):
            raise ValueError("attacks: none given, expected at least one that is the same for all")
        return self
