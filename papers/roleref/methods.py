"""The methods of RoleRef as data: what each changes of a model or its prompt."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Method:
    name: str  # in tables and figures, as the paper writes it
    trains: Literal["adapter", "all weights"] | None = None
    edits: bool = False  # adds vectors to hidden states while the model runs
    signal: bool = False  # every question is announced as one to refuse

    @property
    def changes(self) -> bool:
        return self.edits or self.signal or self.trains is not None


METHODS = {
    "prompting": Method("Prompting"),
    "signal": Method("Prompting with a signal", signal=True),
    "lora": Method("LoRA", trains="adapter"),
    "full": Method("FT", trains="all weights"),
    "editing": Method("Representation Editing", edits=True),
}
PROMPTING = "prompting"  # also the variant whose hidden states the others start from
