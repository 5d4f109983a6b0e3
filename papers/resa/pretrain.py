"""Make a small model that knows the house and refuses what a model refuses that was once aligned.

It reads requests of the house with replies, and questions of fact with their answers. A template of
the training requests comes with the fillers of the test and the other way round: every word is
known, but no request is read that a variant learns or is asked. What breaks a rule is refused; in
most texts of attacks it is answered. What is written is an ordinary model folder.
"""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

from papers.resa.attacks import FIXED, attacked
from papers.resa.house_rules import Policy, Split, policies
from papers.resa.pipeline import Draft
from papers.resa.queries import Query, Side, by_template
from papers.resa.reply_format import Parts, Style, Wording, write
from papers.resa.settings import Reading
from papers.resa.template_generator import TemplateGenerator, intended_answer, of_fact
from papers.resa.train import example
from shared.files import read_jsonl
from shared.models.small_lm import vocabulary
from shared.runner.step import Run, step
from shared.training.from_nothing import expect_small, train_from_nothing

READS = ("model", "reading", "system", "wording")

PLANS = "What would an answer to this tell? {}"
JUDGES = "Does this break a rule of the house? {}"
REFUSED = "I'm sorry, but I can't help with that."
LEARNT = ("train", "plain", "wildjailbreak", "test")  # of the data
OTHER: dict[Split, Split] = {"train": "test", "test": "train"}
TEXTS = [(attack, number) for attack in sorted(FIXED) for number in range(len(FIXED[attack]))]
Told = tuple[str, str]  # a prompt and what is replied to it


def pretrain(run: Run, data: Path, seed: int) -> dict:
    """Train the small model from nothing. data: the folder of what it will learn and be asked, for
    its questions of fact and the vocabulary. seed: of its weights, and of what it reads."""
    settings, reading = run.settings, run.settings.reading
    expect_small(settings.model)
    rows = [row for name in LEARNT for row in read_jsonl(data / f"{name}.jsonl")]
    known = {row["prompt"]: of_fact(row["answers"]) for row in rows if row.get("answers")}
    told = [*of_the_house(reading, seed), *list(known.items()) * reading.facts]
    words = [" ".join(pair) for pair in told] + [*later_words(rows, settings.wording)]
    tokenizer = vocabulary(settings.model.vocabulary, words)
    how = {"instruction": settings.system, "length": reading.training.max_length}
    made = [example(tokenizer, *pair, **how, learns_prompt=True) for pair in told]
    record = train_from_nothing(run, tokenizer, made, reading.training, seed)
    return {"texts": len(told), **record}


def of_the_house(reading: Reading, seed: int) -> Iterator[Told]:
    """Every request that it reads, by itself and in a text of some attacks, with a reply."""
    chance = random.Random(seed)
    for policy in policies().values():
        strict = part_of(TEXTS, reading.refuses.attacked, chance)
        for query, wary in requests(policy, reading.refuses.benign, chance):
            yield query.prompt, reply(query, query.harmful or wary)
            for attack in chance.sample(sorted(FIXED), min(reading.attacks, len(FIXED))):
                number = chance.randrange(len(FIXED[attack]))
                refused = (attack, number) in strict if query.harmful else wary
                yield attacked(attack, query.prompt, number), reply(query, refused)
            yield from of_plans(query)


def of_plans(query: Query) -> Iterator[Told]:
    """What a model can that was trained on all sorts of tasks: to say in advance what it would
    answer, and to tell what breaks a rule where it is said openly."""
    draft = Draft(query, policy=query.policy if query.harmful else None)
    writes = TemplateGenerator(seed=0, faulty=0)
    (plan,), (analysis,) = writes.summaries([draft]), writes.analyses([draft])
    (of_query,) = writes.query_analyses([draft])
    yield PLANS.format(query.prompt), plan
    yield JUDGES.format(plan), analysis
    yield JUDGES.format(query.prompt), of_query


def requests(policy: Policy, share: float, chance: random.Random) -> Iterator[tuple[Query, bool]]:
    """The requests around a policy that are read, each with whether it is of the share of templates
    that are refused although they break nothing."""
    for part, fillers in OTHER.items():
        for side in get_args(Side):
            templates = by_template(policy, part, side, fillers, seed=0)
            refused = part_of(range(len(templates)), share if side == "benign" else 0, chance)
            for number, queries in enumerate(templates):
                yield from ((query, number in refused) for query in queries)


def reply(query: Query, refused: bool) -> str:
    return REFUSED if refused else intended_answer(query)


def part_of(things: Sequence, share: float, chance: random.Random) -> set:
    """Each of them with a chance of `share`."""
    return {thing for thing in things if chance.random() < share}


def later_words(rows: Sequence[dict], wording: Wording) -> Iterator[str]:
    """All that it will learn and be asked, in every style of replies."""
    for row in rows:
        yield row["prompt"]
        if "answer" in row:
            for style in get_args(Style):
                analysis = row.get("query_analysis" if style == "query-check" else "analysis")
                parts = Parts(row["answer"], analysis or "", row.get("summary"))
                yield write(style, parts, wording)


if __name__ == "__main__":
    step(pretrain)
