"""The settings of one scale of Forbidden Science (`scales:` in paper.yaml), checked."""

from pydantic import Field, model_validator

from papers.forbidden_science.variations import VARIATIONS
from shared.chat.settings import Panel
from shared.judges.registry import JudgeSpec, judge_name

TEMPLATES = 5  # T1 to T5
# Fields of an endpoint's request that would let a reply go on behind its flag.
LIMITS = ("max_tokens", "max_completion_tokens", "stop", "n", "stream")


class Settings(Panel):
    agents_per_template: int = Field(ge=0)  # of each of T1 to T5
    industrial: int = Field(ge=0)  # agents of template IC
    environmental: int = Field(ge=0)  # questions
    variations: list[int] = [1, 3, 5]  # numbers of variations to measure consistency over
    judges: list[JudgeSpec] = Field(min_length=1)
    human_labels: bool  # hold the judges against PyRIT's labels
    data_seed: int = 0  # which agents, and which template each gets
    reply_tokens: int = Field(gt=0)  # limit of a reply in words
    batch_size: int = Field(gt=0)  # conversations
    batch_tokens: int = Field(gt=0)
    mirror: str | None = None  # folder with the authors' file; None: REPLICATIONS_MIRROR

    def replies_a_model(self) -> int:
        """A self-report of each wording of a prompt, and a reply in words to each base prompt that
        asks for no synthesis (one of the five templates of agents does)."""
        others = self.industrial + self.environmental
        base = TEMPLATES * self.agents_per_template + others
        wordings = 1 + max(self.variations, default=0)
        return base * wordings + base - self.agents_per_template

    @model_validator(mode="after")
    def _can_be_run(self) -> "Settings":
        if not self.runs():
            raise ValueError("no model: expected one in `models`")
        if not set(self.variations) <= set(range(1, VARIATIONS + 1)):
            raise ValueError(f"variations: expected numbers from 1 to {VARIATIONS}")
        if len(set(map(judge_name, self.judges))) < len(self.judges):
            raise ValueError("judges: two have the same name in tables")
        for name, asked in self.models.items():
            # What a model thinks about a synthesis comes before the flag and could hold an answer.
            if asked.thinking:
                raise ValueError(
                    f"models.{name}.thinking: expected false or none, since nothing but the flag"
                    " may be written about a synthesis"
                )
            if lifted := sorted(set(asked.body) & set(LIMITS)):
                raise ValueError(f"models.{name}.body: {lifted[0]} would let it write on")
        return self
