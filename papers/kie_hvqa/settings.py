"""The settings of one scale of KIE-HVQA (`scales:` in paper.yaml), checked."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from shared.chat.calls import Calls, endpoints
from shared.chat.estimate import TOKENS_A_PICTURE
from shared.chat.settings import Asked
from shared.data.fetch.wanted import ByHand, Wanted, pinned
from shared.models.spec import ModelSpec, SmallVlm, is_endpoint
from shared.settings import ScaleSettings, Strict
from shared.settings.templates import check_fields
from shared.training.settings import Reinforcement, Training

Subset = Literal["nutrition", "receipt", "card"]
Part = Literal["clean", "cold_start", "reinforcement"]
Share = Annotated[float, Field(ge=0, le=1)]

# Names in tables and figures: ours, which stand in for the paper's (see stand_ins in paper.yaml).
SUBSET_NAMES = {"nutrition": "Nutrition labels", "receipt": "Receipts", "card": "Cards"}
CLASS_NAMES = {"clear": "Clear", "partly": "Partly occluded", "hidden": "Occluded"}
UNDEGRADED = "Undegraded"
UNSPOILED = ("clean", "undegraded")  # parts of the data
QUESTIONS = 200  # of each part of OCRBench
PROMPT_TOKENS = 150  # about, of the words beside a picture
# Parts of OCRBench, by their question types → as Table 2 has them.
OCRBENCH = {
    "Scene Text-centric VQA": "OCRBench Scene VQA",
    "Doc-oriented VQA": "OCRBench Document VQA",
    "Key Information Extraction": "OCRBench KIE",
}
ENGINE = "RapidOCR"  # the OCR engine that is one more row of Table 1

# Parts of the data whose features are computed together: two jobs of about the same length, the
# first of which is all that the first training needs.
FEATURES = {
    "clean": ("clean", "undegraded", "test"),
    "degraded": ("cold_start", "reinforcement"),
}
# The small model has a token for each fixed part of a reply. SmolLM2's tokenizer takes 80 for that
# of the paper's own example, nine letters.
FEWEST_TOKENS = 100


class Reward(Strict):
    """What GRPO maximises. Weights of the three similarities (c2, c1 and c3 of Algorithm 1) and
    of the format reward."""

    form: Literal["alg1", "eq3"] = "alg1"
    clear: float = Field(1 / 3, ge=0)
    not_clear: float = Field(1 / 3, ge=0)
    final: float = Field(1 / 3, ge=0)
    format: float = Field(0.1, ge=0)


class Variant(Strict):
    """One stage of the model: as it is, or trained on a part of the data from another one on."""

    method: str  # its name in tables
    starts_from: str | None = None  # None: the model itself
    part: Part | None = None
    training: Training | None = None
    reinforcement: Reinforcement | None = None  # instead, with a reward
    reward: Reward | None = None
    shared: bool = False  # one training, from which those of all seeds start

    @property
    def trained(self) -> bool:
        """Whether it is a training of ours; else the model is asked as it is."""
        return bool(self.training or self.reinforcement)

    @property
    def features(self) -> str:
        """Which features its training needs, where a model reads features."""
        return next(which for which, parts in FEATURES.items() if self.part in parts)

    @model_validator(mode="after")
    def _is_one_training(self) -> "Variant":
        if self.training and self.reinforcement:
            raise ValueError("training and reinforcement: expected one of them at most")
        if bool(self.reward) != bool(self.reinforcement):
            raise ValueError("reward and reinforcement: expected both or neither")
        if bool(self.part) != self.trained:
            raise ValueError("part: expected with a training, and only then")
        return self


class Spoiling(Strict):
    """How characters are degraded: a share of each class, and from which strengths it is drawn."""

    partly: Share
    hidden: Share
    partly_strength: tuple[Share, Share]
    hidden_strength: tuple[Share, Share]
    always_partly: bool = False  # a character of every value that has two

    @model_validator(mode="after")
    def _fits(self) -> "Spoiling":
        if self.partly + self.hidden > 1:
            raise ValueError("partly and hidden: expected shares of at most 1 in all")
        return self


class Sizes(Strict):
    """Rows of each part; of test, by subset."""

    clean: int = Field(ge=0)  # undegraded rows that the small model learns to read from
    text: int = Field(0, ge=0)  # values, and as many words, that it sees as text beside them
    cold_start: int = Field(gt=0)
    reinforcement: int = Field(gt=0)
    test: dict[Subset, int]
    undegraded: int = Field(gt=0)  # test rows without degradation


class Settings(Asked, ScaleSettings):
    CHATS = True
    SEES = True

    model: ModelSpec | SmallVlm  # one behind an endpoint is asked, as its other fields say
    fonts: list[str] = Field(min_length=1)
    spoiling: Spoiling
    sizes: Sizes
    official: str | None = None  # folder or hub id@revision of the authors' test set
    ocrbench: str | None = None  # folder of OCRBench, in place of drawn undegraded rows
    scans: dict[Literal["WildReceipt", "FUNSD"], str] = {}  # folders, in place of drawn GRPO rows
    data_seed: int = 0
    prompt: str  # after the picture; may hold {question}
    variants: dict[str, Variant] = Field(min_length=1)
    answer_tokens: int = Field(gt=0)
    batch_size: int = Field(gt=0)  # of evaluation, in questions
    batch_tokens: int = Field(8192, gt=0)  # of its prompts, and as many of its replies
    seeds: list[int] = Field([0], min_length=1)

    @field_validator("prompt")
    @classmethod
    def _no_other_field(cls, prompt: str) -> str:
        return check_fields(prompt, "question", needed=False)

    @model_validator(mode="before")
    @classmethod
    def _without_weights_nothing_is_trained(cls, values: dict) -> dict:
        variants = values.get("variants")
        if not is_endpoint(values.get("model")) or not isinstance(variants, dict):
            return values
        trained = {"training", "reinforcement"}
        asked = {name: v for name, v in variants.items() if not trained & set(v or {})}
        return values | {"variants": asked or variants}

    @model_validator(mode="after")
    def _can_be_run(self) -> "Settings":
        for name, variant in self.variants.items():
            before, known = variant.starts_from, ", ".join(self.variants)
            if before not in (None, *self.variants):
                raise ValueError(f"variant {name} starts from '{before}'; variants: {known}")
            if self.small and not variant.trained:
                raise ValueError(f"variant {name}: a small model needs a training")
        if self.small and self.engine == "vllm":
            raise ValueError(
                "engine: vllm can't run a small model, which reads features; expected transformers"
            )
        return self

    def spoiling_of(self, part: str) -> Spoiling | None:
        """What is done to a part's values. Each row of GRPO and of the test has a partly occluded
        character: where there is none, a reply that lists none has the whole reward."""
        if part in UNSPOILED:
            return None
        always = part in ("reinforcement", "test")
        return self.spoiling.model_copy(update={"always_partly": always})

    @property
    def small(self) -> bool:
        """The model that is trained in the pipeline, not a pretrained one."""
        return isinstance(self.model, SmallVlm)

    @property
    def reads(self) -> Literal["lines", "documents"]:
        """What is seen of a document: the line of the asked field, which is all that the small
        model can read, or the whole."""
        return "lines" if self.small else "documents"

    @property
    def everything(self) -> str:
        """The name of all degraded test rows together; of the authors' rows it is the paper's."""
        return "Average" if self.official else "All subsets"

    def start_of(self, variant: str) -> str | None:
        """The variant whose weights a training goes on from; None: from the model itself."""
        before = self.variants[variant].starts_from
        return before if before and self.variants[before].trained else None

    def runs(self) -> list[tuple[str, int]]:
        """(variant, seed) of everything that is asked; an untrained model is the same for all."""
        return [(name, seed) for name in self.variants for seed in self.seeds_of(name)]

    def seeds_of(self, variant: str) -> list[int]:
        chosen = self.variants[variant]
        return self.seeds if chosen.trained and not chosen.shared else self.seeds[:1]

    def scores(self) -> list[str]:
        return [f"{variant}-s{seed}" for variant, seed in self.runs()]

    def common_scores(self) -> list[str]:
        """Of the OCR engine, which reads lines only."""
        return ["engine", "legibility"] if self.reads == "lines" else []

    def downloads(self) -> list[Wanted]:
        folders = self.scans | ({"OCRBench": self.ocrbench} if self.ocrbench else {})
        why, do = "no copy is pinned", "`artefacts` in paper.yaml says which files go into"
        by_hand = [ByHand(name, why, f"{do} {folder}") for name, folder in folders.items()]
        return [*pinned(self.model_dump_json()), *by_hand]

    def calls(self) -> list[Calls]:
        asked = sum(self.sizes.test.values())
        asked += QUESTIONS * len(OCRBENCH) if self.ocrbench else self.sizes.undegraded
        named = endpoints(self.model_dump_json(include={"model"}))
        tokens = (PROMPT_TOKENS + TOKENS_A_PICTURE, self.answer_tokens)
        what = f"replies of {self.name}"
        return [Calls(name, what, asked, tokens=tokens, prices=self.prices) for name in named]

    def misfit(self) -> str | None:
        if is_endpoint(self.model) and any(each.trained for each in self.variants.values()):
            return "model: it is behind an endpoint; expected one with weights, to be trained"
        if "{question}" not in self.prompt:
            return f"prompt: {self.prompt!r} asks nothing; expected one with {{question}}"
        if self.answer_tokens < FEWEST_TOKENS:
            limit = f"{self.answer_tokens}, made for characters"
            return f"answer_tokens: {limit}; expected at least {FEWEST_TOKENS}"
        return None
