"""What the jobs of ReSA hold in memory and work through."""

from papers.resa.settings import BASE, Settings
from shared.models.spec import is_absent, is_endpoint
from shared.planning.plan.held import (
    BATCH_SIZE,
    BATCH_TOKENS,
    Held,
    Job,
    Learns,
    Reinforces,
    Writes,
    judging,
)

# tokens of a prompt at most: of attacks some hundred, of the house and its templates fewer
PROMPT, OF_THE_HOUSE = 1024, 128
ATTACKED = 192  # tokens of a request with a suffix of GCG, the chat's frame and a check's beginning
# Samples of the released set, and tokens of one with its analysis, assumed; requests of the three
# sets under all attacks, of the benign sets and of the ability sets.
TRAINED, TOKENS = 79_552, 900
ASKED = (313 + 520 + 400) * 12 + 250 + 300 + 210 + 14_042 + 500 + 164


def jobs(settings: Settings) -> list[Job]:
    if is_endpoint(settings.model) or is_absent(settings.model):
        return []  # and no judge of harm: Table 4 is by Llama Guard alone
    found = [Job("resa_evaluate", _asked(settings), BASE)]
    for name, variant in settings.variants.items():
        if name not in settings.UNTRAINED:
            learns: Held = Learns(
                settings.model,
                settings.training,
                settings.training.max_length,
                examples=min(variant.size or TRAINED, TRAINED) if settings.released else 0,
                mean=TOKENS,
            )
            if variant.reinforced:
                learns = Reinforces(settings.model, settings.reinforcement, _prompt(settings))
            rule = "resa_reinforce" if variant.reinforced else "resa_train"
            found.append(Job(rule, [[learns]], name, train=True))
        found.append(Job("resa_evaluate", _asked(settings), name))
    return found


def _asked(settings: Settings) -> list[list[Held]]:
    """The model, with judges of refusals beside it; then the judges of harm, all at once."""
    sizes = {"batch_size": settings.batch_size, "batch_tokens": settings.batch_tokens}
    reply = max(settings.reply_tokens, settings.whole_tokens, settings.opening_tokens)
    precision = settings.precision
    beside = judging(settings.judges, precision, **sizes)
    says = Writes(
        settings.model,
        reply,
        **sizes,
        prompt=_prompt(settings),
        precision=precision,
        prompts=ASKED if settings.released else 0,
        mean=_prompt(settings) // 2,
    )
    stages = [[says, *beside]]
    if settings.adaptive and (gcg := settings.adaptive.gcg):
        tried = {"batch_size": gcg.candidates, "batch_tokens": gcg.candidates * ATTACKED}
        stages.append([Writes(settings.model, 1, **tried, precision=precision), *beside])
    named = [settings.strongreject and settings.strongreject.model, settings.harmbench]
    verdict = {"reply": 1, "batch_size": BATCH_SIZE, "batch_tokens": BATCH_TOKENS}
    harm = [Writes(model, **verdict, precision=precision) for model in named if model]
    return [*stages, [*harm, *beside]] if harm else stages


def _prompt(settings: Settings) -> int:
    return PROMPT if settings.released else OF_THE_HOUSE
