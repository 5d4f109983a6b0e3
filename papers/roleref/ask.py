"""Run one variant of RoleRef: hidden states of all questions, replies to test questions.

What it writes is in answers.py.
"""

from pathlib import Path

from papers.roleref.answers import Answers, read_asked_states, write_answers
from papers.roleref.methods import METHODS, PROMPTING
from papers.roleref.player import answered, load_player, trained_parameters
from papers.roleref.protocols import PROTOCOLS
from papers.roleref.queries import read_queries, read_roles
from papers.roleref.reply_rules import warn_if_collapsed
from shared.errors import UserError
from shared.runner.step import Run, step

READS = (
    "name", "model", "reply_tokens", "replies", "batch_size", "batch_tokens", "precision",
    "variant.method", "variant.protocol", "variant.edit", "variant.probed", "variant.replies",
)  # fmt: skip


def ask(
    run: Run,
    data: Path,
    variant: str,
    seed: int,
    taught: Path | None = None,
    trained: Path | None = None,
    base: Path | None = None,
) -> dict:
    """Ask one variant all questions. taught: the model, where `teach` or `pretrain` made it.
    trained: the folder of a fine-tuned one. base: what was asked of the model before any change; an
    edited one needs it."""
    settings, edit = run.settings, run.variant.edit
    queries = read_queries(data)
    player = load_player(settings, read_roles(data), trained, taught)
    if edit:
        if not base:
            raise UserError(f"{variant} needs --base, what {PROMPTING} was asked")
        before = read_asked_states(base, settings.name)
        player = player.edited(before, queries, edit, PROTOCOLS[run.variant.protocol])
    player.signal = METHODS[run.variant.method].signal
    run.loaded()
    every = range(player.chat.model.config.num_hidden_layers + 1)
    layers = list(every if variant == PROMPTING else every[-2:])
    most = settings.replies if run.variant.replies is None else run.variant.replies
    states, replies = {}, {}
    for role, rows in queries.items():
        spoken = answered(rows, most)
        asked = rows if run.variant.probed else spoken
        found, said = player.ask(role, asked, {row["id"] for row in spoken})
        replies |= said
        if run.variant.probed:
            states[role] = found[:, layers]
    said = {"replies": replies, "ordinary": player.ordinary(queries)}
    cost = {"trained": trained_parameters(trained), "stored": player.stored()}
    answers = Answers(variant, seed, layers=layers, **said, **cost)
    write_answers(run.out, answers, states, settings.name)
    return {
        "questions": sum(map(len, queries.values())),
        "replies": len(answers.replies),
        "collapsed": warn_if_collapsed(variant, answers.replies.values()),
        "tokens": player.tokens,
    }


if __name__ == "__main__":
    step(ask)
