"""How a setting names the models that are asked in a chat. No torch here: rules read it too."""

from typing import Annotated

from pydantic import StringConstraints, model_validator

from shared.chat.calls import UNCOUNTED, Calls, endpoints
from shared.errors import UserError
from shared.models.spec import ModelSpec
from shared.settings import ScaleSettings, Strict

OWN = "own"  # the run of the setting `model`
RunName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]*$")]  # names a file


class Asked(Strict):
    """One model, and how it is asked."""

    model: ModelSpec
    thinking: bool | None = None  # None: as the model does by itself
    body: dict = {}  # further fields of an endpoint's requests
    prices: tuple[float, float] | None = None  # of a million prompt and reply tokens


class Panel(ScaleSettings):
    """Settings of a paper that asks a panel of models."""

    model: ModelSpec | None = None  # one of the user's own, in place of `models`
    models: dict[RunName, Asked] = {}  # by the name of their run

    @model_validator(mode="after")
    def _own_is_free(self) -> "Panel":
        if OWN in self.models:
            raise ValueError(f"models.{OWN}: this name is for the setting `model`")
        return self

    def runs(self) -> dict[str, Asked]:
        """The models to be asked, by the name of their run."""
        return {OWN: Asked(model=self.model)} if self.model else self.models

    def replies_a_model(self) -> int | None:
        """How many replies each model of the panel is asked for. None: not known before."""
        return None

    def calls(self) -> list[Calls]:
        replies = [
            Calls(name, f"replies of {run}", self.replies_a_model())
            for run, asked in self.runs().items()
            for name in endpoints(asked.model_dump_json())
        ]
        others = endpoints(self.model_dump_json(exclude={"model", "models"}))  # such as judges
        return replies + [Calls(name, UNCOUNTED) for name in others]

    def run(self, name: str) -> Asked:
        """The model of one run. Raises `UserError` if there is no such run."""
        if name not in (runs := self.runs()):
            raise UserError(f"unknown run '{name}'; runs of this scale: {', '.join(runs)}")
        return runs[name]
