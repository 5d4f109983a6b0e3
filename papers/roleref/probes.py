"""Probes: can hidden states of a role's questions tell which are answerable?

Two protocols. `official` is the paper's "linear probe" as its code has it: two layers with a ReLU
between, mean squared error, a few steps of Adam, and the epoch that does best on the test set.
`corrected` is linear, with its regularisation chosen by cross-validation on training questions
and the classes balanced.
"""

import warnings

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegressionCV
from torch import nn

# of the official network
WIDTH, BATCH_SIZE, LEARNING_RATE = 512, 512, 5e-5
STRENGTHS = np.logspace(-4, 2, 7)  # inverse regularisation that is tried
FLAT = 1e-6  # a dimension that varies less over the training questions says nothing


def official(
    states: np.ndarray,
    answerable: np.ndarray,
    test_states: np.ndarray,
    test_answerable: np.ndarray,
    tried: np.ndarray,
    seed: int,
    epochs: int,
) -> np.ndarray:
    """Whether each test question is taken for answerable, (tests,) bool.

    After every epoch the probe is tried on the test questions of the types that it learns, `tried`
    (tests,) bool; what it says at its best epoch counts, the first of equals.
    """
    torch.manual_seed(seed)
    probe = nn.Sequential(
        nn.Linear(states.shape[1], WIDTH), nn.ReLU(), nn.Linear(WIDTH, 1), nn.Sigmoid()
    )
    adam = torch.optim.Adam(probe.parameters(), lr=LEARNING_RATE)
    x, y = torch.from_numpy(states), torch.from_numpy(answerable).float()
    tests = torch.from_numpy(test_states)
    best, said = -1.0, np.zeros(len(test_states), bool)
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(BATCH_SIZE):
            loss = nn.functional.mse_loss(probe(x[batch])[:, 0], y[batch])
            adam.zero_grad()
            loss.backward()
            adam.step()
        with torch.inference_mode():
            now = (probe(tests)[:, 0] > 0.5).numpy()
        accuracy = (now == test_answerable)[tried].mean()
        if accuracy > best:
            best, said = accuracy, now
    return said


def corrected(
    states: np.ndarray, answerable: np.ndarray, test_states: np.ndarray, folds: int
) -> np.ndarray:
    """Whether each test question is taken for answerable, (tests,) bool.

    Logistic regression with an L2 penalty on standardised states. A rotation does not change
    it, so it is fitted in the space that the training questions span, which is exact and, with
    far fewer questions than dimensions, many times faster.
    """
    centre, spread = states.mean(axis=0), states.std(axis=0)
    varies = spread > FLAT
    if not varies.any():  # the embedding of the last token, the same for all
        return np.full(len(test_states), answerable.mean() >= 0.5)
    x, tests = (
        (each[:, varies] - centre[varies]) / spread[varies] for each in (states, test_states)
    )
    axes = np.linalg.svd(x, full_matrices=False)[2]
    model = LogisticRegressionCV(
        Cs=STRENGTHS, cv=folds, class_weight="balanced", scoring="balanced_accuracy", max_iter=500,
        l1_ratios=(0,), use_legacy_attributes=False,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # at the weakest penalties
        model.fit(x @ axes.T, answerable)
    return model.predict(tests @ axes.T).astype(bool)
