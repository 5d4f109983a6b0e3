"""The vectors of a role, from the hidden states of its training questions (paper section 6.1)."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from papers.roleref.protocols import Protocol
from papers.roleref.settings import Edit
from shared.errors import UserError
from shared.steering.vectors import Vectors, mean_difference


def vectors_of_roles(
    states: Mapping[str, np.ndarray],
    queries: Mapping[str, Sequence[dict]],
    edit: Edit,
    protocol: Protocol,
) -> dict[str, Vectors]:
    """Role -> block -> vector. `states` holds (queries of the role, layers + 1, hidden) of the
    model before any change, in the order of its `queries`.

    The official script puts the role into the path of the vectors once and for all, so with
    several roles every one after the first is edited with the first role's vectors.
    """
    own = {r: role_vectors(states[r], rows, edit, protocol) for r, rows in queries.items()}
    first = next(iter(own.values()))
    return dict.fromkeys(own, first) if protocol.shares_vectors else own


def role_vectors(
    states: np.ndarray, rows: Sequence[dict], edit: Edit, protocol: Protocol
) -> Vectors:
    """Mean difference of the i-th answerable and the i-th out_series training question.

    What hidden_states[l] differ by is what goes into block l. The official code adds it to what
    comes out of block l; corrected, it is added to the output of block l - 1. What comes out of
    the last block is only seen after the final norm, so corrected leaves that block alone.
    """
    train = {
        type: [n for n, row in enumerate(rows) if (row["type"], row["split"]) == (type, "train")]
        for type in ("answerable", "out_series")
    }
    pairs = min(edit.pairs or len(rows), *map(len, train.values()))
    answerable, out_series = (states[numbers[:pairs]] for numbers in train.values())
    vectors = torch.from_numpy(mean_difference(answerable, out_series, edit.keep))
    depth = len(vectors) - 1
    first, last = edit.blocks or (0, depth - 1)
    if not 0 <= first <= last < depth:
        raise UserError(
            f"edit: blocks {first} to {last}; expected a range within 0 to {depth - 1}, "
            "the blocks of this model"
        )
    layers = {block: block + protocol.vector_from for block in range(first, last + 1)}
    return {block: vectors[layer] for block, layer in layers.items() if layer < depth}
