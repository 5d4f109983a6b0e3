"""The harmful requests of the test, and prompts around them that are the same for all models."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace

from papers.resa.evaluation_settings import PromptFile
from papers.resa.queries import Query, adversarial, vanilla
from papers.resa.settings import Settings
from papers.resa.test_sets import HOUSE, NONE
from papers.resa.training_samples import own_copy
from shared.attacks.asking import PROMPT_TOKENS, RATING_TOKENS, Asker
from shared.attacks.gptfuzzer import PLACE, filled
from shared.attacks.pair import pair
from shared.attacks.pap import pap
from shared.chat.loading import kept_chat
from shared.chat.settings import Asked
from shared.data.formats import expect, read_csv


def harmful_requests(settings: Settings) -> dict[str, list[Query]]:
    """The harmful requests of the test by where they come from."""
    tests = settings.tests
    if not tests.harmful_files:
        return {HOUSE: vanilla("test", True, tests.harmful, settings.data_seed)}
    return {each.name: read_prompts(each, settings.mirror) for each in tests.harmful_files}


def read_prompts(named: PromptFile, mirror: str | None) -> list[Query]:
    """Harmful prompts of a CSV in the user's mirror."""
    texts = read_column(named, mirror, "prompts")[: named.rows]
    return [
        Query(f"{named.name}/{number:04d}", text, text, harmful=True)
        for number, text in enumerate(texts)
    ]


def read_column(named: PromptFile, mirror: str | None, what: str) -> list[str]:
    path = own_copy(mirror, named.file, f"{named.name} {what}")
    return [row[named.column] for row in read_csv(path, (named.column,))]


def read_templates(named: PromptFile, mirror: str | None) -> list[str]:
    """Templates of a published attack, each with one place for a request."""
    templates = read_column(named, mirror, "templates")
    for number, template in enumerate(templates):
        where = f"row {number}"
        expect(named.file, where, template[:60], template.count(PLACE) == 1, f"{PLACE} once")
    return templates


def attacked(
    requests: Sequence[Query], settings: Settings, key: str, stack: ExitStack
) -> Iterator[tuple[str, list[Query]]]:
    """(attack, its prompts) for every attack that does not look at the tested model.

    What is said in them is kept until `stack` closes: write the prompts before.
    """
    tests, goals = settings.tests, [query.request for query in requests]
    yield NONE, list(requests)
    for attack in tests.attacks:
        yield attack, adversarial(attack, requests)
    for attack, named in tests.templates.items():
        templates = read_templates(named, settings.mirror)
        prompts = [filled(templates[i % len(templates)], [g])[0] for i, g in enumerate(goals)]
        yield attack, _wrapped(requests, attack, prompts)

    def asker(asked: Asked, role: str, tokens: int) -> Asker:
        chat, kept = stack.enter_context(
            kept_chat(asked, f"{key}-{role}", precision=settings.precision)
        )
        return Asker(chat, tokens, kept)

    if tests.pap:
        prompts = pap(goals, asker(tests.pap, "pap", PROMPT_TOKENS))
        yield "PAP", _wrapped(requests, "PAP", prompts)
    if sizes := tests.pair_gpt:
        made = pair(
            goals,
            asker(sizes.attacker, "attacker", PROMPT_TOKENS),
            asker(sizes.evaluator, "evaluator", RATING_TOKENS),
            asker(sizes.victim, "victim", sizes.reply_tokens),
            streams=sizes.streams,
            rounds=sizes.rounds,
        )
        yield "PAIR-GPT", _wrapped(requests, "PAIR-GPT", [each.prompt for each in made])


def _wrapped(requests: Sequence[Query], attack: str, prompts: Sequence[str]) -> list[Query]:
    return [
        replace(query, id=f"{query.id}/{attack}", prompt=prompt, method=attack)
        for query, prompt in zip(requests, prompts, strict=True)
    ]
