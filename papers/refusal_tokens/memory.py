"""What the jobs of Refusal Tokens hold in memory and work through."""

from papers.refusal_tokens.methods import BASE, METHODS, RELEASED
from papers.refusal_tokens.settings import Settings
from shared.judges.harness import ROWS
from shared.planning.plan.held import Job, Learns, Reads, Writes, judging

LONGEST = 2048  # tokens of a question of lm-evaluation-harness: more than any of these tasks has
# Rows of UltraChat and of CoCoNot that are learnt, and about what CoCoNot,
# the temporal test and the benchmarks ask; questions of lm-evaluation-harness, of four texts each.
TRAINED, TOKENS = 208_000 + 11_477, 1100
TESTED, QUESTION, FORCED = 1380 + 1400 + 8200, 40, 6
ABLE, SHOTS = 4 * (1172 + 10_042 + 14_042 + 1838 + 2 * 817), 300


def jobs(settings: Settings) -> list[Job]:
    model = {"model": settings.model, "precision": settings.precision}
    sizes = {"batch_size": settings.batch_size, "batch_tokens": settings.batch_tokens}
    judges = judging([settings.judge, *settings.further_judges], settings.precision)
    asked = [
        [
            Writes(
                reply=settings.reply_tokens + 1,
                prompts=TESTED * (FORCED if settings.forced == "every" else 1),
                mean=QUESTION,
                **model,
                **sizes,
            )
        ],
        *([each] for each in judges),
    ]
    able = [[Reads(tokens=ROWS * LONGEST, rows=ROWS, texts=ABLE, mean=SHOTS, **model)]]
    found = []
    for name in (BASE, *settings.variants):
        found.append(Job("refusal_tokens_evaluate", asked, name))
        if name == BASE or name in RELEASED:
            found += [Job("refusal_tokens_ability", able, name)] if settings.tasks else []
            continue
        training, new = settings.training, len(METHODS[name].tokens)
        learns = Learns(
            settings.model,
            training,
            training.max_length,
            new_tokens=new,
            examples=TRAINED,
            mean=TOKENS,
        )
        found.append(Job("refusal_tokens_train", [[learns]], name, train=True))
    return found
