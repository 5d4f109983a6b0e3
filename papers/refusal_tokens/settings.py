"""The settings of one scale of Refusal Tokens (`scales:` in paper.yaml), checked."""

from itertools import combinations
from typing import Literal

from pydantic import Field, field_validator, model_validator

from shared.data.fetch.wanted import Repository, SourceFiles, Wanted
from shared.judges.registry import JudgeSpec
from shared.models.spec import ModelSpec
from shared.settings import ScaleSettings, Strict
from shared.training.settings import Training

Protocol = Literal["official", "corrected"]
Tokens = Literal["none", "one", "categories"]

# The control tokens, letter for letter as in the released code: one token each, a space before it.
RESPOND, REFUSE = " [respond]", " [refuse]"

# The general conversations that the paper learns from.
ULTRACHAT = Repository(
    "dataset",
    "HuggingFaceH4/ultrachat_200k",
    "8049631c405ae6576f93f445c6b8166f76f5505a",
    ("data/train_sft-*.parquet",),
)


class Sizes(Strict):
    """Instructions of a split: of each category (original, contrast), or in all; None: all."""

    original: int | None
    contrast: int | None
    ordinary: int | None
    temporal: int | None
    dated: int | None


class Variant(Strict):
    """One way to fine-tune, trained once for each seed."""

    tokens: Tokens
    name: str  # in tables and figures
    contrast: bool = False  # learn contrast instructions too
    temporal: bool = False  # refuse what is recent, and nothing else
    seeds: list[int] = Field(min_length=1)

    @property
    def parts(self) -> list[str]:
        """Which parts of the training set it learns."""
        if self.temporal:
            return ["ordinary", "temporal", "dated"]
        return ["ordinary", "original", *(["contrast"] if self.contrast else [])]

    def trained_by(self) -> str:
        """What of this decides the trained weights, as a rule records it."""
        return f"{self.tokens} {self.parts}"


class Settings(ScaleSettings):
    model: ModelSpec
    mirror: str | None = None  # folder of benchmark rows; None: REPLICATIONS_MIRROR
    data_seed: int = 0
    # what is refused: the names of the category tokens, by the key that templates.yaml has
    categories: dict[str, str] = Field(min_length=2)
    tested: Literal["generated", "coconot"]  # the test instructions
    # pairs: contrast data from CoCoNot's preference pairs; published: all that the paper has
    learnt: Literal["generated", "pairs", "published"]
    reply_words: int | None = None  # of those pairs' answers; None: whole
    train: Sizes
    test: Sizes
    prompt: str  # with {instruction}; what follows is the control token or the reply
    end: str  # what ends a reply
    variants: dict[str, Variant]
    training: Training
    thresholds: list[float] = Field(min_length=2)  # on the probability of refusal, rising
    biases: list[float] = []  # added to the logits of the refusal tokens
    forced: Literal["likeliest", "every"]  # which category tokens are forced besides [respond]
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

    @field_validator("categories")
    @classmethod
    def _apart(cls, categories: dict[str, str]) -> dict[str, str]:
        """A token's name inside another's would be found in it by the tokenizer."""
        names = ["respond", "refuse", *categories.values()]
        for one, other in combinations(names, 2):
            if one.lower() in other.lower() or other.lower() in one.lower():
                raise ValueError(f"names '{one}' and '{other}' overlap; expected different names")
        return categories

    @model_validator(mode="after")
    def _can_be_analysed(self) -> "Settings":
        if self.thresholds != sorted(set(self.thresholds)):
            raise ValueError("thresholds: expected rising numbers")
        names = [variant.name for variant in self.variants.values()]
        if len(set(names)) < len(names):
            raise ValueError("variants: two have the same name in tables")
        return self

    def control_tokens(self, tokens: Tokens) -> list[str]:
        """The tokens that a variant begins its reply with, [respond] first."""
        refusing = {
            "none": [],
            "one": [REFUSE],
            "categories": [f" [{name}]" for name in self.categories.values()],
        }[tokens]
        return [RESPOND, *refusing] if refusing else []

    def refusal_token(self, tokens: Tokens, category: str) -> str:
        """The token with which a variant refuses an instruction of a category."""
        if tokens == "categories" and category in self.categories:
            return f" [{self.categories[category]}]"
        return REFUSE

    def downloads(self) -> list[Wanted]:
        wanted = super().downloads()
        if self.tested == "coconot":
            tests = ("coconot/coconot_eval.jsonl", "coconot/coconot_contrast_eval.jsonl")
            wanted += [SourceFiles("coconot", tests), SourceFiles("refusal_tokens")]
        if self.learnt != "generated":
            wanted.append(SourceFiles("coconot", ("coconot/coconot_pref.jsonl",)))
        if self.learnt == "published":
            wanted += [SourceFiles("coconot_train"), ULTRACHAT]
        return wanted

    def runs(self) -> list[tuple[str, int]]:
        """(variant, seed) of every model to be trained."""
        return [(name, seed) for name, v in self.variants.items() for seed in v.seeds]


def short(token: str) -> str:
    """A token's name in columns: " [refuse]" is "refuse"."""
    return token.strip(" []")
