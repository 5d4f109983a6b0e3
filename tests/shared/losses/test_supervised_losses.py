import math

import pytest
import torch

from shared.losses.supervised import minimum_cross_entropy, token_cross_entropy

# Rows are logarithms of chances: (1/2, 1/4, 1/4) and (1/8, 3/8, 1/2).
LOGITS = torch.tensor([[0.5, 0.25, 0.25], [0.125, 0.375, 0.5]]).log()


def test_token_cross_entropy_by_hand():
    """-ln 1/4 - ln 1/8 = ln 4 + ln 8 = ln 32."""
    assert float(token_cross_entropy(LOGITS, torch.tensor([1, 0]))) == pytest.approx(math.log(32))


def test_minimum_takes_the_cheaper_label_of_each_position():
    """Labels cost ln 4 and ln 8, the others ln 2 and ln 2: the sum of minima is ln 4. With the
    other label of the second position at index 0, the minima are ln 2 and ln 8: ln 16."""
    labels = torch.tensor([1, 0])
    both = minimum_cross_entropy(LOGITS, labels, torch.tensor([0, 2]))
    assert float(both) == pytest.approx(math.log(4))
    one = minimum_cross_entropy(LOGITS, labels, torch.tensor([0, 0]))
    assert float(one) == pytest.approx(math.log(16))


def test_minimum_sends_gradient_only_through_the_cheaper_label():
    """Softmax minus one-hot of the chosen label: position one learns label 0, at (−1/2, 1/4,
    1/4)."""
    logits = LOGITS[:1].clone().requires_grad_()
    minimum_cross_entropy(logits, torch.tensor([1]), torch.tensor([0])).backward()
    torch.testing.assert_close(logits.grad, torch.tensor([[-0.5, 0.25, 0.25]]))
