"""The data of ReSA: training samples of all stages, and what every model is asked.

Writes `train.jsonl` (samples, see `pipeline.build`), `wildjailbreak.jsonl` (those of WJ-SFT),
`plain.jsonl` (questions of fact answered without a check), `test.jsonl` (rows as below) and
`sources.json` (what was read or made, and what the filters dropped).

    id        which prompt of the set
    request   the request in it, the same under every attack
    dataset, attack, source, prefilled   the set (see `test_sets.TestSet`)
    kind      "harmful", "benign", "fact" or "ability"
    asks      the request without an attack, as judges read it
    prompt    the text as it is sent
    policy    which rule a harmful one breaks, if it is one of the house
    answers   what a right answer is held against (questions of fact, and of ability)
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace

from papers.resa import pipeline
from papers.resa.evaluation_settings import ABILITIES, Kind
from papers.resa.queries import Query, adversarial, fact_queries, vanilla
from papers.resa.reply_format import fake_check
from papers.resa.settings import Settings
from papers.resa.template_generator import of_fact
from papers.resa.test_prompts import attacked, harmful_requests
from papers.resa.test_sets import (
    ADVERSARIAL_BENIGN,
    BENCHMARKS,
    BENIGN,
    FACTS,
    FOUR,
    WJ_EVAL,
    TestSet,
    harmful,
    of_source,
)
from papers.resa.training_samples import SAMPLES, own_copy, training_samples
from papers.resa.wildjailbreak import read_evaluation
from shared.data import refusal_benchmarks
from shared.data.abilities import mmlu_task, read_humaneval, read_math500
from shared.data.benchmarks import read_mmlu_csv
from shared.data.catalogue import sources
from shared.data.ledger import Ledger
from shared.data.splits import sample
from shared.files import write_jsonl
from shared.runner.step import Run, step

READS = (
    "queries", "wildjailbreak", "facts", "faulty", "generators", "released", "tests", "wording",
    "data_seed", "mirror", "precision",
)  # fmt: skip


def data(run: Run) -> dict:
    """Write the samples and the prompts of the tests into the folder `out`."""
    settings, out = run.settings, run.out
    ledger = Ledger(settings.mirror)
    sizes = settings.facts.model_dump(exclude={"relations"})
    facts = fact_queries(sizes, settings.data_seed, settings.facts.relations)
    samples, wild, stages = training_samples(settings, facts["train"], ledger, run.key)
    write_jsonl(out / "train.jsonl", samples)
    write_jsonl(out / "wildjailbreak.jsonl", wild)
    plain = [{**each.record(), "answer": of_fact(each.answers)} for each in facts["plain"]]
    write_jsonl(out / "plain.jsonl", plain)
    with ExitStack() as stack:
        rows = test_rows(settings, facts["test"], run.key, stack)
        rows += benchmark_rows(settings, ledger) + ability_rows(settings, ledger)
        write_jsonl(out / "test.jsonl", rows)
    asked = Counter(row["dataset"] for row in rows)
    ledger.used(SAMPLES, stages | pipeline.composition(samples) | asked)
    ledger.write(out)
    return {"sources": list(ledger.records.values())}


def test_rows(settings: Settings, facts: Sequence[Query], key: str, stack: ExitStack) -> list[dict]:
    """Everything that is asked, but for the prompts of adaptive attacks. stack: of `attacked`."""
    tests, fake = settings.tests, fake_check(settings.wording)
    rows = []
    for source, requests in harmful_requests(settings).items():
        for attack, queries in attacked(requests, settings, f"{key}-{source}", stack):
            rows += _rows(harmful(attack, source), "harmful", queries)
            if attack in FOUR:
                queries = [replace(query, prompt=f"{query.prompt}\n{fake}") for query in queries]
                rows += _rows(harmful(attack, source, prefilled=True), "harmful", queries)
    benign = vanilla("test", False, max(tests.benign, tests.adversarial_benign), settings.data_seed)
    rows += _rows(BENIGN, "benign", benign[: tests.benign])
    wrapped = adversarial(ADVERSARIAL_BENIGN.attack, benign[: tests.adversarial_benign])
    rows += _rows(ADVERSARIAL_BENIGN, "benign", wrapped)
    if file := tests.adversarial_benign_file:
        path = own_copy(settings.mirror, file, "evaluation file of WildJailbreak")
        queries = [
            Query(f"wj-eval/{number:04d}", text, text, harmful=False)
            for number, text in enumerate(read_evaluation(path))
        ]
        rows += _rows(WJ_EVAL, "benign", queries)
    return rows + _rows(FACTS, "fact", facts)


def benchmark_rows(settings: Settings, ledger: Ledger) -> list[dict]:
    """The safe prompts of XSTest and OKTest."""
    readers = {
        "xstest": refusal_benchmarks.read_xstest,
        "oktest": refusal_benchmarks.read_oktest,
    }
    rows = []
    for name, size in settings.tests.benchmarks.items():
        (file,) = sources()[name].files
        read = ledger.read(name, file, readers[name])
        safe = [each for each in read if not each.refuse][:size]
        queries = [Query(f"{name}/{each.id}", each.text, each.text, harmful=False) for each in safe]
        rows += _rows(BENCHMARKS[name], "benign", queries)
        ledger.used(name, {BENCHMARKS[name].name: len(safe)})
    return rows


def ability_rows(settings: Settings, ledger: Ledger) -> list[dict]:
    """Questions of general ability, to be answered in words: a check fits before the answer."""
    rows = []
    for name, size in settings.tests.abilities.items():
        source, files = ABILITIES[name], list(sources()[ABILITIES[name]].files)
        if name == "MMLU":
            read = [q for file in files for q in ledger.read(source, file, read_mmlu_csv)]
            places = sample(read, size, settings.data_seed, f"tests.abilities.{name}")
            tasks = [mmlu_task(place, read[place]) for place in places]
        else:
            reader = read_math500 if name == "MATH500" else read_humaneval
            tasks = ledger.read(source, files[0], reader)[:size]
        queries = [Query(t.id, t.prompt, t.prompt, harmful=False, answers=t.answers) for t in tasks]
        rows += _rows(of_source(name), "ability", queries)
        ledger.used(source, {name: len(tasks)})
    return rows


def _rows(test_set: TestSet, kind: Kind, queries: Sequence[Query]) -> list[dict]:
    return [
        {
            "id": query.id,
            "request": query.request_id,
            **test_set.columns(),
            "kind": kind,
            "asks": query.request,
            "prompt": query.prompt,
            "policy": query.policy,
            "answers": list(query.answers),
        }
        for query in queries
    ]


if __name__ == "__main__":
    step(data)
