"""A model that plays the roles, perhaps edited: its hidden states, replies and plain prose."""

import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
import yaml
from safetensors import safe_open

from papers.roleref import editing, prompts
from papers.roleref.answers import States
from papers.roleref.protocols import Protocol
from papers.roleref.settings import Edit, Settings
from shared.chat.asking import ask
from shared.chat.loading import open_chat, opening
from shared.chat.local import LocalChat
from shared.chat.settings import Asked
from shared.data.splits import first_of_each
from shared.generation.prompts import tokens_run
from shared.steering.states import last_token_states
from shared.steering.steered import steered
from shared.steering.vectors import Vectors

FILES = ("ordinary.yaml",)

PROSE = Path(__file__).with_name("ordinary.yaml")


@dataclass
class Player:
    """A model that plays the roles, each under its own vectors where it is edited.

    tokens: how many it has read, what prompts share once, and written so far.
    """

    chat: LocalChat
    roles: Mapping[str, dict]
    reply_tokens: int
    vectors: Mapping[str, Vectors] = field(default_factory=dict)
    strength: float = 0.0
    signal: bool = False
    tokens: int = 0

    def playing(self, role: str) -> AbstractContextManager[None]:
        return steered(self.chat.model, self.vectors.get(role, {}), self.strength)

    def states(self, role: str, rows: Sequence[dict]) -> torch.Tensor:
        """(rows, layers + 1, hidden) of the last token of each prompt."""
        asked = [self.chat.prompt_ids(each) for each in self._conversations(role, rows)]
        self.tokens += tokens_run(asked)
        batches = {"batch_size": self.chat.batch_size, "batch_tokens": self.chat.batch_tokens}
        with self.playing(role):
            return last_token_states(self.chat.model, asked, **batches)

    def speak(self, queries: Mapping[str, Sequence[dict]], most: int | None) -> dict[str, dict]:
        """`replies` to at most `most` test questions of each role and type, by their ids; and of
        plain prose `ordinary`, which depends on the role only under its vectors."""
        replies, ordinary = {}, {}
        for role, rows in queries.items():
            replies |= self.replies(role, answered(rows, most))
            if self.vectors or not ordinary:
                ordinary |= self.ordinary(role)
        return {"replies": replies, "ordinary": ordinary}

    def replies(self, role: str, rows: Sequence[dict]) -> dict[str, str]:
        asked = self._conversations(role, rows)
        with self.playing(role):
            found = ask(self.chat, asked, self.reply_tokens)
        self.tokens += tokens_run(list(map(self.chat.prompt_ids, asked)))
        self.tokens += sum(reply.reply_tokens for reply in found)
        return {row["id"]: reply.text for row, reply in zip(rows, found, strict=True)}

    def ordinary(self, role: str) -> dict[str, tuple[float, int]]:
        """Negative log-likelihood and tokens of each piece of plain prose."""
        texts = yaml.safe_load(PROSE.read_text(encoding="utf-8"))
        ids = [self.chat.tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
        self.tokens += sum(map(len, ids))
        with self.playing(role):
            scored = self.chat.nll(ids)
        return {f"{role}/{number:02d}": pair for number, pair in enumerate(scored)}

    def edited(
        self, states: States, queries: Mapping[str, Sequence[dict]], edit: Edit, protocol: Protocol
    ) -> "Player":
        """This one under an edit. states: of it unedited, all layers, by role."""
        vectors = editing.vectors_of_roles(states, queries, edit, protocol)
        return replace(self, vectors=vectors, strength=edit.strength, tokens=0)

    def stored(self) -> int:
        """Numbers other than 0 in all vectors; those that roles share count once."""
        distinct = {id(v): v for of_role in self.vectors.values() for v in of_role.values()}
        return sum(int((v != 0).sum()) for v in distinct.values())

    def _conversations(self, role: str, rows: Sequence[dict]) -> list[list[dict]]:
        own = self.roles[role]
        return [prompts.conversation(own, row["question"], self.signal) for row in rows]


def load_player(
    settings: Settings, roles: Mapping[str, dict], trained: Path | None = None
) -> Player:
    """trained: the folder of a fine-tuned variant."""
    return Player(load_chat(settings, trained), roles, settings.reply_tokens)


def load_chat(settings: Settings, trained: Path | None = None) -> LocalChat:
    return open_chat(Asked(model=settings.model), trained=trained, **opening(settings))


def trained_parameters(folder: Path | None) -> int:
    """Numbers in the weights that a training wrote: of the adapter, or of the whole model."""
    count = 0
    for path in folder.glob("*.safetensors") if folder else ():
        with safe_open(path, framework="pt") as file:
            count += sum(math.prod(file.get_slice(key).get_shape()) for key in file.keys())  # noqa: SIM118
    return count


def answered(rows: Sequence[dict], most: int | None) -> list[dict]:
    """The test questions that are answered in words: the first `most` of each type."""
    test = [row for row in rows if row["split"] == "test"]
    return first_of_each(test, most, lambda row: row["type"])
