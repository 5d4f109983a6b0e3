"""Turn a typed function into the program behind a rule.

    READS = ("model", "training", "variant.method")

    def train(run: Run, data: Path, variant: str, seed: int, base: Path | None = None) -> dict:
        \"\"\"Fine-tune one variant.\"\"\"
        model, tokenizer = load(run.settings.model)
        ...
        save(model, run.out)
        return {"tokens": count}

    if __name__ == "__main__":
        step(train)

The signature is the command line: `--data`, `--variant`, `--seed`, `--base`, beside `--scale`,
`--model`, `--out` and `--record`, which every step has. `Path` parameters are inputs, and so are
the files of a model in a folder of the user's own that READS names; their hashes go into the record
and into the key of the scratch folder, where checkpoints lie. What the function
returns goes into the record.
"""

import argparse
import errno
import hashlib
import inspect
import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryFile
from types import UnionType
from typing import get_args, get_type_hints

from shared.errors import UserError, one_line_errors
from shared.files import sha256
from shared.models.devices import (
    is_first,
    keep_freed_memory,
    leave_the_others,
    told_by_first,
)
from shared.models.spec import named_in, own_files
from shared.runner import declared
from shared.runner.caps import gpu_hours
from shared.runner.code import code_hash
from shared.runner.declared import Declared
from shared.runner.records import write_run
from shared.settings import ROOT, SCRATCH, ScaleSettings, load_settings

Function = Callable[..., dict | None]
ROOM = 64e6  # bytes: a disk with less is full


@dataclass
class Run:
    """What a step is given besides its arguments.

    settings, variant: what READS names of them; variant is None for the model before training.
    out: where the result goes: a file, or a folder. key: a hash of all that the result depends on.
    """

    settings: ScaleSettings | Declared
    out: Path
    variant: object | None = None
    key: str = ""
    paper: str = ""
    loaded_at: float = field(default_factory=time.perf_counter)

    @cached_property
    def scratch(self) -> Path:
        """For checkpoints: the same folder when the same step is started again, deleted when it
        has succeeded. Outside declared outputs, which Snakemake deletes when a job fails."""
        return SCRATCH / f"{self.paper}-{self.key}"

    def loaded(self) -> None:
        """The model is loaded: tokens per second are counted from here."""
        self.loaded_at = time.perf_counter()


def step(function: Function) -> None:
    """Run a step by its command line; a mistake of the user's ends it in one line."""
    one_line_errors(lambda: _run(function, sys.argv[1:]))


def _run(function: Function, words: list[str]) -> None:
    started = time.perf_counter()
    keep_freed_memory()
    module = module_of(function)
    paper = module.split(".")[1]
    arguments = vars(parser_of(function).parse_args(words))
    common = {name: arguments.pop(name) for name in COMMON}
    settings = load_settings(paper, common["scale"], common["model"], common["stands_in_for"])
    variant = arguments.get("variant")
    declared.check_choice(settings, variant, arguments.get("seed"), common["scale"])

    if common["record"].is_dir():
        raise UserError(f"{common['record']}: is a folder; expected a file for the record")

    names = declared.literals(module)["READS"]
    read = declared.values(names, settings, variant)
    inputs = _inputs(arguments)
    hashed = inputs | {
        f"{place}/{path.name}": path
        for place, spec in named_in(read).items()
        for path in own_files(spec)
    }
    hashes = told_by_first(lambda: {name: sha256(path) for name, path in hashed.items()})
    others = {name: value for name, value in arguments.items() if name not in inputs}
    run = Run(
        settings=Declared(settings, names, module),
        variant=_view(declared.chosen(settings, variant), names, module),
        out=common["out"],
        key=key_of(code_hash(module), read, others, hashes),
        paper=paper,
    )
    with only_one_at(run.scratch):
        with gpu_hours(), full_disk_in_one_line(run.out, SCRATCH):
            measured = function(run, **arguments) or {}
        leave_the_others()
        if not is_first():
            return
        if "tokens" in measured and "tokens_per_second" not in measured:
            seconds = time.perf_counter() - run.loaded_at
            measured["tokens_per_second"] = round(measured["tokens"] / max(seconds, 1e-9), 1)
        write_run(
            common["record"],
            started,
            model=settings.name,
            settings=read,
            read=_asked_for(run),
            seed=arguments.get("seed"),
            inputs=hashes,
            **measured,
        )
        shutil.rmtree(run.scratch, ignore_errors=True)


@contextmanager
def only_one_at(scratch: Path) -> Iterator[None]:
    """Keep other processes of this machine from the same step: two would write and delete each
    other's checkpoints, and one might go on from half of one. By a name that ends with its process
    and leaves no file behind, which only Linux has.

    Raises `UserError` where another is there already.
    """
    if not sys.platform.startswith("linux") or not is_first():
        yield
        return
    with socket.socket(socket.AF_UNIX) as held:
        try:
            held.bind(b"\0" + hashlib.sha256(os.fsencode(scratch.absolute())).digest())
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise UserError("another process runs this step; wait until it has ended") from None
        yield


@contextmanager
def full_disk_in_one_line(*folders: Path) -> Iterator[None]:
    """Say so where an error comes from a full disk: libraries that write weights each say something
    else of it."""
    try:
        yield
    except Exception as error:
        for folder in folders:
            there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
            if lack := _lack_of_room(there):
                raise UserError(
                    f"{there}: {lack}, expected room for what this step writes; what was finished "
                    "is kept (keep_models=false needs less)"
                ) from error
        raise


def _lack_of_room(folder: Path) -> str:
    """What a folder's disk lacks, or the quota that it is under; empty if there is room."""
    if (free := shutil.disk_usage(folder).free) < ROOM:
        return f"{free / 1e6:,.0f} MB are free"
    try:
        with TemporaryFile(dir=folder) as file:
            os.posix_fallocate(file.fileno(), 0, int(ROOM))
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return f"{ROOM / 1e6:,.0f} MB can't be written ({error.strerror})"
    return ""


# Of every step, beside its own arguments.
COMMON = ("scale", "model", "stands_in_for", "out", "record")


def parser_of(function: Function) -> argparse.ArgumentParser:
    """The command line that a function's signature says."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {module_of(function)}",
        description=inspect.getdoc(function),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--scale", required=True, help="scale of paper.yaml: smoke, cpu, gpu, ...")
    parser.add_argument("--model", help="a model of the scale, by name, or one of your own")
    parser.add_argument("--stands-in-for", help="the paper's model in whose place your own is")
    parser.add_argument("--out", type=Path, required=True, help="where the result goes")
    parser.add_argument("--record", type=Path, required=True, help="where the run record goes")
    hints = get_type_hints(function)
    for name, parameter in list(inspect.signature(function).parameters.items())[1:]:
        several, kind = _kind(hints[name])
        required = parameter.default is inspect.Parameter.empty
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=kind,
            nargs="+" if several else None,
            required=required,
            default=None if required else parameter.default,
        )
    return parser


def module_of(function: Function) -> str:
    """The module of a step, also where it runs as a program."""
    if function.__module__ != "__main__":
        return function.__module__
    main = sys.modules["__main__"]
    if main.__spec__ is None:
        path = Path(main.__file__).resolve()
        if not path.is_relative_to(ROOT):
            raise UserError(
                f"{path}: imports the project in {ROOT}; a step is a module, expected: python -m"
                " papers.NAME.STEP … in the folder that holds papers/"
            )
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        raise UserError(f"a step is a module; expected: python -m {name} …")
    return main.__spec__.name


def key_of(*parts: object) -> str:
    """Short hash of what a computation depends on."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:16]


def _kind(hint: type) -> tuple[bool, type]:
    """Whether a parameter takes several values, and the type of one."""
    if isinstance(hint, UnionType):
        hint = next(each for each in get_args(hint) if each is not type(None))
    return (True, get_args(hint)[0]) if get_args(hint) else (False, hint)


def _inputs(arguments: Mapping[str, object]) -> dict[str, Path]:
    """The paths among arguments, by what the record calls them: the name of the argument, and of
    the file where it takes several."""
    found = {}
    for name, value in arguments.items():
        if isinstance(value, Path):
            found[name] = value
        elif isinstance(value, list):
            found |= {f"{name}/{each.name}": each for each in value if isinstance(each, Path)}
    for path in found.values():
        if not path.exists():
            raise UserError(f"{path}: no such file or folder; expected an input of this step")
    return found


def _view(variant: object | None, names: tuple[str, ...], module: str) -> object | None:
    """The variant itself where READS names it whole, else what READS names of it."""
    if variant is None or declared.VARIANT in names:
        return variant
    parts = tuple(name.partition(".")[2] for name in names if name.startswith("variant."))
    return Declared(variant, parts, module)


def _asked_for(run: Run) -> list[str]:
    """The settings that the step did read, as READS names them."""
    read = set(run.settings._read)
    if isinstance(run.variant, Declared):
        read |= {f"{declared.VARIANT}.{name}" for name in run.variant._read}
    return sorted(read)
