"""The settings of one scale of ReSA (`scales:` in paper.yaml), checked."""

from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from papers.resa.attacks import FIXED
from papers.resa.evaluation_settings import ABILITIES, Ability, Kind, Tests
from papers.resa.reply_format import Style, Wording
from shared.attacks.settings import Gcg, GPTFuzzer, Pair, ReNeLLM, Tap
from shared.chat.calls import Calls
from shared.chat.settings import Asked, Helper
from shared.data.fetch.wanted import ByHand, SourceFiles, Wanted, pinned
from shared.data.sources import mirror_folder
from shared.judges.registry import JudgeSpec, judge_name
from shared.models.spec import ModelSpec, SmallLm, check_made, is_absent
from shared.settings import ScaleSettings, Strict
from shared.training.settings import Reinforcement, Training

# Prompts of the judges of harm, in a mirror folder of the user's.
STRONGREJECT_PROMPT = "strongreject/judge_prompt.txt"
HARMBENCH_PROMPT = "harmbench/classifier_prompt.txt"

GUARD_FIELDS = ("prompt", "response")  # in that of a guard of others

# Names in tables and figures, as the paper writes them.
Method = Literal[
    "WJ-SFT",
    "Deliberative Alignment",
    "ReSA-SFT",
    "ReSA-SFT (Only WJ)",
    "ReSA-SFT-Adaptive",
    "ReSA-RL",
    "STAIR-DPO",
    "Goal priority",
    "Safety reflection",
]
BASE = "base"  # the model before training
PROMPTED = ("goal-priority", "safety-reflection")  # the same with an instruction, as variants
RELEASED = ("stair-dpo",)  # variants whose weights others trained and released
VANILLA = "vanilla"


class Models(Strict):
    """The chat models behind the data stages, by what they do."""

    uncensored: Helper  # answers harmful queries
    helpful: Helper  # answers benign queries, writes summaries and safe completions, is filter 2
    analyst: Helper  # writes safety analyses
    guard: Helper  # filter 1, and which queries are about self-harm
    answer_tokens: int = Field(gt=0)
    short_tokens: int = Field(gt=0)  # of a summary or an analysis


class WildJailbreak(Strict):
    """What WJ-SFT learns from: queries of each side made here, by attack, or the file itself."""

    queries: dict[str, int] = {}
    file: str | None = None  # in the mirror

    @model_validator(mode="after")
    def _one_of_them(self) -> "WildJailbreak":
        if bool(self.queries) == bool(self.file):
            raise ValueError("expected queries or a file")
        return self


class Facts(Strict):
    """Questions of fact; None of them break a policy."""

    relations: list[str] | None = None  # those of `shared.data.facts` that are asked; None: all
    train: int = Field(ge=0)  # with a check, like every benign query
    plain: int = Field(ge=0)  # answered without one, for ReSA-SFT-Adaptive
    test: int = Field(ge=0)


class Refusals(Strict):
    """How often a small model refuses before training, as shares: a harmful request without an
    attack always."""

    attacked: float = Field(ge=0, le=1)  # of the texts of attacks, drawn for each policy
    benign: float = Field(ge=0, lt=1)  # of the templates of requests that break nothing


class Reading(Strict):
    """What a small model reads before anything is asked of it (pretrain.py)."""

    attacks: int = Field(ge=0)  # of how many attacks each request is also read in a text
    facts: int = Field(ge=0)  # how often a question of fact is read for each time of a request
    refuses: Refusals
    training: Training


class Adaptive(Strict):
    """Attacks that are fitted to the attacked model; those that have sizes are run."""

    attacker: Helper  # writes the prompts, and rates the replies
    pair: Pair | None = None
    tap: Tap | None = None
    renellm: ReNeLLM | None = None
    gptfuzzer: GPTFuzzer | None = None
    gcg: Gcg | None = None

    def sizes(self) -> dict[str, Strict]:
        """Of the attacks that are run, by the names of tables."""
        named = {
            "PAIR": self.pair,
            "TAP": self.tap,
            "ReNeLLM": self.renellm,
            "GPTFuzzer": self.gptfuzzer,
            "GCG": self.gcg,
        }
        return {name: sizes for name, sizes in named.items() if sizes}


class Evaluator(Strict):
    """The fine-tuned evaluator of StrongREJECT."""

    model: ModelSpec
    adapter: ModelSpec


class WordedGuard(Helper):
    """A guard as a post-hoc filter, asked in words of its authors'. Verdicts are patterns, without
    regard to case."""

    prompt: str  # file in the mirror, with GUARD_FIELDS in it
    withholds: str
    passes: str
    tokens: int = Field(gt=0)  # limit of its answer
    source: str  # whose harmful requests it sees
    attacks: list[str]  # under these, beside all benign ones

    def sees(self, row: Mapping) -> bool:
        """Whether it is asked about the reply to a row of the test."""
        if row["kind"] != "harmful":
            return row["kind"] == "benign"
        return row["source"] == self.source and row["attack"] in self.attacks


class Variant(Strict):
    """One way to fine-tune, trained once for each seed; or what others made in such a way."""

    method: Method
    style: Style
    seeds: list[int] = Field(min_length=1)
    samples: Literal["train", "wildjailbreak"] = "train"  # those of ReSA, or of WildJailbreak
    jailbreaks: list[str] | None = None  # attacks in its training data; None: all
    plain: bool = False  # with the questions that are answered without a check
    size: int | None = None  # a random part of the samples; None: all
    point: str | None = None  # on the axis of Figure 4, if the samples are the paper's
    epochs: float | None = None  # in place of the training's
    starts_from: str | None = None  # the variant that reinforcement goes on from
    reinforced: bool = False
    prefilled: bool = False  # also asked with a fake check block in the prompt
    attacks: list[str] | None = None  # under which harmful requests are asked; None: all
    sources: list[str] | None = None  # whose harmful requests are asked; None: all of the model's
    kinds: list[Kind] | None = None  # of requests that are asked; None: all
    weights: ModelSpec | None = None  # of one that others trained
    outer: str = ""  # the tag around its check; "": that of the wording
    instruction: str = ""  # message before its conversations; "": that of all


class Settings(Asked, ScaleSettings):
    CHATS = True
    UNTRAINED: ClassVar = (BASE, *PROMPTED, *RELEASED)

    model: ModelSpec | SmallLm
    reading: Reading | None = None  # of a small model, which is made here from nothing
    mirror: str | None = None  # folder of benchmark rows; None: REPLICATIONS_MIRROR
    data_seed: int = 0
    queries: dict[str, int] = {}  # of each side, vanilla and by attack, where samples are made here
    wildjailbreak: WildJailbreak | None = None
    facts: Facts
    faulty: float = Field(0.05, ge=0, lt=1)  # share of faults that templates make on purpose
    generators: Models | None = None  # None: this project's templates
    released: str | None = None  # file in the mirror with the authors' samples, in place of ours
    tests: Tests
    wording: Wording
    system: str  # message before every conversation
    # What the model before training is called in tables
    untrained: Literal["Base", "Plain", "Released weights"] = "Base"
    variants: dict[str, Variant] = {}
    training: Training
    reinforcement: Reinforcement
    judges: list[JudgeSpec] = Field(min_length=1)  # of refusal; the first one decides
    guard: Helper | None = None  # judges safety in place of the rule, and is the post-hoc filter
    # Further post-hoc filters, by their names in tables
    filters: dict[
        Literal["Post-hoc (GuardReasoner)", "Post-hoc (gpt-oss-safeguard-20b)"], WordedGuard
    ] = {}
    strongreject: Evaluator | None = None
    harmbench: ModelSpec | None = None  # the classifier
    adaptive: Adaptive | None = None
    sources: list[str] | None = None  # whose harmful requests this model is asked; None: all
    abilities: list[Ability] | None = None  # of the tests', what this model is asked; None: all
    reply_tokens: int = Field(gt=0)  # limit of a reply with its check
    whole_tokens: int = Field(gt=0)  # limit where the length is measured, which it should not cut
    opening_tokens: int = Field(gt=0)  # limit of one without, where its length is not measured
    batch_size: int = Field(gt=0)
    batch_tokens: int = Field(gt=0)

    @model_validator(mode="after")
    def _fits_together(self) -> "Settings":
        check_made(self.model, self.reading, "reading")
        known, wild = {VANILLA, *FIXED}, self.wildjailbreak
        for where, queries in (("queries", self.queries), ("wildjailbreak", wild and wild.queries)):
            if unknown := sorted(set(queries or ()) - known):
                expected = ", ".join(sorted(known))
                raise ValueError(f"{where}: unknown {unknown[0]}; expected {expected}")
        if bool(self.queries) == bool(self.released):
            raise ValueError("queries: expected either these or `released`")
        for name, variant in self.variants.items():
            start, where = variant.starts_from, f"variants.{name}"
            if start and (start not in self.variants or self.variants[start].reinforced):
                raise ValueError(f"{where}.starts_from: no fine-tuned variant {start}")
            if (name in RELEASED) != (variant.weights is not None):
                raise ValueError(f"{where}.weights: are of {', '.join(RELEASED)}, which needs them")
            if variant.samples == "wildjailbreak" and not wild:
                raise ValueError(f"{where}.samples: needs the setting wildjailbreak")
            if self.released and variant.jailbreaks and not (wild and wild.file):
                raise ValueError(
                    f"{where}.jailbreaks: released samples do not say which attack is theirs;"
                    " needs wildjailbreak.file, which tells"
                )
            if self.released and variant.style == "query-check" and not self.generators:
                raise ValueError(
                    f"{where}.style: released samples have no analysis of the query; needs"
                    " generators, whose analyst writes it"
                )
            if not self.released and not set(variant.jailbreaks or ()) <= set(self.queries):
                raise ValueError(f"{where}.jailbreaks: expected some of the queries'")
        if len(set(map(judge_name, self.judges))) < len(self.judges):
            raise ValueError("judges: two have the same name in tables")
        if self.engine == "vllm" and self.adaptive and self.adaptive.gcg:
            raise ValueError(
                "engine: vllm has no gradients, which adaptive.gcg needs; expected"
                " transformers, or no gcg"
            )
        return self

    @property
    def readable_filters(self) -> dict[str, Path]:
        """The prompt of each filter whose prompt and weights are there; of others the user has no
        copy. Read by the step that asks them, so that it runs again when a copy comes."""
        paths = {name: self.in_mirror(each.prompt) for name, each in self.filters.items()}
        there = [name for name, each in self.filters.items() if not is_absent(each.model)]
        return {name: paths[name] for name in there if paths[name].is_file()}

    def in_mirror(self, file: str) -> Path:
        """A file of the user's mirror folder, or of the working folder where there is no mirror."""
        return (mirror_folder(self.mirror) or Path()) / file

    def downloads(self) -> list[Wanted]:
        wanted: list[Wanted] = list(pinned(self.model_dump_json()))
        wanted += [SourceFiles(name) for name in self.tests.benchmarks]
        wanted += [SourceFiles(ABILITIES[name]) for name in self.tests.abilities]
        files = [*self.tests.harmful_files, *self.tests.templates.values()]
        why = "harmful prompts are read from your copy only"
        own = {each.file: (each.name, why) for each in files}
        if self.adaptive and (fuzzer := self.adaptive.gptfuzzer):
            own[fuzzer.seeds] = ("GPTFuzzer's templates", why)
        gated = ("allenai/wildjailbreak", "it is gated; its licence is accepted there")
        learnt = self.wildjailbreak and self.wildjailbreak.file
        own |= {file: gated for file in (self.tests.adversarial_benign_file, learnt) if file}
        if self.released:
            own[self.released] = ("ByteDance-Seed/ReSA", "this project knows no revision of it")
        trained_on = "its words are its authors', and the judge was trained on them"
        if self.strongreject:
            own[STRONGREJECT_PROMPT] = ("the prompt of StrongREJECT's evaluator", trained_on)
        if self.harmbench:
            own[HARMBENCH_PROMPT] = ("the prompt of HarmBench's classifier", trained_on)
        for name, each in self.filters.items():
            own[each.prompt] = (f"what {name} is asked", "its words are its authors'")
        do = "put the file into a mirror folder, named by REPLICATIONS_MIRROR"
        wanted += [
            ByHand(f"{name}, {file}", why, do, source=PurePath(file).parts[0])
            for file, (name, why) in own.items()
        ]
        named = [self.model, *(v.weights for v in self.variants.values())]
        named += [each.model for each in self.filters.values()]
        wanted += [
            ByHand(
                PurePath(spec).name,
                "no commit of these weights is known to this project",
                f"download them, whichever commit it is, to {spec}; else they are left out",
            )
            for spec in named
            if isinstance(spec, str) and spec.startswith("path:")
        ]
        return wanted

    def calls(self) -> list[Calls]:
        from papers.resa.costs import calls  # which reads these settings

        return calls(self)

    def misfit(self) -> str | None:
        return super().misfit() if self.runs() else None

    def runs(self) -> list[tuple[str, int]]:
        """(variant, seed) of every model to be trained."""
        return [
            (name, seed)
            for name, each in self.variants.items()
            for seed in each.seeds
            if name not in self.UNTRAINED
        ]

    def scores(self) -> list[str]:
        """None of a model or a variant in a folder of the user's own that is not there."""
        if is_absent(self.model):
            return []
        untrained = [
            name
            for name, each in self.variants.items()
            if name in self.UNTRAINED and not is_absent(each.weights)
        ]
        asked = [(name, 0) for name in (BASE, *untrained)] + self.runs()
        return [f"{variant}-s{seed}" for variant, seed in asked]

    def worded(self, variant: Variant | None) -> Wording:
        """The fixed strings of a variant's replies; None: the model before training."""
        if not (variant and variant.outer):
            return self.wording
        return self.wording.model_copy(update={"outer": variant.outer})

    def instruction(self, variant: Variant | None) -> str:
        """The system message of a variant's conversations."""
        return variant.instruction or self.system if variant else self.system
