"""Fine-tune one variant of RoleRef on the answerable, out_series and fake questions of all roles.

    python -m papers.roleref.train --scale cpu --model SmolLM2-135M --variant lora --seed 0 \\
        --data results/cpu/roleref/data \\
        --out results/cpu/roleref/models/SmolLM2-135M/lora-s0 \\
        --record results/cpu/roleref/runs/SmolLM2-135M/train-lora-s0.json

`official` learns every token of a text, and for out_series the model's own prompted replies;
`corrected` learns the replies alone, and for out_series refusals written for the role.
"""

from collections.abc import Sequence
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from papers.roleref import prompts
from papers.roleref.player import local_chat
from papers.roleref.protocols import PROTOCOLS
from papers.roleref.queries import read_queries, read_roles
from shared.chat.asking import ask
from shared.chat.local import LocalChat
from shared.data.splits import first_of_each
from shared.errors import UserError
from shared.models.loading import load, save
from shared.training.examples import Segment, from_segments
from shared.training.supervised import fine_tune
from shared.workflow.step import Run, step

READS = (
    "name", "model", "trained_questions", "turns", "reply_tokens", "batch_size", "batch_tokens",
    "variant.protocol", "variant.training",
)  # fmt: skip


def train(run: Run, data: Path, variant: str, seed: int) -> dict:
    """Fine-tune one variant on questions of all roles."""
    settings, training = run.settings, run.variant.training
    if not training:
        raise UserError(f"{variant} is not trained; expected a variant with `training`")
    protocol = PROTOCOLS[run.variant.protocol]
    roles = read_roles(data)
    rows = mixture(read_queries(data), settings.trained_questions)
    model, tokenizer = load(settings.model)
    if protocol.learns_own_replies:
        chat = local_chat(model, tokenizer, settings)
        rows = with_own_replies(chat, rows, roles, settings.reply_tokens)
    examples = [
        from_segments(
            tokenizer,
            segments(tokenizer, roles[group[0]["role"]], group, protocol.learns_whole_text),
            max_length=training.max_length,
        )
        for group in conversations(rows, settings.turns)
    ]
    run.loaded()
    model, record = fine_tune(model, examples, training, seed=seed, scratch=run.scratch)
    save(model, run.out)
    count = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return {"questions": len(rows), "trained_parameters": count, **record}


def mixture(rows: Sequence[dict], most: int | None) -> list[dict]:
    """The first `most` training questions of each role and type."""
    learnt = [row for row in rows if row["split"] == "train"]
    return first_of_each(learnt, most, lambda row: (row["role"], row["type"]))


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


if __name__ == "__main__":
    step(train)
