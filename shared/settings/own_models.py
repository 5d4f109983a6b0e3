"""Several models of the user's own in place of a scale's, in a file that a variable names.

    center_bench:
      GPT-5:
        model: api:openai/gpt-5
        prices: [1.25, 10]
        most_dollars: 20
        variants: {thinking: {thinking: true}}

For each paper what its `paper.yaml` would say under `models` of a scale.
"""

import os
import zlib
from pathlib import Path

import yaml

from shared.errors import UserError

VARIABLE = "REPLICATIONS_MODELS"


def own_models(paper: str) -> dict[str, dict[str, dict]]:
    """What takes the place of the models of a scale: nothing without the variable."""
    path = os.environ.get(VARIABLE)
    return {"models": _read(Path(path)).get(paper, {})} if path else {}


def own_papers() -> list[str]:
    """The papers that the file has models for."""
    return list(_read(Path(os.environ[VARIABLE])))


def run_suffix() -> str:
    """What the folder of results is called after the scale: runs of two files never share one."""
    if not (named := os.environ.get(VARIABLE)):
        return ""
    path = Path(named).resolve()
    return f"+{path.stem}-{zlib.crc32(str(path).encode()):08x}"


def _read(path: Path) -> dict[str, dict[str, dict]]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        said = " ".join(str(error).split())
        raise UserError(f"{VARIABLE} {path}: {said}; expected a file of models in YAML") from None
    papers = found.items() if isinstance(found, dict) else [("", None)]
    for paper, models in papers:
        whole = isinstance(models, dict) and all(isinstance(each, dict) for each in models.values())
        if not (whole and models):
            raise UserError(
                f"{VARIABLE} {path}: found {str(models if paper else found)[:60]!r}"
                f"{f' under {paper}' if paper else ''}; expected paper: {{MODEL: {{model: …}}}}"
            )
        if wrong := [str(name) for name in models if {*"/:"} & {*str(name)}]:
            raise UserError(
                f"{VARIABLE} {path}: found model '{wrong[0]}'; expected no / or : in it"
            )
    return found
