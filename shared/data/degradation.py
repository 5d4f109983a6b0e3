"""Spoiling single characters of a picture, by kind and graded strength, with OpenCV."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from shared.data.documents import Box, crop

Kind = Literal["motion_blur", "gaussian_blur", "occlusion", "low_contrast", "noise"]
Legibility = Literal["clear", "partly", "hidden"]

READ_TO, HIDDEN_FROM = 0.4, 0.6  # strengths, of every kind: still read; no longer recognisable
# By kind, the share of its full effect (0..1) at which RapidOCR still reads three of four
# characters, and one of five, some of which it guesses: strengths READ_TO and HIDDEN_FROM. Measured
# by `python -m tools.calibrate_degradation` on lines of drawn documents.
MEASURED: dict[str, tuple[float, float]] = {
    "motion_blur": (0.32, 0.52),
    "gaussian_blur": (0.30, 0.38),
    "occlusion": (0.30, 0.66),
    "low_contrast": (0.62, 0.71),
    "noise": (0.29, 0.41),
}


@dataclass(frozen=True)
class Degradation:
    """`strength` is 0 for nothing to see, 1 for nothing left of the character, and says the same of
    every kind: to READ_TO the character is read, from HIDDEN_FROM on it is not."""

    kind: Kind
    strength: float


def legibility(degradation: Degradation | None) -> Legibility:
    """The class of a character, decided by what was done to it.

    Clear: nothing. Partly occluded: spoiled with less than HIDDEN_FROM. Hidden: the rest. Between
    READ_TO and HIDDEN_FROM some readers would still read it.
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
            letter[:] = KINDS[degradation.kind](letter, effect(degradation), rng)
    return spoiled


def effect(degradation: Degradation) -> float:
    """How much of its kind's full effect a degradation has (0..1), by what was measured."""
    strengths = (0, READ_TO, HIDDEN_FROM, 1)
    return float(np.interp(degradation.strength, strengths, (0, *MEASURED[degradation.kind], 1)))


# Each kind of degradation: of a letter, with a share of its full effect (0..1).


def _motion_blur(letter: np.ndarray, effect: float, rng: np.random.Generator) -> np.ndarray:
    """Averaged along a line of up to 1.2 times the letter's height, in any direction."""
    length = max(3, round(1.2 * effect * len(letter)) | 1)  # odd, so that it has a centre
    line = np.zeros((length, length), dtype=np.float32)
    line[length // 2] = 1
    centre = (length // 2, length // 2)
    turned = cv2.getRotationMatrix2D(centre, float(rng.uniform(0, 180)), 1)
    line = cv2.warpAffine(line, turned, (length, length))
    return cv2.filter2D(letter, -1, line / line.sum(), borderType=cv2.BORDER_REFLECT)


def _gaussian_blur(letter: np.ndarray, effect: float, rng: np.random.Generator) -> np.ndarray:
    """With a standard deviation of up to 0.4 of the letter's height."""
    sigma = 0.4 * effect * len(letter)
    return cv2.GaussianBlur(letter, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)


def _occlusion(letter: np.ndarray, effect: float, rng: np.random.Generator) -> np.ndarray:
    """An opaque grey patch over a share of the box, from one of its four sides."""
    covered = np.rot90(letter, side := int(rng.integers(4))).copy()
    covered[: round(effect * len(covered))] = rng.integers(0, 200)
    return np.rot90(covered, -side)


def _low_contrast(letter: np.ndarray, effect: float, rng: np.random.Generator) -> np.ndarray:
    """Faded into the paper; the contrast falls with the cube, since readers need little of it."""
    return _mixed(letter, np.full_like(letter, letter.max()), (1 - effect) ** 3)


def _noise(letter: np.ndarray, effect: float, rng: np.random.Generator) -> np.ndarray:
    """Mixed with random grey; what is left of the letter falls with the square."""
    grey = rng.integers(0, 256, letter.shape, dtype=np.uint8)
    return _mixed(letter, grey, (1 - effect) ** 2)


def _mixed(letter: np.ndarray, other: np.ndarray, share: float) -> np.ndarray:
    return cv2.addWeighted(letter, share, other, 1 - share, 0)


KINDS: dict[Kind, Callable[[np.ndarray, float, np.random.Generator], np.ndarray]] = {
    "motion_blur": _motion_blur,
    "gaussian_blur": _gaussian_blur,
    "occlusion": _occlusion,
    "low_contrast": _low_contrast,
    "noise": _noise,
}
