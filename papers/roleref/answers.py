"""What `papers.roleref.ask` writes of one variant and seed: a folder with two files.

replies.json            what the variant said, `Answers`
states.safetensors      role -> (questions of the role, layers, hidden); no role of a variant that
                        is not probed
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from shared.files import atomic, read_json, write_json
from shared.steering.states import read_states, save_states

States = Mapping[str, np.ndarray]  # role -> (questions of the role, layers, hidden)
REPLIES, STATES = "replies.json", "states.safetensors"


class Answers(NamedTuple):
    variant: str
    seed: int
    replies: dict[str, str]  # by the id of the question
    ordinary: dict[str, tuple[float, int]]  # by piece of plain prose: nll in nats, tokens
    layers: list[int]  # whose states are kept: all of the model before any change, two of others
    trained: int  # parameters that were trained
    stored: int  # numbers of all vectors


def write_answers(
    folder: Path, answers: Answers, states: Mapping[str, torch.Tensor], model: str
) -> None:
    with atomic(folder) as temporary:
        temporary.mkdir()
        save_states(states, temporary / STATES, model)
        write_json(temporary / REPLIES, answers._asdict())


def read_answers(folder: Path) -> Answers:
    return Answers(**read_json(folder / REPLIES, dict))


def read_asked_states(folder: Path, model: str) -> States:
    """Raises `UserError` for the states of another model."""
    return {role: h.numpy() for role, h in read_states(folder / STATES, model).items()}
