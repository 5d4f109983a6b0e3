"""Try edits of several strengths, shares and ranges of blocks on a part of the test questions.

Writes a list with `replies` and `ordinary` of each edit, as `ask` does for a variant. Strength 0,
the unedited model, is the first.
"""

from itertools import islice
from pathlib import Path

from papers.roleref.answers import read_asked_states
from papers.roleref.player import answered, load_player
from papers.roleref.protocols import PROTOCOLS
from papers.roleref.queries import read_queries, read_roles
from papers.roleref.reply_rules import warn_if_collapsed
from shared.files import write_json
from shared.runner.step import Run, step

READS = ("name", "model", "sweep", "reply_tokens", "batch_size", "batch_tokens", "precision")


def sweep(run: Run, data: Path, base: Path, taught: Path | None = None) -> dict:
    """Try every edit of the settings under the corrected protocol. base: what was asked of the
    model before any change. taught: it, where `teach` or `pretrain` made it."""
    settings = run.settings
    queries = dict(islice(read_queries(data).items(), settings.sweep.roles))
    asked = {role: answered(rows, settings.sweep.questions) for role, rows in queries.items()}
    states = read_asked_states(base, settings.name)
    plain = load_player(settings, read_roles(data), taught=taught)
    run.loaded()
    found, collapsed, tokens = [], [], 0
    for edit in settings.sweep.all_edits():
        player = plain.edited(states, queries, edit, PROTOCOLS["corrected"])
        found.append(player.speak(asked))
        tokens += player.tokens
        if warn_if_collapsed(edit.label, found[-1]["replies"].values()):
            collapsed.append(edit.label)
    write_json(run.out, found)
    replies = sum(len(each["replies"]) for each in found)
    return {"replies": replies, "collapsed": collapsed, "tokens": tokens}


if __name__ == "__main__":
    step(sweep)
