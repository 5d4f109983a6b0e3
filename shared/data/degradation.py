"""Spoiling single characters of a picture, by kind and graded strength, with OpenCV."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from shared.data.documents import Box, crop

Kind = Literal["motion_blur", "gaussian_blur", "occlusion", "low_contrast", "noise"]
Legibility = Literal["clear", "partly", "hidden"]

HIDDEN_FROM = 0.6  # the strength from which a character counts as unrecognisable, of every kind


@dataclass(frozen=True)
class Degradation:
    """`strength` is 0 for nothing to see, 1 for nothing left of the character."""

    kind: Kind
    strength: float


def legibility(degradation: Degradation | None) -> Legibility:
    """The class of a character, decided by what was done to it.

    Clear: nothing. Partly occluded: spoiled with less than HIDDEN_FROM. Hidden: the rest. The
    kinds are scaled so that one threshold fits all: below it the shape is still there, above it
    at most a trace of it.
    """
    if degradation is None or degradation.strength == 0:
        return "clear"
    return "hidden" if degradation.strength >= HIDDEN_FROM else "partly"


def degrade(
    pixels: np.ndarray,
    boxes: Sequence[Box],
    degradations: Sequence[Degradation | None],
    rng: np.random.Generator,
) -> np.ndarray:
    """A copy of `pixels` in which the character in each box is spoiled as asked; the pixels of
    the others stay as they are."""
    spoiled = pixels.copy()
    for box, degradation in zip(boxes, degradations, strict=True):
        if degradation and degradation.strength:
            letter = crop(spoiled, box)
            letter[:] = KINDS[degradation.kind](letter, degradation.strength, rng)
    return spoiled


def _motion_blur(letter: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Averaged along a line of up to 1.2 times the letter's height, in any direction."""
    length = max(3, round(1.2 * strength * len(letter)) | 1)  # odd, so that it has a centre
    line = np.zeros((length, length), dtype=np.float32)
    line[length // 2] = 1
    centre = (length // 2, length // 2)
    turned = cv2.getRotationMatrix2D(centre, float(rng.uniform(0, 180)), 1)
    line = cv2.warpAffine(line, turned, (length, length))
    return cv2.filter2D(letter, -1, line / line.sum(), borderType=cv2.BORDER_REFLECT)


def _gaussian_blur(letter: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """With a standard deviation of up to 0.4 of the letter's height."""
    sigma = 0.4 * strength * len(letter)
    return cv2.GaussianBlur(letter, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)


def _occlusion(letter: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """An opaque grey patch over a share of the box, from one of its four sides."""
    covered = np.rot90(letter, side := int(rng.integers(4))).copy()
    covered[: round(strength * len(covered))] = rng.integers(0, 200)
    return np.rot90(covered, -side)


def _low_contrast(letter: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Faded into the paper; the contrast falls with the cube, since readers need little of it."""
    return _mixed(letter, np.full_like(letter, letter.max()), (1 - strength) ** 3)


def _noise(letter: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Mixed with random grey; what is left of the letter falls with the square."""
    grey = rng.integers(0, 256, letter.shape, dtype=np.uint8)
    return _mixed(letter, grey, (1 - strength) ** 2)


def _mixed(letter: np.ndarray, other: np.ndarray, share: float) -> np.ndarray:
    return cv2.addWeighted(letter, share, other, 1 - share, 0)


KINDS: dict[Kind, Callable[[np.ndarray, float, np.random.Generator], np.ndarray]] = {
    "motion_blur": _motion_blur,
    "gaussian_blur": _gaussian_blur,
    "occlusion": _occlusion,
    "low_contrast": _low_contrast,
    "noise": _noise,
}
