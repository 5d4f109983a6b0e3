"""From how sure each part of a claim is to one verdict.

*Each* means each: a claim over several parts holds if its weakest part does (the intersection-union
test: Berger 1982), and fails if one part is surely the other way, after Holm's (1979) correction
over the parts.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from shared.comparison.inference import LEVEL, Inference

POWER = 0.84  # standard errors more, for an effect to be seen in 80 % of repetitions
MOST = 1_000_000  # units beyond which saying a number is no advice


@dataclass(frozen=True)
class Outcome:
    """`weakest`: place of the part that decides, -1 without one. p: two-sided, NaN where nothing
    is tested; `fails`: it is that of the opposite."""

    weakest: int
    p: float = math.nan
    fails: bool = False
    one_run: bool = False
    reason: str = ""
    exact: bool = False  # counts: nothing to test
    whole: bool = True  # nothing that the claim compares is missing


def outcome(found: Sequence[Inference], whole: bool = True) -> Outcome:
    """What all parts say together. Parts without a test (`no_test`) are left out.

    A claim of which something could not be compared (not `whole`) can only be refuted: it is tested
    for that, whatever the sign of its leads.
    """
    tested = [place for place, each in enumerate(found) if not each.no_test]
    if not tested:
        reasons = "; ".join(dict.fromkeys(each.no_test for each in found))
        return Outcome(0 if found and whole else -1, reason=reasons, whole=whole)
    weakest = max(tested, key=lambda place: (found[place].p_above, -_distance(found[place])))
    if all(found[place].exact for place in tested):
        return Outcome(weakest, fails=found[weakest].p_above > 0, exact=True, whole=whole)
    above = min(1.0, 2 * found[weakest].p_above)
    one_run = any(found[place].one_run for place in tested)
    opposed = [place for place in tested if not found[place].one_run]
    if opposed:
        worst = min(opposed, key=lambda place: found[place].p_below)
        below = min(1.0, 2 * len(tested) * found[worst].p_below)  # the first step of Holm
        if below < above or not whole:
            return Outcome(worst, below, fails=True, one_run=one_run, whole=whole)
    return Outcome(weakest, math.nan if one_run else above, one_run=one_run, whole=whole)


def word(found: Outcome, adjusted: float) -> str:
    """The verdict, given p after the correction for all claims."""
    if found.weakest < 0:
        return "blocked"
    if found.reason:
        return "not testable"
    if found.fails and (found.exact or adjusted < LEVEL):
        return "fails"
    if not found.whole:
        return "blocked"
    if found.exact:
        return "holds"
    if found.one_run:
        return "one run"
    return "holds" if not found.fails and adjusted < LEVEL else "inconclusive"


def threshold(p_values: Sequence[float], place: int) -> float:
    """The highest p at which the test at `place` would be rejected, the others as they are."""
    p = np.asarray(p_values, dtype=float)
    others = np.delete(p, place)
    others = others[~np.isnan(others)]
    total = len(others) + 1
    steps = LEVEL * np.arange(1, total + 1) / total
    return max(step for rank, step in enumerate(steps) if (others <= step).sum() >= rank)


def settling(found: Inference, allowed: float) -> str:
    """How many units and seeds would settle an effect of this size at a two-sided p of `allowed`.

    Seeds are raised where their noise alone would be more than half of what may be left.
    """
    if found.lead == 0 or np.isnan(found.lead) or found.exact:
        return "no number of units can be named"
    quantile = -float(ndtri(allowed / 2))
    wanted = (found.lead / (quantile + POWER)) ** 2
    seeds = found.seeds
    if found.of_seeds > wanted / 2:
        seeds = max(seeds, math.ceil(found.seeds * found.of_seeds / (wanted / 2)))
    left = wanted - found.of_seeds * found.seeds / max(1, seeds)
    units = found.units * max(1.0, found.of_units / left)
    if units > MOST or seeds > 1000:
        return f"more than {MOST:,} units or 1,000 seeds would be needed"
    numbers = [f"{_two_digits(units):,} units"] if units > found.units else []
    numbers += [f"{seeds} seeds"] if seeds > found.seeds else []
    here = f"{found.units:,} units" + (f", {found.seeds} seeds" if found.seeds else "")
    wanted = f"about {' and '.join(numbers)}" if numbers else "a little more"
    return f"{wanted} would settle an effect of this size (here {here})"


def _distance(each: Inference) -> float:
    spread = math.sqrt(each.of_units + each.of_seeds)
    return each.lead / spread if spread else math.copysign(math.inf, each.lead)


def _two_digits(number: float) -> int:
    step = 10 ** max(0, math.floor(math.log10(max(number, 1))) - 1)
    return math.ceil(round(number, 6) / step) * step
