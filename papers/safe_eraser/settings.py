"""The settings of one scale of SafeEraser (`scales:` in paper.yaml), checked."""

from pathlib import Path
from typing import ClassVar, Literal, get_args

from pydantic import Field, model_validator

from shared.chat.calls import Calls, endpoints
from shared.data.fetch.wanted import ByHand, Wanted, pinned
from shared.models.spec import ModelSpec, SmallVlm, made_in
from shared.settings import Engine, ProtocolName, ScaleSettings, Strict
from shared.training.settings import EncoderTraining, Training

VANILLA = "vanilla"  # the model before unlearning
BASES = {"ga": "GA", "gd": "GD", "kl": "KL", "po": "PO"}
AUTHORS_DATA = "SafeEraser"  # their records and pictures
AUTHORS_QUESTIONS = 9600  # on forbidden pictures; as many on benign ones, and retained ones
MM_VET_QUESTIONS = 218
VERDICT = (250, 8)  # tokens: about, of the task with question and answer; at most, of a verdict
PD = "+PD"  # with prompt decoupling
# Names in tables and figures, as the paper writes them.
METHODS = {key + end.lower(): name + end for key, name in BASES.items() for end in ("", PD)}


Benchmark = Literal["GQA", "VizWiz", "ScienceQA", "VQAv2", "POPE", "MM-Vet", "MMBench"]
BENCHMARKS = get_args(Benchmark)  # of specificity


class Generated(Strict):
    """Sizes of the generated benchmark, in pictures."""

    side: int = Field(gt=0)  # pixels
    train: int = Field(gt=0)  # forbidden pictures of each of the six categories
    val: int = Field(gt=0)
    # benign pictures for each forbidden one
    benign_share: float = Field(0.25, gt=0, le=1)
    benign_val_share: float = Field(0.25, gt=0, le=1)
    lessons: int = Field(gt=0)  # other pictures, that vanilla learns the catalogue from
    asked: int = Field(gt=0)  # questions that vanilla learns to answer about each of them
    specificity: int = Field(gt=0)  # pictures of another kind


class Sampling(Strict):
    """How answers are drawn: `samples` of each forget question, one of any other."""

    samples: int = Field(1, gt=0)
    temperature: float = Field(1.0, gt=0)
    top_p: float = Field(1.0, gt=0, le=1)

    @property
    def drawing(self) -> dict[str, float]:
        return self.model_dump(exclude={"samples"})


class Variant(Strict):
    """One way to unlearn, trained once for each seed."""

    method: str
    protocol: ProtocolName = "official"
    seeds: list[int] = Field([0], min_length=1)

    @model_validator(mode="after")
    def _known(self) -> "Variant":
        if self.method not in METHODS:
            raise ValueError(f"unknown method {self.method}; methods: {', '.join(METHODS)}")
        return self


class Settings(ScaleSettings):
    CHATS = True
    SEES = True
    UNTRAINED: ClassVar = (VANILLA,)

    model: ModelSpec | SmallVlm  # a SmallVlm is made of the words of the generated benchmark
    engine: Engine = "transformers"  # that answers
    data_seed: int = 0
    # What is generated in the form of the authors' files, or a folder with these
    benchmark: Generated | str
    specificity: dict[Benchmark, str] = {}  # -> folder with its published files
    specificity_questions: int | None = Field(None, gt=0)  # drawn from each of them; None: all
    judge: str = Field("rules", pattern=r"^(rules|llm:.+)$")  # llm:MODEL is a language model
    image_encoder: EncoderTraining | None = None  # of a small model, before vanilla
    vanilla: Training | None = None  # None: vanilla is the model as it is
    unlearning: Training
    variants: dict[str, Variant]
    snapshots: int = Field(1, gt=0)  # of each training: at its end, half, a quarter and so on
    probe: int = Field(0, ge=0)  # held-out requests that the snapshots before the end answer
    sampling: Sampling | None = None  # None: greedy
    answer_tokens: int = Field(gt=0)
    batch_size: int = Field(gt=0)  # of evaluation, in questions
    batch_tokens: int = Field(gt=0)

    @model_validator(mode="after")
    def _fit_together(self) -> "Settings":
        if isinstance(self.model, SmallVlm) and not self.generated:
            raise ValueError("a small model is made for a generated `benchmark`")
        if isinstance(self.model, SmallVlm) and not self.vanilla:
            raise ValueError("a small model has random weights; expected `vanilla`, its training")
        if "MM-Vet" in self.specificity and self.judge == "rules":
            raise ValueError("MM-Vet is graded by a language model; expected `judge: llm:MODEL`")
        return self

    @property
    def generated(self) -> Generated | None:
        return self.benchmark if isinstance(self.benchmark, Generated) else None

    def start(self, seed: int | str) -> str:
        """What the trainings of a seed start from, as its files are called: a vanilla of their own
        where it is trained here, else the one that there is."""
        return f"{VANILLA}-s{seed if self.vanilla else 0}"

    def starts(self) -> list[str]:
        """Of all seeds."""
        seeds = sorted({seed for variant in self.variants.values() for seed in variant.seeds})
        return list(dict.fromkeys(self.start(seed) for seed in seeds or [0]))

    def folder(self, data: Path) -> Path:
        """Of the benchmark's files: the user's own, or where they are generated."""
        return data if self.generated else Path(self.benchmark)

    def base(self, vanilla: Path | None) -> ModelSpec | SmallVlm:
        """What is unlearnt from: vanilla where it was trained here, else the model as it is."""
        return made_in(vanilla, self.model)

    def downloads(self) -> list[Wanted]:
        own, mine = "its answers are harmful, so only your own copy is read", "its files are large"
        how = (
            f"put all_train.json, all_val.json, prompt.json and the pictures into {self.benchmark}"
        )
        benchmark = ByHand(AUTHORS_DATA, own, how)
        wanted = [*pinned(self.model_dump_json()), *([] if self.generated else [benchmark])]
        for name, folder in self.specificity.items():
            how = f"put its questions and pictures into {folder}"
            wanted.append(ByHand(name, mine, how))
        return wanted

    def calls(self) -> list[Calls]:
        """Two verdicts on each answer on a forbidden picture, three on a benign one, two grades of
        a retained one, one of MM-Vet's."""
        drawn = self.sampling.samples if self.sampling else 1
        answers = AUTHORS_QUESTIONS * (2 * drawn + 3 + 2)
        answers += MM_VET_QUESTIONS if "MM-Vet" in self.specificity else 0
        models = len(self.scores())
        most = None if self.generated else answers * models
        what = f"verdicts on the answers of {models} variants"
        return [Calls(name, what, most, tokens=VERDICT) for name in endpoints(self.judge)]

    def dataset(self, name: str) -> str:
        """Name of a data set in tables: generated ones say what they are."""
        return f"Catalogue {name.lower()}" if self.generated else name

    def scores(self) -> list[str]:
        """Of every model to be evaluated, those that they start from first."""
        trained = (f"{name}-s{s}" for name, variant in self.variants.items() for s in variant.seeds)
        return [*self.starts(), *trained]
