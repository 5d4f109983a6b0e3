"""The settings of one scale of SafeEraser (`scales:` in paper.yaml), checked."""

from typing import ClassVar

from pydantic import Field, model_validator

from shared.chat.calls import Calls, endpoints
from shared.data.fetch.wanted import ByHand, Wanted, pinned
from shared.models.spec import ModelSpec, SmallVlm
from shared.settings import ProtocolName, ScaleSettings, Strict
from shared.training.settings import EncoderTraining, Training

VANILLA = "vanilla"  # the model before unlearning
BASES = {"ga": "GA", "gd": "GD", "kl": "KL", "po": "PO"}
PD = "+PD"  # with prompt decoupling
# Names in tables and figures, as the paper writes them.
METHODS = {key + end.lower(): name + end for key, name in BASES.items() for end in ("", PD)}


class Generated(Strict):
    """Sizes of the generated benchmark, in pictures."""

    side: int = Field(gt=0)  # pixels
    train: int = Field(gt=0)  # forbidden pictures of each of the six categories
    val: int = Field(gt=0)
    benign_share: float = Field(0.25, gt=0, le=1)  # benign pictures for each forbidden one
    lessons: int = Field(gt=0)  # other pictures, that vanilla learns the catalogue from
    asked: int = Field(gt=0)  # questions that vanilla learns to answer about each of them
    specificity: int = Field(gt=0)  # pictures of another kind


class Sampling(Strict):
    """How answers are drawn: `samples` of each forget question, one of any other."""

    samples: int = Field(1, gt=0)
    temperature: float = Field(1.0, gt=0)
    top_p: float = Field(1.0, gt=0, le=1)


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
    UNTRAINED: ClassVar = (VANILLA,)

    model: ModelSpec | SmallVlm  # a SmallVlm is made of the words of the generated benchmark
    data_seed: int = 0
    # What is generated in the form of the authors' files, or a folder with these
    benchmark: Generated | str
    specificity: dict[str, str] = {}  # name -> JSON Lines of image, question, answer
    judge: str = Field("rules", pattern=r"^(rules|llm:.+)$")  # llm:MODEL is a language model
    image_encoder: EncoderTraining | None = None  # of a small model, before vanilla
    vanilla: Training | None = None  # None: vanilla is the model as it is
    unlearning: Training
    variants: dict[str, Variant]
    snapshots: int = Field(1, gt=0)  # of each training: at its end, half, a quarter and so on
    probe: int = Field(0, ge=0)  # questions of each set that the snapshots before the end answer
    sampling: Sampling | None = None  # None: greedy
    answer_tokens: int = Field(gt=0)
    batch_size: int = Field(gt=0)  # of evaluation, in questions
    batch_tokens: int = Field(gt=0)

    @model_validator(mode="after")
    def _small_models_are_trained(self) -> "Settings":
        if isinstance(self.model, SmallVlm) and not self.generated:
            raise ValueError("a small model is made for a generated `benchmark`")
        if isinstance(self.model, SmallVlm) and not self.vanilla:
            raise ValueError("a small model has random weights; expected `vanilla`, its training")
        return self

    @property
    def generated(self) -> Generated | None:
        return self.benchmark if isinstance(self.benchmark, Generated) else None

    def downloads(self) -> list[Wanted]:
        wanted: list[Wanted] = [*pinned(self.model_dump_json())]
        if not self.generated:
            wanted.append(
                ByHand(
                    "the benchmark's records and pictures",
                    "its answers are harmful, so only your own copy is read",
                    f"put all_train.json, all_val.json and the pictures into {self.benchmark}",
                )
            )
        return wanted + [
            ByHand(
                f"the questions of {name}", "it is a file of your own", f"write them into {path}"
            )
            for name, path in self.specificity.items()
        ]

    def calls(self) -> list[Calls]:
        what = f"three verdicts on each answer of {len(self.runs())} models"
        return [Calls(name, what) for name in endpoints(self.judge)]

    def dataset(self, name: str) -> str:
        """Name of a data set in tables: generated ones say what they are."""
        return f"Catalogue {name.lower()}" if self.generated else name

    def runs(self) -> list[tuple[str, int]]:
        """(variant, seed) of every model to be evaluated, vanilla first."""
        return [(VANILLA, 0)] + [
            (name, seed) for name, variant in self.variants.items() for seed in variant.seeds
        ]

    def scores(self) -> list[str]:
        return [f"{variant}-s{seed}" for variant, seed in self.runs()]
