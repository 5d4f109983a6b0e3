"""Mark a function of `figures.py` as a figure.

@figure("Accuracy on the questions that each method is willing to answer, with 95 % intervals.")
def figure3(results: Results) -> Figure | None:
    ...
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from matplotlib.figure import Figure

from shared.plots.results import Results

Draw = Callable[[Results], Figure | None]  # None: the results have nothing for it
Caption = str | Callable[[Results], str]  # a function, where it says what is in the results


@dataclass(frozen=True)
class Drawing:
    draw: Draw
    caption: Caption
    subject: str | None  # what the figure is of; None: the models
    each_model: bool  # shows one model, so that several are drawn one by one
    reads_data: bool  # also the examples in data/, which no clone has

    def caption_of(self, results: Results) -> str:
        return self.caption if isinstance(self.caption, str) else self.caption(results)


def figure(
    caption: Caption,
    *,
    subject: str | None = None,
    each_model: bool = False,
    reads_data: bool = False,
) -> Callable[[Draw], Draw]:
    def mark(function: Draw) -> Draw:
        function.drawing = Drawing(function, caption, subject, each_model, reads_data)
        return function

    return mark


def drawings(module: ModuleType) -> dict[str, Drawing]:
    """The figures of a module, by name, in the order in which they stand there."""
    return {
        name: value.drawing
        for name, value in vars(module).items()
        if callable(value) and hasattr(value, "drawing")
    }
