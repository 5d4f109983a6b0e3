"""Try edits of several strengths, shares and ranges of blocks on a part of the test questions.

    python -m papers.roleref.sweep --scale cpu --data results/cpu/roleref/data \\
        --base results/cpu/roleref/states/prompting.safetensors \\
        --out results/cpu/roleref/replies/sweep.json --record results/cpu/roleref/runs/sweep.json

Writes a list with `replies` and `ordinary` of each edit, as `ask` does for a variant. Strength 0,
the unedited model, is the first.
"""

import time
from pathlib import Path

from papers.roleref.ask import answered, edited, player, warn_if_collapsed
from papers.roleref.data_files import of_role, read_queries, read_roles
from papers.roleref.settings import Settings
from shared.errors import one_line_errors
from shared.files import write_json
from shared.workflow.programs import step_parser, step_settings
from shared.workflow.records import write_run


def main() -> None:
    parser = step_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--base", type=Path, required=True)
    arguments = parser.parse_args()
    started = time.perf_counter()
    settings: Settings = step_settings("roleref", arguments)
    roles, rows = read_roles(arguments.data), read_queries(arguments.data)
    chosen = list(roles)[: settings.sweep.roles]
    plain = player(settings, roles)
    found, collapsed = [], []
    for edit in settings.sweep.all_edits():
        playing = edited(plain, arguments.base, rows, edit, "corrected")
        said, prose = {}, {}
        for role in chosen:
            said |= playing.replies(role, answered(of_role(rows, role), settings.sweep.questions))
            prose |= playing.ordinary(role)
        found.append({"replies": said, "ordinary": prose})
        if warn_if_collapsed(edit.label, said.values()):
            collapsed.append(edit.label)
    write_json(arguments.out, found)
    write_run(
        arguments.record,
        started,
        settings=settings.model_dump(mode="json"),
        inputs=[arguments.data / "queries.jsonl", arguments.base],
        edits=[edit.model_dump() for edit in settings.sweep.all_edits()],
        collapsed=collapsed,
        replies=sum(len(each["replies"]) for each in found),
    )


if __name__ == "__main__":
    one_line_errors(main)
