"""What the Snakefile needs to know before any rule: the scale, the models, the papers."""

import fcntl
import json
import os
import re
import shlex
import sys
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NoReturn

from snakemake.io import directory, temp

from shared.data.catalogue import read_by
from shared.data.sources import mirror_folder
from shared.errors import UserError
from shared.models.spec import named_in, needs
from shared.runner import declared
from shared.runner.caps import set_caps
from shared.runner.code import code_hash
from shared.settings import (
    REHEARSAL,
    ROOT,
    Resources,
    ScaleSettings,
    changes,
    items,
    load_models,
    load_settings,
    paper_ids,
)
from shared.settings.own_models import run_suffix
from shared.settings.plain import did_you_mean, nearest
from shared.workflow.broken import broken, misset
from shared.workflow.columns import columns_of
from shared.workflow.config import KEYS, Config, read
from shared.workflow.mistakes import check_command

MIRROR = "mirror"  # the setting that names the folder of benchmark rows


@dataclass(frozen=True)
class Setup(Config):
    """A checked `--config`, and what rules are made of."""

    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # paper → its models
    left_out: Mapping[str, str] = field(default_factory=dict)  # paper → why it is not in the run

    @property
    def papers(self) -> list[str]:
        return list(self.columns)

    @property
    def run_name(self) -> str:
        """Folder under results/: runs of two scales, or of two models, never share a path."""
        named = f"+{self.name}" if self.name else ""
        if not self.model:
            return self.scale + run_suffix() + named
        slug = re.sub(r"[^A-Za-z0-9.]+", "-", self.model).strip("-")
        return f"{self.scale}+{slug}-{zlib.crc32(self.model.encode()):08x}{named}"

    @property
    def arguments(self) -> list[str]:
        """Command-line arguments that say the same to a step, but for the model."""
        return ["--scale", self.scale, *self._own]

    @property
    def chosen(self) -> list[str]:
        """The models of the run, for a program that takes them by name."""
        names = dict.fromkeys(name for names in self.columns.values() for name in names)
        return [] if self.model else ["--models", *names]

    @property
    def config(self) -> str:
        """The same as a `--config` for another Snakemake."""
        said = {name: getattr(self, name, None) for name in KEYS}
        said["keep_models"] = "" if self.keep_models else "false"
        if self.scale == REHEARSAL:
            said |= {"scale": "paper", "rehearse": "true"}
        said |= {name: f"{most:g}" for name, most in self.caps.items()}
        return shlex.join(f"{name}={value}" for name, value in said.items() if value)

    @property
    def _own(self) -> list[str]:
        named = {"--model": self.model, "--stands-in-for": self.stands_in_for}
        return [word for name, value in named.items() if value for word in (name, value)]

    def settings(self, paper: str, model: str | None = None) -> ScaleSettings:
        """Of one of the models of the run; None: what is the same for all models of the scale. Ends
        in one line for a model that a target's path misspells."""
        known = self.columns.get(paper, ())
        if self.model and known and model not in (None, *known):
            sys.exit(f"error: unknown model '{model}' of {paper}; {nearest(model, known)}")
        try:
            return load_settings(paper, self.scale, self.model or model, self.stands_in_for)
        except UserError as error:
            if model is None or model in known:
                raise
            sys.exit(f"error: {error}")

    def variant(self, paper: str, wildcards: object) -> object:
        """The variant that a job's wildcards `model` and `variant` name."""
        return self.chosen_by(paper, wildcards).variants[wildcards.variant]

    def chosen_by(self, paper: str, wildcards: object) -> ScaleSettings:
        """The settings of a job's model. Ends in one line where a wildcard names none of its
        tasks, variants or seeds, as when a target's path is misspelt."""
        task, variant, seed = (getattr(wildcards, n, None) for n in ("task", "variant", "seed"))
        settings = self.settings(paper, getattr(wildcards, "model", None))
        try:
            if task and task not in settings.tasks:
                near = nearest(task, settings.tasks)
                raise UserError(f"unknown task '{task}' at scale {self.scale}; {near}")
            declared.check_choice(settings, variant, seed, self.scale)
        except UserError as error:
            sys.exit(f"error: {paper}: {error}")
        return settings

    def each(self, paper: str) -> list[ScaleSettings]:
        """The settings of every model of the run."""
        return [self.settings(paper, model) for model in self.columns[paper]]

    def step(self, module: str) -> dict[str, object]:
        """`params` of the rule of a step: its code, the settings that it reads, its command.

        The first two are watched by Snakemake, the command is not, as it says nothing new.
        """
        paper = module.split(".")[1]
        names = declared.literals(module)["READS"]

        def settings(wildcards: object) -> str:
            # of other steps what is called `variant` may be part of a name
            if {"variant", "seed"} & {*declared.parameters(module)}:
                of_model = self.chosen_by(paper, wildcards)
            else:
                of_model = self.settings(paper, getattr(wildcards, "model", None))
            variant = getattr(wildcards, "variant", None)
            return declared.as_text(names, of_model, variant)

        def command(wildcards: object, input: object, output: object) -> str:
            words = [module, *self.arguments]
            if hasattr(wildcards, "model") and not self.model:
                words += ["--model", wildcards.model]
            for name in declared.parameters(module):
                found = getattr(input, name, None) or getattr(wildcards, name, None)
                if found:
                    several = [found] if isinstance(found, str) else list(found)
                    words += [f"--{name.replace('_', '-')}", *several]
            made = [path for path in output if path != output.record]
            out = made[0] if len(made) == 1 else str(Path(made[0]).parent)
            return shlex.join([*words, "--out", out, "--record", output.record])

        found = {"code": code_hash(module), "settings": settings, "step": command}
        if MIRROR in names:  # it reads public files, from there or from where they are pinned
            found[MIRROR] = mirror_in_use(self.settings(paper).mirror)
            found["sources"] = json.dumps(read_by(paper, self.settings(paper)))
        return found

    def shared_step(self, name: str) -> dict[str, object]:
        """The same for a step that every paper has, of a rule with the wildcard `paper`."""
        steps = {paper: self.step(f"papers.{paper}.{name}") for paper in self.papers}

        def command(wildcards: object, input: object, output: object) -> str:
            return steps[wildcards.paper]["step"](wildcards, input, output)

        # Of a function that sees more than the wildcards Snakemake watches no change.
        return {
            "code": lambda wildcards: steps[wildcards.paper]["code"],
            "settings": lambda wildcards: steps[wildcards.paper]["settings"](wildcards),
            MIRROR: lambda wildcards: steps[wildcards.paper].get(MIRROR, ""),
            "sources": lambda wildcards: steps[wildcards.paper].get("sources", ""),
            "step": command,
        }

    def analysis(self, name: str, program: str) -> dict[str, object]:
        """`params` of a rule that reads the scores of all models: of `analyze` or `figures`."""

        def settings(wildcards: object) -> str:
            return "\n".join(
                declared.as_text(declared.reads(wildcards.paper, name), each)
                for each in models_of(self, wildcards.paper)
            )

        def command(wildcards: object, input: object, output: object) -> str:
            folder = f"results/{self.run_name}/{wildcards.paper}"
            words = ["--paper", wildcards.paper, *self.arguments, "--results", folder]
            return shlex.join(words)

        return {
            "code": lambda wildcards: code_hash(program, f"papers.{wildcards.paper}.{name}"),
            "settings": settings,
            "step": command,
        }

    def weights(self, module: str) -> Callable[[object], list[str]]:
        """An input of the rule of a step: the files of all models that the settings name which it
        reads: what is asked or trained, judges, guards, attackers."""
        _, paper, _ = module.split(".")

        def files(wildcards: object) -> list[str]:
            model, variant = (getattr(wildcards, name, None) for name in ("model", "variant"))
            names = declared.literals(module)["READS"]
            read = declared.values(names, self.settings(paper, model), variant)
            try:
                found = [file for spec in named_in(read).values() for file in needs(spec)]
            except UserError as error:
                sys.exit(f"error: {paper}: {error}")
            return list(dict.fromkeys(found))

        return files

    def trained(self, paper: str) -> Callable[[object], str | list[str]]:
        """An input of rules with the wildcards `model`, `variant` and `seed`: the folder of the
        trained model; none where the settings call the variant UNTRAINED."""

        def folder(wildcards: object) -> str | list[str]:
            untrained = getattr(self.settings(paper, wildcards.model), "UNTRAINED", ())
            name = f"{wildcards.model}/{wildcards.variant}-s{wildcards.seed}"
            return [] if wildcards.variant in untrained else f"<results>/{paper}/models/{name}"

        return folder

    def model_folder(self, path: str) -> object:
        """An output that is the folder of a trained model."""
        return directory(path) if self.keep_models else temp(directory(path))

    def resources(
        self, paper: str, train: bool = False, gpu: bool = True
    ) -> dict[str, Callable[[object], int] | int]:
        """The `resources` of such a rule: what the model's settings ask for; without the GPU for a
        step that runs no language model."""

        def asked(name: str) -> Callable[[object], int]:
            def of(wildcards: object) -> int:
                settings = self.settings(paper, getattr(wildcards, "model", None))
                wanted = (train and settings.training_resources) or settings.resources
                return getattr(wanted, name)

            return of

        found = {name: asked(name) for name in Resources.model_fields}
        return found if gpu else {**found, "gpu": 0}

    def targets(self) -> list[str]:
        """What a user may ask for by its path, as far as it has a name that can be mistyped."""
        folders = {paper: f"results/{self.run_name}/{paper}" for paper in self.papers}
        names = ("cells.csv", "claims.csv", "comparison.csv", "audit.csv", "tables", "figures")
        made = [f"{folder}/{name}" for folder in folders.values() for name in (*names, "data")]
        scores = [path for paper in self.papers for path in self.scores(paper)]
        return [f"results/{self.run_name}/report.html", *made, *scores]

    def scores(self, paper: str) -> list[str]:
        """The score files of all models of the run."""
        folder = f"results/{self.run_name}/{paper}/scores"
        own = [f"{each.name}/{name}" for each in self.each(paper) for name in each.scores()]
        common = self.settings(paper).common_scores()
        return [f"{folder}/{name}.parquet" for name in [*own, *common]]


def checked(config: Mapping[str, str], cores: int | None = None) -> Setup:
    """The setup that `snakemake --config ...` asks for; a mistake ends in one line, before any job.

    Also puts this environment's programs first on the path, so that a rule's `python` is the
    one that runs Snakemake even where the environment is not activated.
    """
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    try:
        check_command(sys.argv[1:], cores)
        asked = read(config)
        os.environ[items.VARIABLE] = asked.items or ""
        os.environ[changes.VARIABLE] = asked.set or ""
        without = broken(paper_ids())
        columns, left_out = columns_of(asked.scale, asked.model, asked.models, without)
        setup = Setup(**vars(asked), columns=columns, left_out=left_out)
        without |= misset(setup)
        columns = {name: own for name, own in columns.items() if name not in without}
        if not columns:
            raise UserError(next(iter(without.values())))
        set_caps(asked.caps, ROOT / "results" / setup.run_name)
    except UserError as error:
        sys.exit(f"error: {error}")
    for paper, why in without.items():
        print(f"{paper} is left out: {why}", file=sys.stderr)
    return replace(setup, columns=columns, left_out=left_out | without)


def models_of(setup: Setup, paper: str) -> list[ScaleSettings]:
    """The models that an analysis will find: those of the run, and others with results already."""
    folder = ROOT / "results" / setup.run_name / paper / "scores"
    chosen = setup.columns[paper]
    every = load_models(paper, setup.scale, setup.model, setup.stands_in_for)
    there = [each for each in every if each.scores()]
    return [each for each in there if each.name in chosen or not each.missing(folder)]


def mirror_in_use(mirror: str | None) -> str:
    """For a rule's `params`: the mirror folder, so that a step runs again if it comes or goes."""
    try:
        return str(mirror_folder(mirror) or "")
    except UserError as error:
        sys.exit(f"error: {error}")


def lock_folder() -> None:
    """Let no second Snakemake run here at the same time; ends in one line if one does.

    Snakemake's own lock (off in our profiles) outlives a killed process and must be removed by
    hand. The operating system takes this one back whenever the process ends.
    """
    descriptor = os.open(Path(".snakemake", "running"), os.O_CREAT | os.O_RDWR)  # stays open
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"error: another snakemake is running in {Path.cwd()}; wait until it has ended")


def unknown_target(name: str, left_out: Mapping[str, str]) -> NoReturn:
    if name in left_out:
        sys.exit(f"error: {left_out[name]}")
    papers = paper_ids()
    others = ["all", "fetch", "report", "readme"]
    known = f"papers: {', '.join(papers)}; or: {', '.join(others)}"
    said = f"{did_you_mean(name, [*papers, *others])} {known}".lstrip()
    sys.exit(f"error: unknown paper or target '{name}'; {said}")
