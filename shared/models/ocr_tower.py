"""The frozen text recogniser of PP-OCR as an image encoder.

The package rapidocr ships the recogniser as an ONNX file. Its last layer but one gives a vector of
120 numbers for every 8 pixel columns of a line that is 48 pixels high; one linear layer reads the
characters from them. It is frozen, so the features of a line are computed once, and a
vision-language model gets them for a picture (`shared.models.feature_tower`).
"""

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnxruntime
import rapidocr

from shared.errors import UserError
from shared.files import atomic

FILE = "PP-OCRv6_rec_small.onnx"
SHA256 = "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884"
FEATURES = "p2o.pd_op.transpose.8.0"  # name of the tensor in the graph
CHANNELS, HEIGHT = 120, 48


class OcrTower:
    """Features of lines; those of a line seen before are known, also from an earlier run."""

    def __init__(self) -> None:
        self.known: dict[str, np.ndarray] = {}

    def __call__(self, line: np.ndarray) -> np.ndarray:
        """Features (width / 8, 120) in float16 of a grey line (48, width), uint8."""
        key = _key(line)
        if key not in self.known:
            self.known[key] = encode(line)
        return self.known[key]

    def save(self, path: str | Path) -> None:
        with atomic(path) as temporary, open(temporary, "wb") as file:
            np.savez(file, keys=list(self.known), features=list(self.known.values()))

    def remember(self, path: str | Path) -> None:
        """Take over what `save` wrote (of lines of one width)."""
        with np.load(path) as saved:
            self.known |= dict(zip(saved["keys"].tolist(), saved["features"], strict=True))


def encode(line: np.ndarray) -> np.ndarray:
    if line.ndim != 2 or line.shape[0] != HEIGHT:
        raise UserError(
            f"found a picture of shape {line.shape}; expected grey and {HEIGHT} pixels high"
        )
    scaled = line.astype(np.float32) / 127.5 - 1  # as PP-OCR wants it: -1 to 1, three channels
    picture = np.repeat(scaled[None, None], 3, axis=1)
    return _session().run([FEATURES], {"x": picture})[0][0].astype(np.float16)


def stacked(features: np.ndarray, times: int) -> np.ndarray:
    """Features (length, size) with `times` neighbours in one: (length / times, size × times)."""
    length = len(features) - len(features) % times
    return features[:length].reshape(length // times, -1)


def _key(line: np.ndarray) -> str:
    return hashlib.sha256(repr(line.shape).encode() + line.tobytes()).hexdigest()[:16]


@cache
def _session() -> onnxruntime.InferenceSession:
    """The recogniser with one more output.

    The pieces of a repeated field may be anywhere in a serialised message, so the new output is
    appended to the file's bytes, as field 12 (output) of field 7 (graph), with field 1 (name).
    This saves the package onnx.
    """
    message = FEATURES.encode()
    for field in (1, 12, 7):
        message = bytes([field << 3 | 2, len(message)]) + message
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(_weights() + message, options, ["CPUExecutionProvider"])


def _weights() -> bytes:
    path = Path(rapidocr.__file__).parent / "models" / FILE
    here = f"{path} of rapidocr {version('rapidocr')}"
    if not path.is_file():
        raise UserError(f"{here}: no such file; expected the recogniser of rapidocr 3.10")
    weights = path.read_bytes()
    if (found := hashlib.sha256(weights).hexdigest()) != SHA256:
        raise UserError(f"{here}: found sha256 {found}; expected {SHA256}, of rapidocr 3.10")
    return weights
