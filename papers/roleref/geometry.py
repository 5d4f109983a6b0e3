"""Where the types of questions lie: regions, cosine with their axis, and maps in two dimensions.

The paper calls "direct response region" where answerable questions lie and "rejection region"
where out_series questions do, and leaves it at pictures. Here they are, for each role, the means
of its training questions of these types.
"""

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE


def lean(states: np.ndarray, direct: np.ndarray, rejection: np.ndarray) -> np.ndarray:
    """How far each state (n, hidden) leans to the direct response region: 1 at its centre, -1 at
    that of the rejection region, 0 where both are equally far.

    direct, rejection: training states (m, hidden) of the two regions.
    """
    to_direct = np.linalg.norm(states - direct.mean(axis=0), axis=-1)
    to_rejection = np.linalg.norm(states - rejection.mean(axis=0), axis=-1)
    total = to_direct + to_rejection
    return np.divide(
        to_rejection - to_direct, total, out=np.zeros(len(states), np.float32), where=total > 0
    )


def axis_cosine(states: np.ndarray, direct: np.ndarray, rejection: np.ndarray) -> np.ndarray:
    """Cosine of each state, seen from halfway between the two centres, with the axis that runs
    from the rejection to the direct response region. 0 where there is no axis.

    All are (n or m, layers, hidden); the result is (n, layers).
    """
    one, other = direct.mean(axis=0), rejection.mean(axis=0)
    axis, seen = one - other, states - (one + other) / 2
    lengths = np.linalg.norm(axis, axis=-1) * np.linalg.norm(seen, axis=-1)
    # rounding apart, the embedding of the last token is the same for all questions
    return np.divide(
        (seen * axis).sum(axis=-1), lengths, out=np.zeros_like(lengths), where=lengths > 1e-4
    )


def tsne_map(states: np.ndarray) -> np.ndarray:
    """(n, 2), with the settings of the official notebook."""
    perplexity = min(30.0, (len(states) - 1) / 3)  # its default, where there are points enough
    return TSNE(n_components=2, random_state=42, perplexity=perplexity).fit_transform(states)


def pca_map(states: np.ndarray, roles: np.ndarray) -> np.ndarray:
    """(n, 2): the first principal components of what is left once each role's mean is taken off.

    With it, the roles' profiles take up all of the map.
    """
    centred = states.astype(np.float64)
    for role in np.unique(roles):
        centred[roles == role] -= centred[roles == role].mean(axis=0)
    return PCA(n_components=2, random_state=0).fit_transform(centred)
