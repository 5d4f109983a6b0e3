"""Fine-tune one variant of RoleRef on the answerable, out_series and fake questions of all roles.

`official` learns every token of a text, and for out_series the model's own prompted replies;
`corrected` learns the replies alone, and for out_series refusals written for the role.
"""

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from papers.roleref import prompts
from papers.roleref.player import load_chat
from papers.roleref.protocols import PROTOCOLS
from papers.roleref.queries import read_queries, read_roles
from papers.roleref.settings import TRAINED
from shared.chat.asking import ask
from shared.chat.local import LocalChat
from shared.errors import UserError
from shared.models.devices import told_by_first
from shared.models.loading import save
from shared.models.spec import made_in
from shared.runner.step import Run, step
from shared.training.examples import Segment, from_segments
from shared.training.supervised import fine_tune, load_to_train

READS = (
    "model", "trained_questions", "turns", "reply_tokens", "batch_size", "batch_tokens",
    "precision", "variant.protocol", "variant.training",
)  # fmt: skip


def train(run: Run, data: Path, variant: str, seed: int, taught: Path | None = None) -> dict:
    """Fine-tune one variant on questions of all roles. taught: the model, where `teach` or
    `pretrain` made it."""
    settings, training = run.settings, run.variant.training
    if not training:
        raise UserError(f"{variant} is not trained; expected a variant with `training`")
    protocol = PROTOCOLS[run.variant.protocol]
    roles = read_roles(data)
    groups = conversations(read_queries(data), settings.trained_questions, settings.turns)
    groups = told_by_first(
        lambda: with_own_replies(
            load_chat(settings, taught=taught),
            groups,
            roles,
            settings.reply_tokens,
            protocol.learns_own_replies,
        )
    )
    model, tokenizer = load_to_train(made_in(taught, settings.model), training)
    made = examples(tokenizer, roles, groups, training.max_length, protocol.learns_whole_text)
    run.loaded()
    model, record = fine_tune(model, made, training, seed=seed, scratch=run.scratch)
    save(model, run.out, precision=training.precision)
    count = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return {"questions": sum(map(len, groups)), "trained_parameters": count, **record}


def conversations(
    queries: Mapping[str, Sequence[dict]], most: int | None, turns: int
) -> list[list[dict]]:
    """Training questions in groups of `turns`: of each role the first `most` of each type, mixed.

    The order is random: where types took turns, the first question of every conversation was
    answerable, and as each test question is a first one, a model learnt to refuse none of them.
    """
    groups = []
    for rows in queries.values():
        train = [row for row in rows if row["split"] == "train"]
        kinds = [[row for row in train if row["type"] == type][:most] for type in TRAINED]
        groups += mixed([row for kind in kinds for row in kind], turns)
    return groups


def mixed(rows: Sequence[dict], turns: int) -> list[list[dict]]:
    """The rows of a role in random order, `turns` in a group."""
    order = random.Random(rows[0]["role"]).sample(list(rows), len(rows)) if rows else []
    return [order[place : place + turns] for place in range(0, len(order), turns)]


def examples(
    tokenizer: PreTrainedTokenizerBase,
    roles: Mapping[str, dict],
    groups: Sequence[Sequence[dict]],
    max_length: int,
    whole: bool = False,
) -> list[dict]:
    """A training example of each conversation; replies are learnt, or the whole text."""
    told = [segments(tokenizer, roles[group[0]["role"]], group, whole) for group in groups]
    return [from_segments(tokenizer, each, max_length=max_length) for each in told]


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
