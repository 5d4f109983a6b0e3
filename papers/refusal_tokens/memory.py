"""What the jobs of Refusal Tokens hold in memory."""

from papers.refusal_tokens.methods import BASE, METHODS, RELEASED
from papers.refusal_tokens.settings import Settings
from shared.planning.plan.held import Job, Learns, Reads, Writes, judging

HARNESS_ROWS = 8
LONGEST = 2048  # tokens of a question of lm-evaluation-harness: more than any of these tasks has


def jobs(settings: Settings) -> list[Job]:
    model = {"model": settings.model, "precision": settings.precision}
    sizes = {"batch_size": settings.batch_size, "batch_tokens": settings.batch_tokens}
    judges = judging([settings.judge, *settings.further_judges], settings.precision)
    asked = [
        [Writes(reply=settings.reply_tokens + 1, **model, **sizes)],
        *([each] for each in judges),
    ]
    able = (
        [[Reads(tokens=HARNESS_ROWS * LONGEST, rows=HARNESS_ROWS, **model)]]
        if settings.tasks
        else []
    )
    found = [Job("refusal_tokens_evaluate", asked + able, BASE)]
    for name in settings.variants:
        if name in RELEASED:
            found.append(Job("refusal_tokens_evaluate", asked + able, name))
            continue
        training, new = settings.training, len(METHODS[name].tokens)
        learns = Learns(settings.model, training, training.max_length, new_tokens=new)
        found.append(Job("refusal_tokens_train", [[learns]], name, train=True))
        found.append(Job("refusal_tokens_evaluate", asked, name))
    return found
