"""Fine-tune one variant of RoleRef on the answerable, out_series and fake questions of all roles.

    python -m papers.roleref.train --scale cpu --model SmolLM2-135M --variant lora --seed 0 \\
        --data results/cpu/roleref/data \\
        --out results/cpu/roleref/models/SmolLM2-135M/lora-s0 \\
        --record results/cpu/roleref/runs/SmolLM2-135M/train-lora-s0.json

`official` learns every token of a text, and for out_series the model's own prompted replies;
`corrected` learns the replies alone, and for out_series refusals written for the role.
"""

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from papers.roleref import prompts
from papers.roleref.player import load_chat
from papers.roleref.protocols import PROTOCOLS
from papers.roleref.queries import read_queries, read_roles
from papers.roleref.settings import TRAINED
from shared.chat.asking import ask
from shared.chat.local import LocalChat
from shared.devices import told_by_first
from shared.errors import UserError
from shared.models.loading import save
from shared.training.examples import Segment, from_segments
from shared.training.supervised import fine_tune, load_to_train
from shared.workflow.step import Run, step

READS = (
    "model", "trained_questions", "turns", "reply_tokens", "batch_size", "batch_tokens",
    "precision", "variant.protocol", "variant.training",
)  # fmt: skip


def train(run: Run, data: Path, variant: str, seed: int) -> dict:
    """Fine-tune one variant on questions of all roles."""
    settings, training = run.settings, run.variant.training
    if not training:
        raise UserError(f"{variant} is not trained; expected a variant with `training`")
    protocol = PROTOCOLS[run.variant.protocol]
    roles = read_roles(data)
    groups = conversations(read_queries(data), settings.trained_questions, settings.turns)
    groups = told_by_first(
        lambda: with_own_replies(
            load_chat(settings), groups, roles, settings.reply_tokens, protocol.learns_own_replies
        )
    )
    model, tokenizer = load_to_train(settings.model, training)
    examples = [
        from_segments(
            tokenizer,
            segments(tokenizer, roles[group[0]["role"]], group, protocol.learns_whole_text),
            max_length=training.max_length,
        )
        for group in groups
    ]
    run.loaded()
    model, record = fine_tune(model, examples, training, seed=seed, scratch=run.scratch)
    save(model, run.out, precision=training.precision)
    count = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return {"questions": sum(map(len, groups)), "trained_parameters": count, **record}


def conversations(
    queries: Mapping[str, Sequence[dict]], most: int | None, turns: int
) -> list[list[dict]]:
    """Training questions in groups of `turns`: of each role the first `most` of each type, the
    types in turn."""
    groups = []
    for rows in queries.values():
        train = [row for row in rows if row["split"] == "train"]
        kinds = [[row for row in train if row["type"] == type][:most] for type in sorted(TRAINED)]
        mixed = [row for turn in zip_longest(*kinds) for row in turn if row]
        groups += [mixed[place : place + turns] for place in range(0, len(mixed), turns)]
    return groups


def segments(
    tokenizer: PreTrainedTokenizerBase, role: dict, rows: Sequence[dict], whole: bool
) -> list[Segment]:
    """One conversation as the chat template writes it; replies are learnt, or the whole text."""
    messages, written, made = [], 0, []
    for row in rows:
        asked = prompts.conversation(role, row["question"])
        if messages:  # the profile is told once
            asked[0]["content"] = row["question"]
        messages += asked
        before = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        messages.append({"role": "assistant", "content": row["target"]})
        after = tokenizer.apply_chat_template(messages, tokenize=False)
        if not after.startswith(before):
            raise UserError("the chat template writes a reply otherwise than after its beginning")
        end = after.rfind(tokenizer.eos_token) + len(tokenizer.eos_token)
        made += [Segment(before[written:], whole), Segment(after[len(before) : end], True)]
        written = end
    return made


def with_own_replies(
    chat: LocalChat,
    groups: Sequence[Sequence[dict]],
    roles: Mapping[str, dict],
    tokens: int,
    every: bool,
) -> list[list[dict]]:
    """`groups` with the model's own prompted reply as the target of out_series questions: of all,
    or of those for which no refusal was written."""
    asked = [
        row
        for group in groups
        for row in group
        if row["type"] == "out_series" and (every or not row["target"])
    ]
    put = [prompts.conversation(roles[row["role"]], row["question"]) for row in asked]
    replies = ask(chat, put, tokens) if put else []
    said = {row["id"]: reply.text for row, reply in zip(asked, replies, strict=True)}
    return [[row | {"target": said.get(row["id"], row["target"])} for row in g] for g in groups]


if __name__ == "__main__":
    step(train)
