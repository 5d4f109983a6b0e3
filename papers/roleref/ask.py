"""Run one variant of RoleRef: hidden states of all questions, replies to test questions.

    python -m papers.roleref.ask --scale cpu --variant prompting \\
        --data results/cpu/roleref/data --out results/cpu/roleref/replies/prompting.json \\
        --states results/cpu/roleref/states/prompting.safetensors \\
        --record results/cpu/roleref/runs/ask-prompting.json

`--trained` is the folder of a fine-tuned variant; an edited one needs `--base`, the hidden states
of the model before any change. Writes

    states    role -> (queries of the role, layers, hidden), and `layers`, their numbers: all of
              them for prompting, the last two for what the others are probed at; no role of a
              variant that is not probed
    replies   {"replies": id -> text, "ordinary": id -> [nll, tokens] of plain prose,
               "trained": parameters that were trained, "stored": numbers of all vectors}
"""

import math
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
import yaml
from safetensors import safe_open

from papers.roleref import editing, prompts, reply_rules
from papers.roleref.data_files import of_role, read_queries, read_roles
from papers.roleref.settings import PROMPTING, TYPES, Edit, Protocol, Settings
from shared.chat.asking import ask
from shared.chat.local import LocalChat
from shared.errors import one_line_errors
from shared.files import write_json
from shared.generation.score import text_nll
from shared.models.loading import load
from shared.models.spec import display_name
from shared.steering.states import last_token_states, read_states, save_states
from shared.steering.steered import steered
from shared.steering.vectors import Vectors
from shared.workflow.programs import named, step_parser, step_settings
from shared.workflow.records import write_run

PROSE = Path(__file__).with_name("ordinary.yaml")
LAYERS = "layers"  # name of the tensor that says which layers are kept


@dataclass
class Player:
    """A model that plays the roles, each under its own vectors where it is edited."""

    chat: LocalChat
    roles: Mapping[str, dict]
    settings: Settings
    vectors: Mapping[str, Vectors] | None = None
    strength: float = 0.0

    @contextmanager
    def playing(self, role: str) -> Iterator[None]:
        if self.vectors is None:
            yield
        else:
            with steered(self.chat.model, self.vectors[role], self.strength):
                yield

    def states(self, role: str, rows: Sequence[dict]) -> torch.Tensor:
        """(rows, layers + 1, hidden) of the last token of each prompt."""
        asked = [self.chat.prompt_ids(self._conversation(role, row)) for row in rows]
        batches = {key: getattr(self.settings, key) for key in ("batch_size", "batch_tokens")}
        with self.playing(role):
            return last_token_states(self.chat.model, asked, **batches)

    def replies(self, role: str, rows: Sequence[dict]) -> dict[str, str]:
        asked = [self._conversation(role, row) for row in rows]
        with self.playing(role):
            found = ask(self.chat, asked, self.settings.reply_tokens)
        return {row["id"]: reply.text for row, reply in zip(rows, found, strict=True)}

    def ordinary(self, role: str) -> dict[str, tuple[float, int]]:
        """Negative log-likelihood and tokens of each piece of plain prose."""
        texts = yaml.safe_load(PROSE.read_text(encoding="utf-8"))
        ids = [self.chat.tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
        with self.playing(role):
            scored = text_nll(self.chat.model, ids, self.settings.batch_size)
        return {f"{role}/{number:02d}": pair for number, pair in enumerate(scored)}

    def stored(self) -> int:
        """Numbers other than 0 in all vectors; those that roles share count once."""
        of_roles = (self.vectors or {}).values()
        distinct = {id(v): v for vectors in of_roles for v in vectors.values()}
        return sum(int((v != 0).sum()) for v in distinct.values())

    def _conversation(self, role: str, row: dict) -> list[dict]:
        return prompts.conversation(self.roles[role], row["question"])


def player(settings: Settings, roles: Mapping[str, dict], trained: Path | None = None) -> Player:
    model, tokenizer = load(settings.model, trained=trained)
    chat = LocalChat(
        model,
        tokenizer,
        name=display_name(settings.model),
        identity="",
        batch_size=settings.batch_size,
        batch_tokens=settings.batch_tokens,
    )
    return Player(chat, roles, settings)


def edited(
    plain: Player, base: Path, rows: Sequence[dict], edit: Edit, protocol: Protocol
) -> Player:
    """`plain` under an edit. Raises `UserError` if the states of `base` are another model's."""
    states = read_states(base, plain.chat.name)
    vectors = editing.vectors_of_roles(states, rows, edit, protocol)
    return Player(plain.chat, plain.roles, plain.settings, vectors, edit.strength)


def warn_if_collapsed(name: str, replies: Collection[str]) -> bool:
    """Says so in the log; the cells have the share of readable replies."""
    collapsed = reply_rules.collapsed(list(replies))
    if collapsed:
        print(f"{name}: most replies can't be read; is the change too strong?", file=sys.stderr)
    return collapsed


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
    return [row for type in TYPES for row in [r for r in test if r["type"] == type][:most]]


def main() -> None:
    parser = step_parser(__doc__)
    parser.add_argument("--variant", required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--states", type=Path, required=True, help="where the states go")
    parser.add_argument("--trained", type=Path, help="folder of a fine-tuned variant")
    parser.add_argument("--base", type=Path, help="states of the model before any change")
    arguments = parser.parse_args()
    started = time.perf_counter()
    settings: Settings = step_settings("roleref", arguments)
    variant = named(arguments, "variant", settings.variants)
    roles, rows = read_roles(arguments.data), read_queries(arguments.data)

    playing = player(settings, roles, arguments.trained)
    if variant.edit:
        playing = edited(playing, arguments.base, rows, variant.edit, variant.protocol)
    depth = playing.chat.model.config.num_hidden_layers
    layers = range(depth + 1) if arguments.variant == PROMPTING else (depth - 1, depth)
    loaded = time.perf_counter()
    states = {
        role: playing.states(role, of_role(rows, role))[:, list(layers)]
        for role in (roles if variant.probed else ())
    }
    states_seconds = time.perf_counter() - loaded
    save_states(states | {LAYERS: torch.tensor(list(layers))}, arguments.states, playing.chat.name)
    said: dict[str, str] = {}
    for role in roles:
        said |= playing.replies(role, answered(of_role(rows, role), settings.replies))
    # unedited, plain prose does not depend on the role
    prose = {}
    for role in roles if variant.edit else list(roles)[:1]:
        prose |= playing.ordinary(role)
    cost = {"trained": trained_parameters(arguments.trained), "stored": playing.stored()}
    write_json(arguments.out, {"replies": said, "ordinary": prose, **cost})
    write_run(
        arguments.record,
        started,
        settings=settings.model_dump(mode="json"),
        inputs=[arguments.data / "queries.jsonl"],
        collapsed=warn_if_collapsed(arguments.variant, said.values()),
        questions=len(rows),
        states_seconds=round(states_seconds, 1),
        replies=len(said),
        replies_per_second=round(len(said) / (time.perf_counter() - loaded - states_seconds), 2),
    )


if __name__ == "__main__":
    one_line_errors(main)
