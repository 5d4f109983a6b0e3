"""What `papers.roleref.ask` writes of one variant and seed: a folder with two files.

replies.json            variant, seed, the replies, plain prose, and what the change cost
states.safetensors      role -> (questions of the role, layers, hidden), and the numbers of
                        the layers: all of them for the model before any change, the last two
                        for others; no role of a variant that is not probed
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from shared.files import atomic, read_json, write_json
from shared.steering.states import read_states, save_states

REPLIES, STATES = "replies.json", "states.safetensors"
LAYERS = "layers"  # name of the tensor that says which layers are kept


class Answers(NamedTuple):
    variant: str
    seed: int
    replies: dict[str, str]  # by the id of the question
    ordinary: dict[str, tuple[float, int]]  # by piece of plain prose: nll in nats, tokens
    trained: int  # parameters that were trained
    stored: int  # numbers of all vectors


class States(NamedTuple):
    layers: list[int]
    of_role: dict[str, np.ndarray]  # (questions of the role, layers, hidden)


def write_answers(
    folder: Path,
    answers: Answers,
    states: Mapping[str, torch.Tensor],
    layers: list[int],
    model: str,
) -> None:
    with atomic(folder) as temporary:
        temporary.mkdir()
        save_states({**states, LAYERS: torch.tensor(layers)}, temporary / STATES, model)
        write_json(temporary / REPLIES, answers._asdict())


def read_answers(folder: Path) -> Answers:
    return Answers(**read_json(folder / REPLIES))


def read_asked_states(folder: Path, model: str, roles: Iterable[str]) -> States:
    """Of those roles, in this order. Raises `UserError` for the states of another model."""
    tensors = read_states(folder / STATES, model)
    layers = tensors.pop(LAYERS).tolist()
    return States(layers, {role: tensors[role].numpy() for role in roles})
