"""How often ReSA's steps call models behind an endpoint, at most: an attack ends early where it
succeeds, filters drop samples, and what is said twice is asked once."""

from collections.abc import Iterator

from papers.resa.settings import Settings, Variant
from shared.attacks.asking import PROMPT_TOKENS, RATING_TOKENS
from shared.chat.calls import Calls
from shared.chat.settings import Asked
from shared.models.spec import is_endpoint

# Rows of the published files.
ROWS = {"StrongREJECT": 313, "AdvBench": 520, "HarmBench": 400}
BENIGN = {"wildjailbreak": 210, "xstest": 450, "oktest": 300}
RELEASED = 79_552  # samples
# Tokens of a prompt, about: a query, one with its answer, a conversation of an attack.
QUERY, ANSWERED, ATTACK = 300, 1_200, 2_000
VERDICT = 16  # tokens at most


def calls(settings: Settings) -> list[Calls]:
    guard = settings.guard
    asked = [None, *settings.variants.values()]
    harmful = sum(_requests(settings, each) * _seeds(each) for each in asked)
    replies = harmful + _benign(settings) * sum(map(_seeds, asked))
    found = [*_of_data(settings), *_fixed(settings)]
    if guard:
        what = "verdicts on replies, two on each of a harmful request"
        found += _calls(guard, what, 2 * harmful, (ANSWERED, VERDICT))
    for name, most in _adaptive(settings).items():
        one = settings.adaptive.attacker
        if name == "PAIR":
            one = settings.adaptive.pair.attacker or one
        found += _calls(one, f"prompts of {name}", most["prompts"], (ATTACK, PROMPT_TOKENS))
        rated = (ANSWERED, RATING_TOKENS)
        found += _calls(settings.adaptive.attacker, f"ratings in {name}", most["ratings"], rated)
    for judge in settings.judges:
        model = judge.removeprefix("llm:").removeprefix("rubric:")
        if is_endpoint(model):
            how = "verdicts on replies, one on each"
            found += _calls(Asked(model=model), how, replies, (ANSWERED, VERDICT))
    for name, each in settings.filters.items():
        rows = ROWS.get(each.source, 0) * len(each.attacks) + _benign(settings)
        found += _calls(each, f"verdicts as {name}", rows, (ANSWERED, each.tokens))
    if is_endpoint(settings.model):
        room = (QUERY, settings.opening_tokens)
        found += _calls(settings.asked(), f"replies of {settings.name}", replies, room)
    return found


def _calls(
    asked: Asked, what: str, most: int, tokens: tuple[int, int], once: bool = False
) -> Iterator[Calls]:
    if most and is_endpoint(asked.model):
        name = asked.model.removeprefix("api:")
        prompt, reply = tokens
        reply += asked.thinking_tokens * bool(asked.thinking)
        yield Calls(name, what, most, once, (prompt, reply), asked.prices)


def _of_data(settings: Settings) -> Iterator[Calls]:
    """Of the samples, each stage once a query; of released ones the analyst's alone."""
    models = settings.generators
    if not models:
        return
    short, long = (QUERY, models.short_tokens), (QUERY, models.answer_tokens)
    judged = (ANSWERED, models.short_tokens)
    if settings.released:
        what = "analyses of the released queries, one on each"
        yield from _calls(models.analyst, what, RELEASED, short, once=True)
        return
    wild = settings.wildjailbreak
    made = [queries for queries in (settings.queries, wild and wild.queries) if queries]
    side = sum(sum(queries.values()) for queries in made)
    benign = side + len(made) * settings.facts.train
    every = side + benign
    stages = [
        (models.uncensored, "answers to harmful queries", side, long),
        (models.helpful, "answers, plans, safe completions, filter 2", benign + 3 * every, judged),
        (models.analyst, "safety analyses", 2 * every, judged),
        (models.guard, "filter 1", every, (ANSWERED, VERDICT)),
    ]
    for asked, what, most, tokens in stages:
        yield from _calls(asked, what, most, tokens, once=True)


def _fixed(settings: Settings) -> Iterator[Calls]:
    """Of the prompts that are the same for all models."""
    tests, goals = settings.tests, sum(_rows(settings).values())
    if tests.pap:
        yield from _calls(tests.pap, "prompts of PAP", goals, (QUERY, PROMPT_TOKENS), once=True)
    if sizes := tests.pair_gpt:
        tries = goals * sizes.streams * sizes.rounds
        for asked, what, tokens in (
            (sizes.attacker, "prompts of PAIR-GPT", (ATTACK, PROMPT_TOKENS)),
            (sizes.victim, "replies in PAIR-GPT", (QUERY, sizes.reply_tokens)),
            (sizes.evaluator, "ratings in PAIR-GPT", (ANSWERED, RATING_TOKENS)),
        ):
            yield from _calls(asked, what, tries, tokens, once=True)


def _adaptive(settings: Settings) -> dict[str, dict[str, int]]:
    """By attack, over all variants. Of GCG none: it asks nobody."""
    found: dict[str, dict[str, int]] = {}
    for variant in (None, *settings.variants.values()):
        goals = _goals(settings, variant)
        tries = _tries(settings, goals)
        for attack in [name for name in tries if _under(variant, name)]:
            counted = found.setdefault(attack, {"prompts": 0, "ratings": 0})
            for what, most in zip(("prompts", "ratings"), tries[attack], strict=True):
                counted[what] += most * _seeds(variant)
    return found


def _tries(settings: Settings, goals: dict[str, int]) -> dict[str, tuple[int, int]]:
    """Prompts and ratings that an attack takes on goals by their source, at most."""
    sizes, every, found = settings.adaptive, sum(goals.values()), {}
    if sizes and (pair := sizes.pair):
        found["PAIR"] = (every * pair.streams * pair.rounds,) * 2
    if sizes and (tap := sizes.tap):  # each prompt is also rated for its topic
        leaves, grown = 1, 0
        for _ in range(tap.depth):
            grown += leaves * tap.branching
            leaves = min(tap.width, leaves * tap.branching)
        found["TAP"] = (every * grown, 2 * every * grown)
    if sizes and (renellm := sizes.renellm):
        found["ReNeLLM"] = (every * renellm.rounds * renellm.rewritings, every * renellm.rounds)
    if sizes and (fuzzer := sizes.gptfuzzer):
        tried = sum(min(fuzzer.goals, most) for most in goals.values())
        found["GPTFuzzer"] = (fuzzer.iterations * len(goals), fuzzer.iterations * tried)
    return found


def _goals(settings: Settings, variant: Variant | None = None) -> dict[str, int]:
    """Harmful requests by source, that a variant is asked."""
    rows = _rows(settings)
    chosen = (variant and variant.sources) or settings.sources
    return {name: most for name, most in rows.items() if not chosen or name in chosen}


def _rows(settings: Settings) -> dict[str, int]:
    """Harmful requests by source, of all models."""
    tests = settings.tests
    found = {each.name: each.rows or ROWS.get(each.name, 0) for each in tests.harmful_files}
    return found or {"": tests.harmful}


def _requests(settings: Settings, variant: Variant | None) -> int:
    """Harmful requests under all attacks, and again where a check is faked before the reply."""
    tests = settings.tests
    attacks = ["None", *tests.attacks, *tests.templates, *["PAP"] * bool(tests.pap)]
    attacks += ["PAIR-GPT"] * bool(tests.pair_gpt)
    attacks += list(settings.adaptive.sizes()) if settings.adaptive else []
    chosen = [attack for attack in attacks if _under(variant, attack)]
    twice = 2 if variant and variant.prefilled else 1
    return sum(_goals(settings, variant).values()) * len(chosen) * twice


def _under(variant: Variant | None, attack: str) -> bool:
    return not variant or variant.attacks is None or attack in variant.attacks


def _benign(settings: Settings) -> int:
    tests = settings.tests
    found = tests.benign + tests.adversarial_benign
    found += BENIGN["wildjailbreak"] if tests.adversarial_benign_file else 0
    return found + sum(size or BENIGN[name] for name, size in tests.benchmarks.items())


def _seeds(variant: Variant | None) -> int:
    return len(variant.seeds) if variant else 1
