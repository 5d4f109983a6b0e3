"""What trainings bring to the variance of a lead: how far their seeds lie apart.

A training is a variant of a paper with one model; all cells that come from its seeds move together,
whatever the method that reads them (two thresholds on one model, one model on two data sets).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from shared.comparison.estimates import Estimate

ENOUGH = 10  # seeds from which on a training's own variance is good enough


@dataclass(frozen=True)
class Training:
    """`cells`: which cells of the lead come from it. between, within: (cells, cells) covariance of
    one seed's values, and the part of it that the choice of units alone brings."""

    cells: np.ndarray
    seeds: int
    between: np.ndarray
    within: np.ndarray
    freedom: int  # degrees of freedom of `between`; 0: nothing is known of it

    @property
    def one_run(self) -> bool:
        return self.seeds < 2

    @property
    def covariance(self) -> np.ndarray:
        return (self.between - self.within) / self.seeds

    def variance(self, slopes: np.ndarray) -> float:
        """What training adds to the variance of a lead with these slopes (all cells,)."""
        own = slopes[self.cells]
        return max(0.0, float(own @ self.covariance @ own))

    def mean_square(self, slopes: np.ndarray) -> float:
        """The whole variance between seeds over their number, of which `freedom` is."""
        own = slopes[self.cells]
        return float(own @ self.between @ own) / self.seeds


def trainings(
    found: Sequence[Estimate],
    names: Sequence[str],
    alike: Callable[[str, list[int]], Sequence[Sequence[Estimate]]] = lambda name, cells: (),
) -> list[Training]:
    """The trainings behind some cells; `names`: of each cell's training, "" where nothing was
    trained. `alike(name, cells)` gives the same cells of the paper's other trainings.

    Several seeds without training (sampled replies) bring no variance of their own: what they
    differ by is in the effects of the units.
    """
    made = []
    for name in dict.fromkeys(filter(None, names)):
        cells = [place for place, one in enumerate(names) if one == name]
        own = [found[place] for place in cells]
        if not all(estimate.exact for estimate in own):
            made.append(_training(cells, own, alike(name, cells)))
    return made


def _training(
    cells: list[int], own: list[Estimate], others: Sequence[Sequence[Estimate]]
) -> Training:
    seeds = _seeds(own)
    squares, inner, freedom = _squares(own, seeds)
    if len(seeds) < ENOUGH:
        for other in others:
            theirs = _seeds(other)
            if len(theirs) < 2 or any(estimate.edge is not None for estimate in other):
                continue
            scale = np.array([_scale(o) / _scale(t) for o, t in zip(own, other, strict=True)])
            more, within, degrees = _squares(other, theirs)
            squares = squares + more * np.outer(scale, scale)
            inner = inner + within * np.outer(scale, scale)
            freedom += degrees
    known = max(1, freedom)
    return Training(
        np.array(cells),
        max(1, len(seeds)),
        squares / known,
        inner / known,
        freedom,
    )


def _seeds(own: Sequence[Estimate]) -> np.ndarray:
    """Places of the seeds under which all cells have a value."""
    fewest = min(len(estimate.by_seed) for estimate in own)
    return np.flatnonzero(~np.any([np.isnan(e.by_seed[:fewest]) for e in own], axis=0))


def _squares(own: Sequence[Estimate], seeds: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Summed squares between seeds and, of them, what units bring; and degrees of freedom."""
    size = len(own)
    if len(seeds) < 2:
        return np.zeros((size, size)), np.zeros((size, size)), 0
    values = np.stack([estimate.by_seed[seeds] for estimate in own])
    values = values - values.mean(axis=1, keepdims=True)
    codes = np.unique(np.concatenate([estimate.units for estimate in own]))
    effects = np.zeros((size, len(seeds), len(codes)))
    for place, estimate in enumerate(own):
        here = np.searchsorted(codes, estimate.units)
        effects[place][:, here] = estimate.effects[seeds]
    effects = effects - effects.mean(axis=1, keepdims=True)
    inner = np.einsum("isu,jsu->ij", effects, effects)
    return values @ values.T, inner, len(seeds) - 1


def _scale(estimate: Estimate) -> float:
    """By what a step in log odds moves a share; 1 for what is no share."""
    if estimate.top is None:
        return 1.0
    share = (estimate.value / estimate.top * estimate.members + 2) / (estimate.members + 4)
    return share * (1 - share)
