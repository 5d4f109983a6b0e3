"""What the programs behind the rules have in common: their arguments, settings, scratch space."""

import argparse
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from shared.errors import UserError
from shared.settings import ScaleSettings, load_settings

Entry = TypeVar("Entry")


def step_parser(doc: str) -> argparse.ArgumentParser:
    """Arguments of every step: which settings it reads, where its result and its record go."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", required=True, help="scale of paper.yaml: smoke, cpu, gpu, ...")
    parser.add_argument("--model", help="a model in place of the scale's own (see shared/models)")
    parser.add_argument("--out", type=Path, required=True, help="where the result goes")
    parser.add_argument("--record", type=Path, required=True, help="where the run record goes")
    return parser


def step_settings(paper_id: str, arguments: argparse.Namespace) -> ScaleSettings:
    return load_settings(paper_id, arguments.scale, arguments.model)


def named(arguments: argparse.Namespace, what: str, known: Mapping[str, Entry]) -> Entry:
    """The entry of `known` that the argument `what` names, such as `variant`.

    Raises `UserError`, which lists the names, when there is none.
    """
    name = getattr(arguments, what)
    if name not in known:
        raise UserError(
            f"unknown {what} '{name}' at scale {arguments.scale}; known: {', '.join(known)}"
        )
    return known[name]


def key_of(*parts: object) -> str:
    """Short hash of what a computation depends on."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:16]
