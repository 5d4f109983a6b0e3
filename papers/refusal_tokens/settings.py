"""The settings of one scale of Refusal Tokens (`scales:` in paper.yaml), checked."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from papers.refusal_tokens.benchmarks import Name
from papers.refusal_tokens.methods import BASE, METHODS, RELEASED
from shared.data.catalogue import sources
from shared.data.fetch.wanted import ByHand, Repository, SourceFiles, Wanted, pinned
from shared.data.sources import mirror_folder
from shared.judges.harness import questions
from shared.judges.registry import JudgeSpec
from shared.models.spec import ModelSpec, is_absent
from shared.settings import Engine, ScaleSettings, Strict
from shared.settings.templates import check_fields
from shared.training.settings import Training

# The general conversations that the paper learns from.
ULTRACHAT = Repository(
    "dataset",
    "HuggingFaceH4/ultrachat_200k",
    "8049631c405ae6576f93f445c6b8166f76f5505a",
    ("data/train_sft-*.parquet",),
)
RUBRIC = "coconot_rubric"  # the source that has it
Task = Literal["ARC-C", "HellaSwag", "MMLU", "PIQA", "TruthfulQA MC1", "TruthfulQA MC2"]


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


Decoding = Literal["greedy", "own"]  # own: as the model's own generation_config says


class Asking(Strict):
    """How a model is asked. prompt: with {instruction}; end: what ends a reply."""

    prompt: str
    end: str
    decoding: Decoding = "greedy"

    @field_validator("prompt")
    @classmethod
    def _has_instruction(cls, prompt: str) -> str:
        return check_fields(prompt, "instruction")


class Variant(Strict):
    """A method of methods.py, trained once for each seed; or a checkpoint of it that is loaded."""

    seeds: list[int] = Field([0], min_length=1)
    weights: ModelSpec | None = None  # of a released checkpoint
    asking: Asking | None = None  # how that one is asked

    @property
    def absent(self) -> bool:
        """A checkpoint in a folder of the user's own, which is not there: it is left out."""
        return is_absent(self.weights)


class Settings(ScaleSettings):
    UNTRAINED: ClassVar = (BASE, *RELEASED)

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
    asking: Asking  # what follows the prompt is the control token or the reply
    variants: dict[str, Variant] = {}  # by method
    training: Training
    forced: Literal["likeliest", "every"]  # which refusal tokens are forced besides [respond]
    reply_tokens: int = Field(gt=0)  # limit of a reply, which refuses at once or not at all
    judge: JudgeSpec
    further_judges: list[JudgeSpec] = []  # of the replies of the model's own choice
    # General ability of the model before training and of checkpoints: questions; None: all
    harness: dict[Task, Annotated[int, Field(ge=0)] | None] = {}
    harness_engine: Engine = "transformers"  # that runs a model for these
    batch_size: int = Field(gt=0)  # replies
    batch_tokens: int = Field(gt=0)

    @field_validator("variants")
    @classmethod
    def _are_known(cls, variants: dict[str, Variant]) -> dict[str, Variant]:
        known = [name for name in METHODS if name != BASE]
        if unknown := [name for name in variants if name not in known]:
            raise ValueError(f"unknown method '{unknown[0]}'; methods: {', '.join(known)}")
        for name, variant in variants.items():
            if (name in RELEASED) != (variant.weights is not None):
                raise ValueError(f"{name}: weights are of a released checkpoint, and it needs them")
        return variants

    @property
    def readable(self) -> list[str]:
        """The benchmarks whose files are there or can be fetched; of others the user has no copy.
        Read by the data step, so that it runs again when a copy comes."""
        folder = mirror_folder(self.mirror)
        return [
            name
            for name in self.benchmarks
            if not sources()[name].own_copy
            or (folder and all((folder / file).is_file() for file in sources()[name].files))
        ]

    @property
    def tasks(self) -> dict[str, int | None]:
        """Of the harness, those of which a question is asked."""
        return {name: count for name, count in self.harness.items() if count != 0}

    def extras(self) -> list[str]:
        return [*super().extras(), *(["eval"] if self.tasks else [])]

    def downloads(self) -> list[Wanted]:
        wanted: list[Wanted] = list(pinned(self.model_dump_json()))
        if self.tested == "coconot":
            tests = ("coconot/coconot_eval.jsonl", "coconot/coconot_contrast_eval.jsonl")
            wanted += [SourceFiles("coconot", tests), *map(SourceFiles, ("refusal_tokens", RUBRIC))]
        wanted += map(_benchmark, self.benchmarks)
        if self.learnt != "generated":
            wanted.append(SourceFiles("coconot", ("coconot/coconot_pref.jsonl",)))
        if self.learnt == "published":
            wanted += [SourceFiles("coconot_train"), ULTRACHAT]
        wanted += [
            ByHand(
                name,
                "no commit of the released checkpoints could be read, so none is pinned",
                "download tomg-group-umd/zephyr-llama3-8b-sft-refusal-n-contrast-{single-token,"
                f"multiple-tokens}}, whichever it is, to {variant.weights}; else it is left out",
            )
            for name, variant in self.variants.items()
            if variant.weights
        ]
        if self.tasks:
            wanted.append(questions(self.tasks))
        return wanted

    def scores(self) -> list[str]:
        there = {name: v.seeds for name, v in self.variants.items() if not v.absent}
        able = [name for name in (BASE, *there) if name == BASE or name in RELEASED]
        return [
            f"{BASE}-s0",
            *(f"{name}-s{seed}" for name, own in there.items() for seed in own),
            *(f"ability/{name}-s0" for name in able if self.tasks),
        ]


def _benchmark(name: str) -> Wanted:
    source = sources()[name]
    if not source.own_copy:
        return SourceFiles(name)
    return ByHand(
        f"{name}: {', '.join(source.files)}",
        "requests that are unsafe by design are read from your own copy only",
        f"put it, of {source.host} {source.upstream}, into a mirror folder, named by "
        "REPLICATIONS_MIRROR; else it is left out",
        name,
    )
