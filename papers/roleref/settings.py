"""The settings of one scale of RoleRef (`scales:` in paper.yaml), checked."""

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from papers.roleref.methods import METHODS, PROMPTING
from shared.chat.calls import Calls, endpoints
from shared.data.fetch.wanted import ByHand, Wanted, pinned
from shared.errors import UserError
from shared.files import read_yaml
from shared.models.spec import ModelSpec, SmallLm, check_made, is_endpoint
from shared.settings import ProtocolName, ScaleSettings, Strict
from shared.training.settings import Training

WORKS = Path(__file__).with_name("works")

# The query types as the paper's code names them; in the paper: non-conflict, role setting, role
# profile, factual knowledge and absent knowledge conflict.
TYPES = ("answerable", "out_series", "context_conflict", "fake", "absent")
CONFLICTS = TYPES[1:]
TRAINED = ("answerable", "out_series", "fake")  # the other two are only tested
# Which types a probe learns from, by the paper's names.
TRAINING_SETS = {
    "answer+fake": ("answerable", "fake"),
    "answer+out_series": ("answerable", "out_series"),
    "answer+fake+out_series": ("answerable", "fake", "out_series"),
}
GRADE_TOKENS = (1_100, 160)  # about, of the rubric with a profile; at most, of nine lines
AUTHORS_DATA = "RoleRef"  # what the folder `data_path` has
ALL_TYPES = "answer+fake+out_series"  # the one whose curve over the layers is drawn


class Counts(Strict):
    """Questions that are made of each role, at most (None: all there are)."""

    answerable: int | None = None
    out_series: int | None = None
    fake: int | None = None
    test: int | None = None  # of each of the five types
    # Of these the absent ones, or what a role missed where that is less; None: as many as test
    absent: int | None = None
    taught: int = 0  # answerable and as many out_series ones, beside those of training

    @model_validator(mode="after")
    def _absent_are_of_test(self) -> "Counts":
        if self.absent is not None and self.test is not None and self.absent > self.test:
            raise ValueError(f"absent: found {self.absent}; expected at most test, {self.test}")
        return self


class Edit(Strict):
    """How hidden states are edited: strength times a vector of the role, added to blocks."""

    strength: float = -0.1  # default of the official code; below 0 is towards refusal
    keep: float = Field(0.3, gt=0, le=1)  # share of dimensions, those of the lowest variance
    blocks: tuple[int, int] | None = None  # first and last, None: all
    pairs: int | None = Field(None, gt=0)  # of questions, at most: `max_samples` of the newest code

    @property
    def label(self) -> str:
        """Its name in tables and figures."""
        if self.strength == 0:
            return "no edit"
        where = f"blocks {self.blocks[0]} to {self.blocks[1]}" if self.blocks else "all blocks"
        pairs = f", {self.pairs} pairs" if self.pairs else ""
        return f"c = {self.strength:g}, {100 * self.keep:g} % of dimensions, {where}{pairs}"


class Variant(Strict):
    """One way to make a model refuse. What edits names an edit, what trains a training."""

    method: Literal[*METHODS]
    protocol: ProtocolName = "corrected"
    seeds: list[int] = Field([0], min_length=1)  # of the training
    edit: Edit | None = None
    training: Training | None = None
    probed: bool = True  # its hidden states are read, too
    replies: int | None = None  # as of the scale, for it alone; None: the scale's

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> "Variant":
        method = METHODS[self.method]
        if (method.trains is not None) != bool(self.training) or method.edits != bool(self.edit):
            raise ValueError(
                f"method {self.method}: expected `training` of lora and full, `edit` of editing"
            )
        if self.training and (method.trains == "adapter") != bool(self.training.lora):
            raise ValueError(
                f"method {self.method}: expected `training.lora` of lora and only there"
            )
        if not self.training and len(self.seeds) > 1:
            raise ValueError(f"method {self.method}: expected one seed, as nothing is trained")
        return self


class Teaching(Strict):
    """How a stand-in is prepared before anything is asked of it (teach.py)."""

    turns: int = Field(1, gt=0)  # in one conversation
    training: Training


class Reading(Strict):
    """What a small model reads before anything is asked of it (pretrain.py)."""

    times: int = Field(gt=0)  # that it reads of all that the roles know, each time in other words
    refused: float = Field(ge=0, le=1)  # words of another story, for each of its own with a name
    profiled: float = Field(ge=0, le=1)  # share that is said after a profile, not a line
    turns: tuple[int, int]  # in a conversation after a line, and after a profile
    training: Training  # one epoch is all of the times


class Sweep(Strict):
    """Edits that are tried on a part of the test questions, under the corrected protocol."""

    roles: int = Field(gt=0)  # the first so many
    questions: int = Field(gt=0)  # of each role and type
    edits: list[Edit] = Field(min_length=1)

    def all_edits(self) -> list[Edit]:
        """With no edit first, and the default one."""
        return [Edit(strength=0), Edit(), *self.edits]


class Probes(Strict):
    seeds: list[int] = Field(min_length=1)  # of the official MLP; the linear probe has none
    epochs: int = 10
    folds: int = Field(5, ge=2)  # of the linear probe's cross-validation


class Settings(ScaleSettings):
    CHATS = True

    model: ModelSpec | SmallLm
    data_path: str | None = None  # folder with the authors' data; None: the works written here
    works: list[str] = Field(min_length=1)  # files of works/
    counts: Counts
    data_seed: int = 0
    trained_questions: int | None = Field(gt=0)  # of each role and type that fine-tuning learns
    turns: int = Field(1, gt=0)  # questions of a role in one training conversation
    teaching: Teaching | None = None  # of a stand-in; None: the model as it is
    reading: Reading | None = None  # of a small model, which is made here from nothing
    variants: dict[str, Variant]
    sweep: Sweep
    probes: Probes
    reply_tokens: int = Field(gt=0)
    replies: int | None = None  # test questions of each role and type that are answered in words
    rubric: ModelSpec | None = None  # model that scores replies by the nine dimensions
    batch_size: int = Field(gt=0)
    batch_tokens: int = Field(gt=0)

    def downloads(self) -> list[Wanted]:
        wanted: list[Wanted] = list(pinned(self.model_dump_json()))
        if self.data_path:
            why = "its files are pointers of Git LFS, so only your own copy is read"
            do = f"put train.json, test.json and prompt.py into {self.data_path}"
            wanted.append(ByHand(AUTHORS_DATA, why, do))
        return wanted

    def calls(self) -> list[Calls]:
        """The rubric's, one for each reply. The authors' data have as many roles as they have."""
        replies = [size for size in (self.counts.test, self.replies) if size is not None]
        most = None
        if replies and not self.data_path:
            roles = sum(len(work_texts(name)["roles"]) for name in self.works)
            most = roles * len(TYPES) * min(replies) * len(self.runs())
        rubric = endpoints(str(self.rubric))
        what = "grades by the rubric, one a reply"
        return [Calls(name, what, most, tokens=GRADE_TOKENS) for name in rubric]

    @model_validator(mode="after")
    def _reads_if_small(self) -> "Settings":
        check_made(self.model, self.reading, "reading")
        if self.reading and self.teaching:
            raise ValueError("teaching: found beside reading; expected one of them")
        return self

    @model_validator(mode="after")
    def _starts_from_prompting(self) -> "Settings":
        start = self.variants.get(PROMPTING)
        if not start or start.method != PROMPTING or not start.probed:
            raise ValueError(f"variants: expected {PROMPTING}, a probed one with this method")
        return self

    @property
    def unchanged(self) -> str:
        """The run of the model before any change, as `<variant>-s<seed>`."""
        return f"{PROMPTING}-s{self.variants[PROMPTING].seeds[0]}"

    def runs(self) -> list[str]:
        """Every model that is asked, as `<variant>-s<seed>`."""
        return [f"{name}-s{seed}" for name, v in self.variants.items() for seed in v.seeds]

    def scores(self) -> list[str]:
        files = ["replies", "sweep", "rule", "ordinary", "cost", "probes", "geometry"]
        return [*files, "methods_map"]

    def misfit(self) -> str | None:
        if is_endpoint(self.model):
            return "model: an endpoint shows no hidden states; expected one with weights"
        return None


def work_texts(name: str) -> dict:
    """A file of works/: `roles` and `events`. Raises `UserError` if there is none of this name."""
    path = WORKS / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in WORKS.glob("*.yaml")))
        raise UserError(f"unknown work '{name}'; works: {known}")
    return read_yaml(path)
