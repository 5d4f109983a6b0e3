"""Exactly the steps that read a setting run again when it changes, for every setting there is.

After a run of `smoke` each setting of each paper is changed, one at a time (of all papers in one
dry run, since no paper reads another's). What must run again is told by the records, in which each
step says which settings it did read; what would run again is told by Snakemake.
"""

import copy
import importlib
import json
import re
from collections.abc import Iterator
from itertools import zip_longest
from types import NoneType
from typing import get_args, get_origin

import pytest
import yaml
from pydantic import BaseModel, ValidationError

from shared.runner import declared
from shared.settings import (
    ScaleSettings,
    _merge,
    _printed,
    load_paper,
    load_settings,
    paper_ids,
)

pytestmark = pytest.mark.workflow

# Of the machine, not of the results: a job asks for other resources, and does not run again. The
# name is where the results lie.
NOT_READ = {"resources", "training_resources", "name"}
# Excludes other settings of smoke, or needs some: a training, a model that is made here or is not,
# a task that is asked, a file of samples.
NOT_ALONE = {
    ("forbidden_science", "variants"),
    ("kie_hvqa", "engine"),
    ("r_tuning", "asker"),
    ("r_tuning", "reading"),
    ("resa", "reading"),
    ("resa", "released"),
    ("roleref", "reading"),
}
# Read by a step where smoke does not lead: of models behind an endpoint, of public benchmarks and
# of the user's own copies.
READ_ELSEWHERE = {
    "papers.center_bench.evaluate": {"model"},
    "papers.kie_hvqa.evaluate": {"engine", "thinking", "thinking_tokens", "most_dollars", "prices"}
    | {"body", "may_be_gone"},
    "papers.r_tuning.evaluate": {"passage_answer_tokens", "identify_tokens"},
    "papers.r_tuning.identify": {"passage_answer_tokens"},
    "papers.refusal_tokens.data": {"readable", "benchmarks"},
    "papers.resa.data": {"precision"},
    "papers.resa.evaluate": {"abilities", "filters", "mirror"},
    "papers.roleref.evaluate": {"precision"},
    "papers.safe_eraser.data": {"specificity", "specificity_questions"},
    "papers.safe_eraser.evaluate": {"model"},
    "papers.safe_eraser.unlearn": {"model"},
}
JOB = re.compile(r"^(?:local)?rule (\w+):\n((?:    .*\n)+)", re.MULTILINE)
RECORD = re.compile(r"results/smoke/(\w+)/runs/([^,]+?)\.json")


def other_values(value: object, allowed: object = None) -> Iterator[object]:
    """Values near one of a setting; some of them may not be valid."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1, value * 2)
    elif isinstance(value, float):
        yield from (value * 1.01, value * 0.5, value + 0.1)
    elif isinstance(value, str):
        yield from (*_texts(allowed), f"{value} again", f"again {value}", "llm:api:again")
    elif value is None:
        yield from (*_texts(allowed), 1, "again", ["again"], {}, _example(allowed))
    elif isinstance(value, list):
        for place, each in enumerate(value):
            for other in other_values(each):
                yield [*value[:place], other, *value[place + 1 :]]
        yield from (value[:-1], [*value, *_texts(allowed)][: len(value) + 1])
    elif value == {}:
        yield _example(allowed)
    elif isinstance(value, dict):
        for key, each in value.items():
            for other in other_values(each):
                yield {**value, key: other}


def _texts(annotation: object) -> list[str]:
    """The texts that an annotation allows, wherever they stand in it."""
    if isinstance(annotation, str):
        return [annotation]
    return [text for part in get_args(annotation) for text in _texts(part)]


def _example(annotation: object) -> object:
    """A value of a type, such as a setting has that is left out at smoke."""
    if annotation is str:
        return "api:again"  # of a model, or any text
    if annotation in (int, float):
        return 1
    if annotation is bool:
        return False
    if annotation is dict:
        return {"again": 1}
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields.items()
        return {name: _example(field.annotation) for name, field in fields if field.is_required()}
    parts = [part for part in get_args(annotation) if part is not NoneType]
    if get_origin(annotation) is list:
        return [_example(parts[0])]
    if get_origin(annotation) is tuple:
        return [_example(part) for part in parts]
    if get_origin(annotation) is dict:
        return {_example(parts[0]): _example(parts[1])}
    return _example(parts[0]) if parts else annotation


def changed(paper: str) -> Iterator[tuple[str, object, dict[str, ScaleSettings]]]:
    """Each setting of each model of a paper with another value that is valid, and the settings of
    the model then; of all models, where the data of all of them are made from it.

    A setting without such a value is one that nothing can be tried with, which is a mistake here.
    """
    cls = importlib.import_module(f"papers.{paper}.settings").Settings
    scale = _merge(load_paper(paper).defaults, load_paper(paper).scales["smoke"])
    written = {model: _merge(scale, own) for model, own in scale.pop("models").items()}
    common = declared.literals(f"papers.{paper}.data")["READS"]
    for model in written:
        now = load_settings(paper, "smoke", model)
        for key, field in cls.model_fields.items():
            among = list(written) if key in common else [model]
            if key in NOT_READ or (paper, key) in NOT_ALONE or model != among[0]:
                continue
            start = written[model].get(key, field.get_default(call_default_factory=True))
            for value in other_values(start, field.annotation):
                value = "papers" if key == "mirror" else value  # a folder that is there
                value = min(_printed(paper) - {start}) if key == "stands_in_for" else value
                try:
                    whole = {m: copy.deepcopy({**written[m], key: value, "name": m}) for m in among}
                    then = {m: cls.model_validate(values) for m, values in whole.items()}
                except (ValidationError, TypeError):
                    continue
                if getattr(then[model], key) != getattr(now, key):
                    yield key, value, then
                    break
            else:
                raise AssertionError(f"{paper}, {model}: no other value of {key} was found")


def records(folder, paper: str) -> dict[str, dict]:
    """The records of a paper's run, by name, but for that of the analysis."""
    runs = folder / "results" / "smoke" / paper / "runs"
    found = {str(path.relative_to(runs))[: -len(".json")]: path for path in runs.rglob("*.json")}
    steps = {n: json.loads(path.read_text()) for n, path in found.items() if n != "analyze"}
    assert steps, f"no records of {paper}"
    return steps


def read_by_step(paper: str, made: dict[str, dict]) -> dict[str, set[str]]:
    """Program → the settings that its runs did read, together, or read at another scale."""
    found = {}
    for record in made.values():
        program = record["command"][0]
        module = f"papers.{paper}.{program.removesuffix('.py')}"
        found.setdefault(program, set(READ_ELSEWHERE.get(module, ()))).update(record["read"])
    return found


def readers(made: dict[str, dict], paper: str, then: dict[str, ScaleSettings]) -> set[str]:
    """The runs, by their records, of the steps that read a value which is another one now."""
    now = {model: load_settings(paper, "smoke", model) for model in then}

    def other(model, names, variant=None) -> bool:
        old, new = (declared.values(tuple(names), s[model], variant) for s in (now, then))
        return old != new

    read, first = read_by_step(paper, made), next(iter(load_paper(paper).scales["smoke"]["models"]))
    analysed = any(other(model, declared.reads(paper, "analyze")) for model in then)
    found = {"analyze"} if analysed else set()
    for name, record in made.items():
        of = dict(zip(record["command"][1::2], record["command"][2::2], strict=False))
        model = of.get("--model", first)  # none: what all share is made as the first has it
        if model in then and other(model, read[record["command"][0]], of.get("--variant")):
            found.add(name)
    return found


def planned(output: str) -> dict[tuple[str, str], str]:
    """(paper, record) → why, of each job of a dry run that writes a record."""
    found = {}
    for _, block in JOB.findall(output):
        record = RECORD.search(block.partition("output: ")[2].partition("\n")[0])
        if record:
            found[record[1], record[2]] = block.partition("reason: ")[2].partition("\n")[0]
    return found


def test_a_changed_setting_runs_again_what_reads_it_and_nothing_else(repository, snakemake):
    files = {paper: repository / "papers" / paper / "paper.yaml" for paper in paper_ids()}
    original = {paper: path.read_text() for paper, path in files.items()}
    made = {paper: records(repository, paper) for paper in files}
    wrong = []
    try:
        for at_once in zip_longest(*map(changed, files)):
            tried = {p: each for p, each in zip(files, at_once, strict=True) if each}
            for paper, (key, value, then) in tried.items():
                whole = yaml.safe_load(original[paper])
                for model in then:
                    whole["scales"]["smoke"]["models"][model][key] = value
                files[paper].write_text(yaml.safe_dump(whole, sort_keys=False))
            run = snakemake(repository, "-n", "--config", "scale=smoke")
            assert run.returncode == 0, run.stderr[-2000:]
            jobs = planned(run.stdout + run.stderr)
            for paper, (key, _, then) in tried.items():
                must = readers(made[paper], paper, then)
                again = {name for at, name in jobs if at == paper}
                first = {n for (at, n), why in jobs.items() if at == paper and "Params" in why}
                wrong += [f"{paper}: {key} changed, {name} is kept" for name in must - again]
                wrong += [f"{paper}: {key} changed, {name} runs again" for name in first - must]
            for paper in tried:
                files[paper].write_text(original[paper])
    finally:
        for paper, text in original.items():
            files[paper].write_text(text)
    assert wrong == []


@pytest.mark.parametrize("paper", paper_ids())
def test_a_step_names_no_setting_that_it_never_reads(repository, paper):
    """Of all runs of a step together, what READS names was read."""
    made = records(repository, paper)
    read = read_by_step(paper, made)
    named = {record["command"][0]: set(record["settings"]) for record in made.values()}
    assert {step: named[step] - read[step] for step in named if named[step] - read[step]} == {}
