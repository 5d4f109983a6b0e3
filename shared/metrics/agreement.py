"""Agreement of two raters on the same examples."""

import numpy as np

from shared.metrics.rates import rate, ratio
from shared.metrics.traits import traits


@traits(share=True)
def agreement(first: np.ndarray, second: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Share of the examples to which both give the same label. first, second: (n,) of 0 or 1."""
    return rate(first == second, weights)


def cohen_kappa(first: np.ndarray, second: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Agreement beyond chance (Cohen 1960): (observed - expected) / (1 - expected).

    first, second: (n,) of 0 or 1. Expected is the agreement of independent raters with the same
    shares of ones. A rater who says the same of everything gives 0; NaN if both say the same one
    thing of everything, where nothing is left to agree on beyond chance.
    """
    one, other = rate(first, weights), rate(second, weights)
    expected = one * other + (1 - one) * (1 - other)
    return ratio(agreement(first, second, weights) - expected, 1 - expected)
