"""Losses of unlearning against values worked by hand, a slow version, and padding."""

import math

import pytest
import torch

from shared.losses.unlearning import Stream, ascent, descent, divergence, joint_descent


def stream(chances, labels, row_of, rows, reference=None):
    """Positions given by their probabilities over a vocabulary of two."""
    return Stream(
        torch.tensor(chances).log(),
        torch.tensor(labels),
        torch.tensor(row_of),
        rows,
        None if reference is None else torch.tensor(reference).log(),
    )


@pytest.fixture
def two_rows():
    """Row 0 learns tokens of probability 1/2 and 1/4, row 1 one of probability 1/8.

    Mean cross-entropy: row 0 (ln 2 + ln 4) / 2 = 1.5 ln 2, row 1 ln 8 = 3 ln 2.
    """
    return stream([[0.5, 0.5], [0.25, 0.75], [0.875, 0.125]], [0, 0, 1], [0, 0, 1], 2)


def logs(*powers):
    return torch.tensor([power * math.log(2) for power in powers])


def test_descent_is_the_mean_over_each_rows_tokens(two_rows):
    torch.testing.assert_close(descent(two_rows), logs(1.5, 3))


def test_ascent_is_its_negative(two_rows):
    torch.testing.assert_close(ascent(two_rows), -descent(two_rows))


def test_joint_descent_weighs_by_tokens(two_rows):
    """Row 0: tokens of ln 2, ln 4 and, in the other stream, ln 16: mean 7/3 ln 2.

    Row 1: one of ln 8 and two of ln 2: mean 5/3 ln 2. Equal weights would give (1.5 + 4) / 2.
    """
    chances = [[1 / 16, 15 / 16], [0.5, 0.5], [0.5, 0.5]]
    other = stream(chances, [0, 0, 1], [0, 1, 1], 2)
    torch.testing.assert_close(joint_descent(two_rows, other), logs(7 / 3, 5 / 3))


def test_joint_descent_of_one_stream_is_descent(two_rows):
    torch.testing.assert_close(joint_descent(two_rows), descent(two_rows))


def test_divergence_is_from_the_reference_to_the_model():
    """Model (1/4, 3/4), reference (1/2, 1/2): KL(ref || model) = 1/2 ln 2 + 1/2 ln (2/3).

    The other way round it would be 1/4 ln (1/2) + 3/4 ln (3/2) = 0.131, not 0.144. Where both are
    equal it is 0, so the mean over row 0's two positions is half of it.
    """
    pair = stream([[0.25, 0.75], [0.5, 0.5]], [0, 0], [0, 0], 1, reference=[[0.5, 0.5], [0.5, 0.5]])
    expected = 0.5 * math.log(2) + 0.5 * math.log(2 / 3)
    assert expected == pytest.approx(0.1438, abs=1e-4)
    assert divergence(pair).tolist() == pytest.approx([expected / 2], abs=1e-6)


def test_divergence_does_not_look_at_the_labels():
    one, other = (
        stream([[0.25, 0.75]], [label], [0], 1, reference=[[0.5, 0.5]]) for label in (0, 1)
    )
    assert torch.equal(divergence(one), divergence(other))


def test_against_a_slow_version():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(7, 5, generator=generator)
    reference = torch.randn(7, 5, generator=generator)
    labels = torch.randint(5, (7,), generator=generator)
    row_of = torch.tensor([0, 2, 1, 1, 0, 2, 2])
    made = Stream(logits, labels, row_of, 3, reference)
    for row in range(3):
        nll, kl = [], []
        for i in range(7):
            if row_of[i] == row:
                p, q = logits[i].softmax(0), reference[i].softmax(0)
                nll.append(-math.log(p[labels[i]]))
                kl.append(sum(float(q[v] * (q[v] / p[v]).log()) for v in range(5)))
        assert float(descent(made)[row]) == pytest.approx(sum(nll) / len(nll), rel=1e-5)
        assert float(divergence(made)[row]) == pytest.approx(sum(kl) / len(kl), rel=1e-4)


def test_the_gradient_of_ascent_points_away_from_the_answer():
    logits = torch.zeros(1, 3, requires_grad=True)
    made = Stream(logits, torch.tensor([1]), torch.tensor([0]), 1)
    ascent(made).sum().backward()
    # descent on the loss lowers the logit whose gradient is positive: the answer's
    assert logits.grad[0, 1] > 0 > logits.grad[0, 0]
