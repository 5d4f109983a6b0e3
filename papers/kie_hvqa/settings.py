"""The settings of one scale of KIE-HVQA (`scales:` in paper.yaml), checked."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from shared.models.spec import ModelSpec, SmallVlm, display_name
from shared.settings import ScaleSettings, Strict
from shared.training.settings import Reinforcement, Training

Subset = Literal["nutrition", "receipt", "card"]
Share = Annotated[float, Field(ge=0, le=1)]

# Names in tables and figures: ours, which stand in for the paper's (see stand_ins in paper.yaml).
SUBSET_NAMES: dict[str, str] = {
    "nutrition": "Nutrition labels",
    "receipt": "Receipts",
    "card": "Cards",
}
CLASS_NAMES = {"clear": "Clear", "partly": "Partly occluded", "hidden": "Occluded"}
ALL = "All subsets"
UNDEGRADED = "Undegraded"
ENGINE = "RapidOCR"  # the OCR engine that is one more row of Table 1
BASE, COLD_START, ENGINE_METHOD = "Zero-shot", "SFT", "OCR engine"

# Parts of the data whose features are computed together: two jobs of about the same length, the
# first of which is all that the first training needs.
FEATURES = {
    "clean": ("clean", "undegraded", "test"),
    "degraded": ("cold_start", "reinforcement"),
}


class Reward(Strict):
    """What GRPO maximises. Weights of the three similarities (c2, c1 and c3 of Algorithm 1) and
    of the format reward."""

    method: str  # its name in tables
    form: Literal["alg1", "eq3"] = "alg1"
    clear: float = Field(1 / 3, ge=0)
    not_clear: float = Field(1 / 3, ge=0)
    final: float = Field(1 / 3, ge=0)
    format: float = Field(0.1, ge=0)


class Spoiling(Strict):
    """How characters are degraded: a share of each class, and from which strengths it is drawn."""

    partly: Share
    hidden: Share
    partly_strength: tuple[Share, Share]
    hidden_strength: tuple[Share, Share]

    @model_validator(mode="after")
    def _fits(self) -> "Spoiling":
        if self.partly + self.hidden > 1:
            raise ValueError("partly and hidden: expected shares of at most 1 in all")
        return self


class Sizes(Strict):
    """Rows of each part; of test, by subset."""

    clean: int = Field(ge=0)  # undegraded rows that the base model learns to read from
    cold_start: int = Field(gt=0)
    reinforcement: int = Field(gt=0)
    test: dict[Subset, int]
    undegraded: int = Field(gt=0)  # test rows without degradation


class Settings(ScaleSettings):
    model: ModelSpec | SmallVlm
    reads: Literal["lines", "documents"]  # the line of the field, or the whole document
    fonts: list[str] = Field(min_length=1)
    spoiling: Spoiling
    sizes: Sizes
    official: str | None = None  # folder or hub id@revision of the authors' test set
    data_seed: int = 0
    prompt: str  # after the picture; may hold {question}
    features_per_token: int = Field(3, gt=0)  # columns of the OCR tower in one image token
    base: Training | None = None  # of the small model; a pretrained one can read already
    cold_start: Training
    reinforcement: Reinforcement
    rewards: dict[str, Reward] = Field(min_length=1)
    answer_tokens: int = Field(gt=0)
    batch_size: int = Field(gt=0)  # of evaluation, in questions
    batch_tokens: int = Field(8192, gt=0)  # of evaluation, in tokens of the prompts
    seeds: list[int] = Field([0], min_length=1)

    @model_validator(mode="after")
    def _can_be_run(self) -> "Settings":
        if self.small and (self.reads != "lines" or not self.base):
            raise ValueError("a small model needs `reads: lines` and a training `base`")
        return self

    @property
    def name(self) -> str:
        return display_name(self.model)

    @property
    def methods(self) -> dict[str, str]:
        """The name in tables of each trained or untrained variant of the model."""
        trained = {name: reward.method for name, reward in self.rewards.items()}
        return {"base": BASE, "sft": COLD_START} | trained

    @property
    def small(self) -> bool:
        """The model that is trained in the pipeline, not a pretrained one."""
        return isinstance(self.model, SmallVlm)

    def trains(self, variant: str) -> bool:
        """Whether a variant is a training of ours; a pretrained model is the base as it is."""
        return variant != "base" or self.small

    def runs(self) -> list[tuple[str, int]]:
        """(variant, seed) of everything that is asked; an untrained model is the same for all."""
        return [
            (variant, seed)
            for variant in self.methods
            for seed in (self.seeds if self.trains(variant) else self.seeds[:1])
        ]

    def training_of(self, variant: str) -> str:
        """What of this decides the weights of a variant, as a rule records it."""
        own = {"base": "base", "sft": "cold_start"}.get(variant, "reinforcement")
        settings = self.model_dump_json(include={"model", "prompt", "features_per_token", own})
        reward = self.rewards[variant].model_dump_json() if variant in self.rewards else ""
        return settings + reward
