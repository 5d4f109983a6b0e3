"""The settings of one scale of Forbidden Science (`scales:` in paper.yaml), checked."""

from typing import ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from papers.forbidden_science.variations import VARIATIONS
from shared.chat.calls import Calls, endpoints
from shared.chat.settings import Asked
from shared.data.fetch.wanted import ByHand, Wanted, pinned
from shared.judges.registry import JudgeSpec, judge_name
from shared.models.spec import is_endpoint
from shared.settings import ScaleSettings, Strict
from shared.training.settings import Training

BASE = "base"  # the model as it is
TEMPLATES = 5  # T1 to T5
PROMPT_TOKENS = 110  # about: the task 85, a wording of a request 25
VERDICT = (400, 16)  # tokens: about, of the task with request and reply; at most, of a verdict
LABELLED, HUMAN_LABELS = "its verdicts on human-labelled replies", 169
# Fields of an endpoint's request that would let a reply go on behind its flag.
LIMITS = ("max_tokens", "max_completion_tokens", "stop", "n", "stream")

# How many the authors' files have: prompts, those on controlled substances, and variations for each
# number of them.
AUTHORS = {"prompts": 512, "controlled": 438, 1: 482, 3: 1392, 5: 1915}
AUTHORS_FILES = ByHand(
    "forbidden_science: dont_ask_science_utf.csv and uplift_science_mistral_1.csv, _3 and _5",
    "its prompts ask for the synthesis of controlled substances, so only your own copy is read",
    "put them, of GitHub reveondivad/forbidden, into forbidden_science/ of a mirror folder, named "
    "by REPLICATIONS_MIRROR; with dont_ask_science_answered2.csv beside them, judges are held "
    "against its flags too",
    "forbidden_science",
)


class Harmless(Strict):
    """How many prompts of our own are asked; see `data`."""

    agents_per_template: int = Field(gt=0)  # of each of T1 to T5
    industrial: int = Field(gt=0)  # agents of template IC
    environmental: int = Field(gt=0)  # questions


class Taught(Strict):
    """A model that was taught to refuse, once for each seed; see `teach`."""

    seeds: list[int] = Field(min_length=1)


class Settings(Asked, ScaleSettings):
    CHATS = True
    UNTRAINED: ClassVar = (BASE,)

    variants: dict[Literal["taught"], Taught] = {}
    training: Training | None = None  # of those
    prompts: Harmless | Literal["authors"]  # the authors': from the user's copy, all of them
    variations: list[int] = [1, 3, 5]  # numbers of variations to measure consistency over
    judges: list[JudgeSpec] = Field(min_length=1)
    human_labels: bool  # hold the judges against PyRIT's labels
    data_seed: int = 0  # which agents, and which template each gets
    reply_tokens: int = Field(gt=0)  # limit of a reply in words
    batch_size: int = Field(gt=0)  # conversations
    batch_tokens: int = Field(gt=0)
    mirror: str | None = None  # folder with the authors' files; None: REPLICATIONS_MIRROR

    def downloads(self) -> list[Wanted]:
        wanted: list[Wanted] = list(pinned(self.model_dump_json()))
        return [*wanted, AUTHORS_FILES] if self.prompts == "authors" else wanted

    def calls(self) -> list[Calls]:
        asked = endpoints(self.model_dump_json(include={"model"}))
        judging = list(endpoints(self.model_dump_json(include={"judges"})))
        words = f"its verdicts on replies of {self.name}"
        return [
            *(
                Calls(
                    name,
                    f"replies of {self.name}",
                    self.replies(),
                    tokens=(PROMPT_TOKENS, self.reply_tokens),
                    prices=self.prices,
                )
                for name in asked
            ),
            *(Calls(name, words, self.in_words(), tokens=VERDICT) for name in judging),
            *(Calls(name, LABELLED, HUMAN_LABELS, once=True, tokens=VERDICT) for name in judging),
        ]

    def misfit(self) -> None:
        """Any can be asked; one behind an endpoint is not taught."""

    def replies(self) -> int:
        """A self-report of each wording of a prompt, and a reply in words to each base prompt that
        asks for no synthesis (one of the five templates of agents does); of the authors' prompts,
        to those that are on no controlled substance."""
        if self.prompts == "authors":
            wordings = AUTHORS["prompts"] + sum(AUTHORS[k] for k in self.variations)
            return wordings + self.in_words()
        base = self.in_words() + self.prompts.agents_per_template
        wordings = 1 + max(self.variations, default=0)
        return base * wordings + self.in_words()

    def in_words(self) -> int:
        if self.prompts == "authors":
            return AUTHORS["prompts"] - AUTHORS["controlled"]
        own = self.prompts
        return (TEMPLATES - 1) * own.agents_per_template + own.industrial + own.environmental

    def scores(self) -> list[str]:
        return [f"{name}-s{seed}" for name, seeds in self.seeds().items() for seed in seeds]

    def seeds(self) -> dict[str, list[int]]:
        """Of the model as it is and, unless it is behind an endpoint, of the taught ones."""
        taught = {} if is_endpoint(self.model) else self.variants
        return {BASE: [0], **{name: each.seeds for name, each in taught.items()}}

    def common_scores(self) -> list[str]:
        return ["judges"]

    @field_validator("variations")
    @classmethod
    def _there(cls, variations: list[int]) -> list[int]:
        if not set(variations) <= set(range(1, VARIATIONS + 1)):
            raise ValueError(f"expected numbers from 1 to {VARIATIONS}")
        return variations

    @model_validator(mode="after")
    def _can_be_taught(self) -> "Settings":
        if self.variants and self.training is None:
            raise ValueError("variants: expected training settings too")
        return self

    @model_validator(mode="after")
    def _as_written(self) -> "Settings":
        if self.prompts == "authors" and not set(self.variations) <= {1, 3, 5}:
            raise ValueError("variations: expected 1, 3 and 5, as the authors have them")
        return self

    @field_validator("judges")
    @classmethod
    def _told_apart(cls, judges: list[str]) -> list[str]:
        if len(set(map(judge_name, judges))) < len(judges):
            raise ValueError("two have the same name in tables")
        return judges

    @field_validator("thinking")
    @classmethod
    def _flag_alone(cls, thinking: bool | None) -> bool | None:
        # What a model thinks about a synthesis comes before the flag and could hold an answer.
        if thinking:
            raise ValueError(
                "expected false or none, since nothing but the flag may be written about a"
                " synthesis"
            )
        return thinking

    @field_validator("body")
    @classmethod
    def _within_limits(cls, body: dict) -> dict:
        if lifted := sorted(set(body) & set(LIMITS)):
            raise ValueError(f"{lifted[0]} would let it write on")
        return body
