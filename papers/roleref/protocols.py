"""What the official code does, and what it would do without its defects, as data."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Protocol:
    learns_whole_text: bool  # every token of a training text is learnt, not the replies alone
    learns_own_replies: bool  # what the model itself replies to out_series, not a written refusal
    shares_vectors: bool  # every role is edited with the vectors of the first one
    # Block b is edited with what hidden_states[b + this] differ by; 0 is what goes into the block.
    vector_from: int
    network_probe: bool  # two layers, of several seeds, the epoch picked on test questions
    unprobed: int  # so many of the last hidden states are not probed
    absent_is_wrong: bool  # a role without questions of a type counts as all wrong


PROTOCOLS = {
    "corrected": Protocol(
        learns_whole_text=False,
        learns_own_replies=False,
        shares_vectors=False,
        vector_from=1,
        network_probe=False,
        unprobed=0,
        absent_is_wrong=False,
    ),
    "official": Protocol(
        learns_whole_text=True,
        learns_own_replies=True,
        shares_vectors=True,
        vector_from=0,
        network_probe=True,
        unprobed=1,
        absent_is_wrong=True,
    ),
}
