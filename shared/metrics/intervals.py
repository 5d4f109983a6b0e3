"""Wilson's interval for a plain rate (1927)."""

import numpy as np


def wilson(share: float, examples: float, quantile: float = 1.959964) -> tuple[float, float]:
    """Wilson's score limits of a share of so many examples, as fractions; NaN for none.

    `quantile`: of the normal (or t) distribution, 1.96 for 95 %. `examples` need not be whole: a
    share with a known standard error stands for share (1 - share) / error^2 of them.
    """
    if not examples:
        return np.nan, np.nan
    z = quantile**2 / examples
    centre = (share + z / 2) / (1 + z)
    half = np.sqrt(z * share * (1 - share) + z**2 / 4) / (1 + z)
    return float(max(0.0, centre - half)), float(min(1.0, centre + half))
