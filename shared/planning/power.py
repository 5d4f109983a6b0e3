"""What a set-up could show: the least difference of two shares that most repetitions would see.

    python -m shared.planning.power --units 160 --seeds 3 --share 0.6

It is asked before a scale's settings are written, so that they are chosen by what they could show.
Two methods are compared on the same units, each under its own seeds:

    d = (t + z) sqrt(2 p (1 - p) (1 - r) / n + 2 s^2 / S)

with n units, S seeds, share p of both, correlation r of the two methods over units, s between the
seeds, t the quantile of the test and z that of the wanted power.
"""

import argparse
import math

from scipy.stats import norm, t

from shared.errors import UserError, one_line_errors

LEVEL = 0.05  # two-sided
POWER = 0.8


def least_difference(
    units: int,
    seeds: int,
    share: float,
    correlation: float = 0.0,
    spread: float = 0.03,
    trained: int = 2,
) -> float:
    """The least difference of two shares, 0 to 1, seen in 80 % of repetitions at a two-sided 5 %.

    units: how many are resampled; all examples of one unit count as one
    seeds: of each trained side; 0 where nothing is trained
    share: of both sides, about, 0 to 1
    correlation: of the two sides over units; 0 is on the safe side
    spread: standard deviation of a training's share between seeds
    trained: variants whose seeds are pooled for that spread, which gives its degrees of freedom

    Raises `UserError` for numbers that no set-up has.
    """
    if units < 2 or not 0 < share < 1 or not -1 <= correlation < 1 or spread < 0:
        raise UserError(
            f"power: found units {units}, share {share:g}, correlation {correlation:g}, spread"
            f" {spread:g}; expected at least 2 units, a share between 0 and 1, a correlation from"
            " -1 to below 1 and no negative spread"
        )
    if seeds == 1 or seeds < 0 or trained < 1:
        raise UserError(f"power: found {seeds} seeds of {trained} variants; expected 0 or several")
    of_units = 2 * share * (1 - share) * (1 - correlation) / units
    of_seeds = 2 * spread**2 / seeds if seeds else 0.0
    free = trained * (seeds - 1) if of_seeds else math.inf
    if of_seeds:  # Welch-Satterthwaite: the error of units is known well, that of seeds is not
        free *= ((of_units + of_seeds) / of_seeds) ** 2
    quantile = float(t.ppf(1 - LEVEL / 2, free)) + float(norm.ppf(POWER))
    return quantile * math.sqrt(of_units + of_seeds)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--units", type=int, required=True, help="what is resampled: how many")
    parser.add_argument("--seeds", type=int, default=0, help="of each trained side; none: 0")
    parser.add_argument("--share", type=float, default=0.5, help="of both sides, about")
    parser.add_argument("--correlation", type=float, default=0.0, help="of the sides, over units")
    parser.add_argument("--spread", type=float, default=0.03, help="between seeds, of a share")
    parser.add_argument("--trained", type=int, default=2, help="variants whose seeds are pooled")
    found = least_difference(**vars(parser.parse_args()))
    print(f"least difference seen in {POWER:.0%} of repetitions: {100 * found:.1f} points")


if __name__ == "__main__":
    one_line_errors(main)
