"""The settings of one scale of Refusal Tokens (`scales:` in paper.yaml), checked."""

from typing import ClassVar, Literal

from pydantic import Field, field_validator

from papers.refusal_tokens.benchmarks import Name
from papers.refusal_tokens.methods import BASE, METHODS
from shared.data.fetch.wanted import Repository, SourceFiles, Wanted, pinned
from shared.judges.registry import JudgeSpec
from shared.models.spec import ModelSpec
from shared.settings import ScaleSettings, Strict
from shared.training.settings import Training

# The general conversations that the paper learns from.
ULTRACHAT = Repository(
    "dataset",
    "HuggingFaceH4/ultrachat_200k",
    "8049631c405ae6576f93f445c6b8166f76f5505a",
    ("data/train_sft-*.parquet",),
)
RUBRIC = "coconot/refusal_evaluation_rubric.json"


class Sizes(Strict):
    """Instructions of a split: of each category (original, contrast), or in all; None: all."""

    original: int | None
    contrast: int | None
    ordinary: int | None
    temporal: int | None
    dated: int | None
    more: int = 0  # ordinary ones to learn in place of contrast data, as many as there are of those
    leak: int | None = None  # other refusals of the temporal test set
    benchmark: int | None = None  # of each set of a benchmark


class Variant(Strict):
    """A method of methods.py, trained once for each seed."""

    seeds: list[int] = Field(min_length=1)


class Settings(ScaleSettings):
    UNTRAINED: ClassVar = (BASE,)

    model: ModelSpec
    mirror: str | None = None  # folder of benchmark rows; None: REPLICATIONS_MIRROR
    data_seed: int = 0
    tested: Literal["generated", "coconot"]  # the test instructions
    # pairs: contrast data from CoCoNot's preference pairs; published: all that the paper has
    learnt: Literal["generated", "pairs", "published"]
    benchmarks: list[Name] = []  # tested besides CoCoNot
    reply_words: int | None = None  # of those pairs' answers; None: whole
    train: Sizes
    test: Sizes
    prompt: str  # with {instruction}; what follows is the control token or the reply
    end: str  # what ends a reply
    variants: dict[str, Variant]  # by method
    training: Training
    forced: Literal["likeliest", "every"]  # which refusal tokens are forced besides [respond]
    reply_tokens: int = Field(gt=0)  # limit of a reply, which refuses at once or not at all
    judge: JudgeSpec
    batch_size: int = Field(gt=0)  # replies
    batch_tokens: int = Field(gt=0)

    @field_validator("prompt")
    @classmethod
    def _has_instruction(cls, prompt: str) -> str:
        if "{instruction}" not in prompt:
            raise ValueError("needs {instruction}")
        return prompt

    @field_validator("variants")
    @classmethod
    def _are_known(cls, variants: dict[str, Variant]) -> dict[str, Variant]:
        known = [name for name in METHODS if name not in cls.UNTRAINED]
        if unknown := [name for name in variants if name not in known]:
            raise ValueError(f"unknown method '{unknown[0]}'; methods: {', '.join(known)}")
        return variants

    def downloads(self) -> list[Wanted]:
        wanted: list[Wanted] = list(pinned(self.model_dump_json()))
        if self.tested == "coconot":
            tests = ("coconot/coconot_eval.jsonl", "coconot/coconot_contrast_eval.jsonl")
            named = ("refusal_tokens", "coconot_rubric", *self.benchmarks)
            wanted += [SourceFiles("coconot", tests), *map(SourceFiles, named)]
        if self.learnt != "generated":
            wanted.append(SourceFiles("coconot", ("coconot/coconot_pref.jsonl",)))
        if self.learnt == "published":
            wanted += [SourceFiles("coconot_train"), ULTRACHAT]
        return wanted

    def scores(self) -> list[str]:
        trained = [f"{name}-s{seed}" for name, v in self.variants.items() for seed in v.seeds]
        return [f"{BASE}-s0", *trained]
