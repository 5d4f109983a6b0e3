"""The model card of a trained adapter, from the record of its training and the cells it got."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import yaml

from shared.errors import UserError
from shared.files import read_csv
from shared.models.spec import BUNDLED
from shared.runner.records import read_runs
from shared.settings import Paper, load_paper, load_settings

CELLS = ("item", "model", "method", "dataset", "metric", "protocol", "value", "ci_low", "ci_high")
CELLS += ("n", "seeds", "unit")
_HUB = re.compile(r"hub:([^@\s]+)@([0-9a-f]{40})")
_OWN_PLACE = re.compile(r"(?:path:)?/\S*/")  # of the machine: no business of anyone else's


@dataclass(frozen=True)
class Adapter:
    """A folder `results/<run>/<paper>/models/<model>/…/<variant>-s<seed>`, and what is known."""

    folder: Path
    run: str
    paper: Paper
    model: str
    record: Mapping

    @property
    def base(self) -> str:
        """The model that it is laid over, as others can get it."""
        spec = self.record["settings"].get("model")
        if made := [name for name in self.record["inputs"] if name in ("pretrained", "vanilla")]:
            return f"{self.model}, made by the same workflow ({made[0]})"
        if not isinstance(spec, str):
            return f"{self.model}, made by the same workflow"
        hub = _HUB.fullmatch(spec)
        name = BUNDLED.get(spec.partition(":")[2], Path(spec.partition(":")[2]).name)
        return hub[1] if hub else name

    @property
    def revision(self) -> str | None:
        """The commit of the base on the hub, if it is there."""
        hub = _HUB.fullmatch(str(self.record["settings"].get("model")))
        return hub[2] if hub else None

    @property
    def variant(self) -> str:
        return self.folder.name.rpartition("-s")[0]

    def cells(self) -> list[dict[str, str]]:
        """The cells of its model and method, over all seeds."""
        names = {_plain(name) for name in self._methods()}
        protocol = self.record["settings"].get("variant.protocol")
        found = []
        for _, row in read_csv(self.folder_of_paper / "cells.csv", CELLS, others=True):
            same = row["model"] == self.record["model"] and _plain(row["method"]) in names
            if same and protocol in (None, row["protocol"]):
                found.append(row)
        return found

    def _methods(self) -> list[str]:
        """How tables may call it: as the variant, or as its method if it is the only one of it."""
        read = self.record["settings"]
        said = dict(pairwise(self.record["command"]))
        model = said.get("--model", self.record["model"])
        scale = self.run.partition("+")[0]
        known = load_settings(self.paper.id, scale, model, said.get("--stands-in-for"))
        same = [
            name
            for name, each in getattr(known, "variants", {}).items()
            for of in [(getattr(each, "method", None), getattr(each, "protocol", None))]
            if of == (read.get("variant.method"), read.get("variant.protocol"))
        ]
        return [self.variant, *([read["variant.method"]] if same == [self.variant] else [])]

    @property
    def folder_of_paper(self) -> Path:
        return next(above for above in self.folder.parents if above.name == "models").parent


def adapter_in(folder: Path) -> Adapter:
    """What is known of an adapter. Raises `UserError` for another folder, and without a record."""
    folder = folder.absolute()
    if not (folder / "adapter_config.json").is_file():
        raise UserError(f"{folder}: no adapter_config.json; expected the folder of an adapter")
    above = [each for each in folder.parents if each.name == "models"]
    if not above:
        raise UserError(f"{folder}: expected results/RUN/PAPER/models/MODEL/VARIANT-sSEED")
    results = above[0].parent
    place = folder.relative_to(results.parents[1]).as_posix()
    for record in read_runs(results).values():
        out = dict(pairwise(record["command"])).get("--out", "")
        if out.endswith(place):
            model = folder.relative_to(above[0]).parts[0]
            paper = load_paper(results.name)
            return Adapter(folder, results.parent.name, paper, model, record)
    raise UserError(f"{results}/runs: no record of {place}; expected that of its training")


def card(adapter: Adapter) -> str:
    """The card in Markdown, with the facts for the hub before it."""
    record, paper = adapter.record, adapter.paper
    head = {"library_name": "peft", "tags": ["replication", f"arxiv:{paper.citation.arxiv}"]}
    if adapter.revision:
        head = {"base_model": adapter.base, "base_model_relation": "adapter", **head}
    commit = f"{record.get('commit') or 'not known'}{' with changes' * bool(record.get('dirty'))}"
    facts = {
        "paper": f"{paper.title}, arXiv {paper.citation.arxiv}",
        "base model": adapter.base + (f" at {adapter.revision}" if adapter.revision else ""),
        "run": adapter.run,
        "variant and seed": f"{adapter.variant}, {record.get('seed')}",
        "commit": commit,
        "packages": ", ".join(f"{k} {v}" for k, v in record["packages"].items()),
        "seconds": record["seconds"],
    }
    settings = {name: _elsewhere(value) for name, value in record["settings"].items()}
    return "\n".join(
        [
            f"---\n{yaml.safe_dump(head, sort_keys=False)}---\n",
            f"# {paper.name}: {adapter.variant} on {adapter.model}\n",
            "An adapter that was trained to check the claims of a paper, with the model and data"
            " that are stated here. It is no release of the paper's authors.\n",
            _table(("", ""), facts.items()),
            "## Data\n",
            "What the training read, by SHA-256.\n",
            _table(("input", "sha256"), record["inputs"].items()),
            "## Settings\n",
            _table(("setting", "value"), [(k, f"`{json.dumps(v)}`") for k, v in settings.items()]),
            "## Results\n",
            *_results(adapter.cells()),
        ]
    )


def _results(cells: Sequence[Mapping[str, str]]) -> list[str]:
    if not cells:
        return ["No cell of the tables is of this method and model alone.\n"]
    rows = [
        (c["item"], c["dataset"], c["metric"], c["protocol"], _measured(c), c["n"], c["seeds"])
        for c in cells
    ]
    names = ("item", "data", "metric", "protocol", "value (95 % interval)", "n", "seeds")
    return ["Of the method with this model, over all of its seeds.\n", _table(names, rows)]


def _measured(cell: Mapping[str, str]) -> str:
    low, high = cell["ci_low"], cell["ci_high"]
    return f"{cell['value']} ({low} to {high})" if low and high else cell["value"]


def _table(names: Sequence[str], rows: Sequence) -> str:
    lines = [names, ["---"] * len(names), *rows]
    cells = [[str(cell).replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines]
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _elsewhere(value: object) -> object:
    """A setting without places of this machine: of a folder its name is left."""
    if isinstance(value, dict):
        return {key: _elsewhere(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_elsewhere(each) for each in value]
    return (
        _OWN_PLACE.sub("", value) if isinstance(value, str) and _OWN_PLACE.match(value) else value
    )
