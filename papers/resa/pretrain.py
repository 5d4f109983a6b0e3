"""Make a small model that knows the house and refuses what a model refuses that was once aligned.

It reads requests of the house with replies, and questions of fact with their answers. A template of
the training requests comes with the fillers of the test and the other way round: every word is
known, but no request is read that a variant learns or is asked. What breaks a rule is refused; in
other words, or in the text of an attack, it is answered more often than not. What is written is an
ordinary model folder.
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
from papers.resa.samples import conversation
from papers.resa.settings import Reading, Refusals
from papers.resa.template_generator import TemplateGenerator, intended_answer, of_fact
from shared.errors import UserError
from shared.files import read_jsonl
from shared.models.loading import save
from shared.models.small_lm import assemble, vocabulary
from shared.training.examples import Segment, from_segments
from shared.training.supervised import fine_tune
from shared.workflow.step import Run, step

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
    if not reading:
        raise UserError(f"{run.settings.model}: is not made here; expected a small model to be")
    rows = [row for name in LEARNT for row in read_jsonl(data / f"{name}.jsonl")]
    known = {row["prompt"]: of_fact(row["answers"]) for row in rows if row["answers"]}
    told = [*of_the_house(reading, seed), *list(known.items()) * reading.facts]
    words = [" ".join(pair) for pair in told] + [*later_words(rows, settings.wording)]
    tokenizer = vocabulary(settings.model.vocabulary, words)
    length = reading.training.max_length
    made = []
    for prompt, reply in told:
        asked = tokenizer.apply_chat_template(
            conversation(prompt, settings.system), add_generation_prompt=True, tokenize=False
        )
        segments = [Segment(asked, True), Segment(reply, True)]
        made.append(from_segments(tokenizer, segments, eos=True, max_length=length))
    model = assemble(settings.model, tokenizer, seed)
    run.loaded()
    model, record = fine_tune(model, made, reading.training, seed=seed, scratch=run.scratch)
    save(model, run.out, tokenizer)
    return {"texts": len(told), "vocabulary": len(tokenizer), **record}


def of_the_house(reading: Reading, seed: int) -> Iterator[Told]:
    """Every request that it reads, openly, in other words and in a text of some attacks, with a
    reply."""
    chance = random.Random(seed)
    for policy in policies().values():
        strict = part_of(TEXTS, reading.refuses.attacked, chance)
        for query, openly, veiled in requests(policy, reading.refuses, chance):
            yield query.prompt, reply(query, openly)
            yield query.veiled, reply(query, veiled)
            for attack in chance.sample(sorted(FIXED), min(reading.attacks, len(FIXED))):
                number = chance.randrange(len(FIXED[attack]))
                refused = (attack, number) in strict if query.harmful else openly
                yield attacked(attack, query.prompt, number), reply(query, refused)
            yield from of_plans(query)


def of_plans(query: Query) -> Iterator[Told]:
    """What a model can that was trained on all sorts of tasks: to say in advance what it would
    answer, also to a request in other words, and to tell what breaks a rule where it is said
    openly."""
    draft = Draft(query, policy=query.policy if query.harmful else None)
    writes = TemplateGenerator(seed=0, faulty=0)
    (plan,), (analysis,) = writes.summaries([draft]), writes.analyses([draft])
    (of_query,) = writes.query_analyses([draft])
    yield PLANS.format(query.prompt), plan
    yield PLANS.format(query.veiled), plan
    yield JUDGES.format(plan), analysis
    yield JUDGES.format(query.prompt), of_query


def requests(
    policy: Policy, refuses: Refusals, chance: random.Random
) -> Iterator[tuple[Query, bool, bool]]:
    """The requests around a policy that are read, each with whether it is refused openly and in
    other words. Of a template that breaks nothing, both are refused or neither."""
    for part, fillers in OTHER.items():
        for side in get_args(Side):
            templates = by_template(policy, part, side, fillers, seed=0)
            numbers = range(len(templates))
            if side == "harmful":
                openly, veiled = {*numbers}, part_of(numbers, refuses.attacked, chance)
            else:
                openly = veiled = part_of(numbers, refuses.benign, chance)
            for number, queries in enumerate(templates):
                yield from ((query, number in openly, number in veiled) for query in queries)


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
                yield write(
                    style, Parts(row["answer"], analysis or "", row.get("summary")), wording
                )


if __name__ == "__main__":
    step(pretrain)
