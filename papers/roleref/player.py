"""A model that plays the roles, perhaps edited: its hidden states, replies and plain prose."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import torch
from safetensors import safe_open

from papers.roleref import editing, prompts
from papers.roleref.answers import States
from papers.roleref.protocols import Protocol
from papers.roleref.settings import Edit, Settings
from shared.chat.loading import open_chat, opening
from shared.chat.local import LocalChat
from shared.chat.settings import Asked
from shared.data.splits import first_of_each
from shared.files import read_yaml
from shared.generation.decode import decode
from shared.generation.prompts import tokens_run
from shared.generation.rows import Rows
from shared.models.spec import made_in
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

    def ask(
        self, role: str, rows: Sequence[dict], answered: Collection[str] = ()
    ) -> tuple[torch.Tensor, dict[str, str]]:
        """States (rows, layers + 1, hidden) of the last token of each prompt, and greedy replies by
        id to those of the rows whose ids are in `answered`. Each prompt is run once."""
        chat, model = self.chat, self.chat.model
        asked = [
            chat.prompt_ids(prompts.conversation(self.roles[role], row["question"], self.signal))
            for row in rows
        ]
        self.tokens += tokens_run(asked)
        wanted = {number for number, row in enumerate(rows) if row["id"] in answered}
        written: dict[int, str] = {}

        def reply(batch: list[int], made: Rows) -> None:
            places = [place for place, number in enumerate(batch) if number in wanted]
            if places:
                made.select(torch.tensor(places, device=model.device))
                ids = decode(made, self.reply_tokens, {chat.tokenizer.eos_token_id}).ids
                self.tokens += sum(map(len, ids))
                said = chat.tokenizer.batch_decode(ids, skip_special_tokens=True)
                written.update(zip([batch[p] for p in places], said, strict=True))

        sizes = {"batch_size": chat.batch_size, "batch_tokens": chat.batch_tokens}
        with self.playing(role):
            states = last_token_states(
                model, asked, **sizes, new_tokens=self.reply_tokens, then=reply
            )
        return states, {rows[number]["id"]: written[number].strip() for number in sorted(written)}

    def speak(self, queries: Mapping[str, Sequence[dict]]) -> dict[str, dict]:
        """`replies` to these questions, by their ids; and `ordinary`, see there."""
        replies = {}
        for role, rows in queries.items():
            replies |= self.ask(role, rows, {row["id"] for row in rows})[1]
        return {"replies": replies, "ordinary": self.ordinary(queries)}

    def ordinary(self, roles: Iterable[str]) -> dict[str, tuple[float, int]]:
        """Negative log-likelihood and tokens of each piece of plain prose, which depends on the
        role only under its vectors: without any, as the first role."""
        found = {}
        for role in roles if self.vectors else islice(roles, 1):
            found |= self._prose(role)
        return found

    def _prose(self, role: str) -> dict[str, tuple[float, int]]:
        texts = read_yaml(PROSE)
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


def load_player(
    settings: Settings,
    roles: Mapping[str, dict],
    trained: Path | None = None,
    taught: Path | None = None,
) -> Player:
    """trained: the folder of a fine-tuned variant."""
    return Player(load_chat(settings, trained, taught), roles, settings.reply_tokens)


def load_chat(
    settings: Settings, trained: Path | None = None, taught: Path | None = None
) -> LocalChat:
    model = Asked(model=made_in(taught, settings.model))
    return open_chat(model, trained=trained, **opening(settings))


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
