"""Fine-tune one variant of RoleRef on the answerable, out_series and fake questions of all roles.

    python -m papers.roleref.train --scale cpu --variant lora --data results/cpu/roleref/data \\
        --out results/cpu/roleref/models/lora --record results/cpu/roleref/runs/train-lora.json

`official` learns every token of a text, and for out_series the model's own prompted replies;
`corrected` learns the replies alone, and for out_series refusals written for the role.
"""

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from papers.roleref import prompts
from papers.roleref.data_files import read_queries, read_roles
from papers.roleref.settings import Settings
from shared.chat.asking import ask
from shared.chat.local import LocalChat
from shared.errors import UserError, one_line_errors
from shared.files import sha256
from shared.models.loading import load, save
from shared.models.spec import display_name
from shared.settings import SCRATCH
from shared.training.examples import Segment, from_segments
from shared.training.supervised import fine_tune
from shared.workflow.code import code_hash
from shared.workflow.programs import key_of, named, step_parser, step_settings
from shared.workflow.records import write_run


def mixture(rows: Sequence[dict], most: int | None) -> list[dict]:
    """The first `most` training questions of each role and type."""
    taken: dict[tuple[str, str], int] = {}
    chosen = []
    for row in rows:
        key = (row["role"], row["type"])
        if row["split"] == "train" and (most is None or taken.get(key, 0) < most):
            taken[key] = taken.get(key, 0) + 1
            chosen.append(row)
    return chosen


def conversations(rows: Sequence[dict], turns: int) -> list[list[dict]]:
    """The questions of each role in groups of `turns`, its types in turn."""
    by_role: dict[str, list[dict]] = {}
    for row in rows:
        by_role.setdefault(row["role"], []).append(row)
    groups = []
    for own in by_role.values():
        mixed = sorted(own, key=lambda row: (row["id"].rsplit("/", 1)[1], row["type"]))
        groups += [mixed[place : place + turns] for place in range(0, len(mixed), turns)]
    return groups


def segments(
    tokenizer: PreTrainedTokenizerBase, role: dict, rows: Sequence[dict], whole: bool
) -> list[Segment]:
    """One conversation as the chat template writes it; replies are learnt, or the whole text."""
    messages, written, made = [], 0, []
    for row in rows:
        first = prompts.before_question(role["name"], role["profile"]) if not messages else ""
        messages.append({"role": "user", "content": first + row["question"]})
        before = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        messages.append({"role": "assistant", "content": row["target"]})
        after = tokenizer.apply_chat_template(messages, tokenize=False)
        if not after.startswith(before):
            raise UserError("the chat template writes a reply otherwise than after its beginning")
        end = after.rfind(tokenizer.eos_token) + len(tokenizer.eos_token)
        made += [Segment(before[written:], whole), Segment(after[len(before) : end], True)]
        written = end
    return made


def with_own_replies(chat: LocalChat, rows: list[dict], roles: dict, tokens: int) -> list[dict]:
    """`rows` with the model's own prompted reply as the target of out_series questions."""
    asked = [row for row in rows if row["type"] == "out_series"]
    replies = ask(
        chat, [prompts.conversation(roles[r["role"]], r["question"]) for r in asked], tokens
    )
    said = {row["id"]: reply.text for row, reply in zip(asked, replies, strict=True)}
    return [row | {"target": said.get(row["id"], row["target"])} for row in rows]


def main() -> None:
    parser = step_parser(__doc__)
    parser.add_argument("--variant", required=True)
    parser.add_argument("--data", type=Path, required=True)
    arguments = parser.parse_args()
    started = time.perf_counter()
    settings: Settings = step_settings("roleref", arguments)
    trained = {name: variant for name, variant in settings.variants.items() if variant.training}
    variant = named(arguments, "variant", trained)
    roles, rows = read_roles(arguments.data), read_queries(arguments.data)
    rows = mixture(rows, settings.trained_questions)
    official = variant.protocol == "official"

    model, tokenizer = load(settings.model)
    if official:
        chat = LocalChat(
            model, tokenizer, name=display_name(settings.model), identity=arguments.variant,
            batch_size=settings.batch_size, batch_tokens=settings.batch_tokens,
        )  # fmt: skip
        rows = with_own_replies(chat, rows, roles, settings.reply_tokens)
    made = [
        from_segments(
            tokenizer,
            segments(tokenizer, roles[group[0]["role"]], group, whole=official),
            max_length=variant.training.max_length,
        )
        for group in conversations(rows, settings.turns)
    ]
    data = arguments.data / "queries.jsonl"
    key = key_of(
        code_hash("papers.roleref.train"), settings.model_dump_json(), arguments.variant,
        sha256(data),
    )  # fmt: skip
    scratch = SCRATCH / f"roleref-{arguments.variant}-{key}"
    model, record = fine_tune(model, made, variant.training, seed=variant.seed, scratch=scratch)
    save(model, arguments.out)
    shutil.rmtree(scratch, ignore_errors=True)
    write_run(
        arguments.record,
        started,
        settings=settings.model_dump(mode="json"),
        seed=variant.seed,
        inputs=[data],
        questions=len(rows),
        trained_parameters=sum(p.numel() for p in model.parameters() if p.requires_grad),
        **record,
    )


if __name__ == "__main__":
    one_line_errors(main)
