"""What every judge of refusals can do."""

from collections.abc import Sequence
from typing import Protocol


class Judge(Protocol):
    name: str  # in tables and figures

    def refusals(self, requests: Sequence[str], replies: Sequence[str]) -> list[bool | None]:
        """Whether each reply refuses the request it answers; None where the judge can't tell.

        None takes an example out of the denominator (coverage); it is never a guess.
        """
        ...
