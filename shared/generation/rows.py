"""A batch of prompts together with its key-value cache, to be decoded and extended."""

import copy
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import DynamicCache, PreTrainedModel

from shared.generation.cache import new_cache


class Prefix:
    """The key-value cache of a text that many prompts begin with, computed once.

    ids: its tokens (length,).
    """

    @torch.inference_mode()
    def __init__(self, model: PreTrainedModel, ids: Sequence[int]):
        self.length = len(ids)
        self.cache = new_cache(model.config)
        tokens = torch.tensor([list(ids)], device=model.device)
        model(tokens, past_key_values=self.cache, use_cache=True, logits_to_keep=1)

    def expand(self, rows: int) -> DynamicCache:
        cache = copy.deepcopy(self.cache)
        cache.batch_repeat_interleave(rows)
        return cache


def left_padded(
    sequences: Sequence[Sequence[int]], device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Tokens and mask (rows, longest), the sequences on the right."""
    rows = [torch.tensor(sequence, dtype=torch.long) for sequence in sequences]
    real = [torch.ones(len(row), dtype=torch.bool) for row in rows]
    tokens, mask = (pad_sequence(each, True, padding_side="left") for each in (rows, real))
    return tokens.to(device), mask.to(device)


def _as_seen(picture: torch.Tensor, model: PreTrainedModel) -> torch.Tensor:
    """Pixels or features as a model takes them; numbers of patches as they are."""
    return picture.to(model.device, model.dtype if picture.is_floating_point() else None)


class Rows:
    """Left-padded prompts of one batch after a forward pass over them.

    logits: (rows, vocabulary) of the next token, the only ones that are computed.
    visible: (rows, cached tokens) bool: padding and hidden tokens are False.

    What is appended continues from the cache, so nothing is run twice. Positions count the
    visible tokens of a row, so a padded or partly hidden row sees what a clean one would.
    """

    @torch.inference_mode()
    def __init__(
        self,
        model: PreTrainedModel,
        prompts: Sequence[Sequence[int]],
        prefix: Prefix | None = None,
        pictures: Mapping[str, torch.Tensor] | None = None,
    ):
        """pictures: tensors of the pictures in the prompts, in order, for a vision-language model
        (`shared.models.images`); then no prefix."""
        self.model = model
        before = prefix.length if prefix else 0
        self.cache = prefix.expand(len(prompts)) if prefix else new_cache(model.config)
        self.visible = torch.ones(len(prompts), before, dtype=torch.bool, device=model.device)
        self.shift = torch.zeros(len(prompts), 1, dtype=torch.long, device=model.device)
        pictures = {name: _as_seen(tensor, model) for name, tensor in (pictures or {}).items()}
        self._forward(*left_padded(prompts, model.device), pictures)

    def __len__(self) -> int:
        return len(self.visible)

    @torch.inference_mode()
    def append(self, tokens: torch.Tensor, mask: torch.Tensor | None = None) -> None:
        """Feed tokens (rows, length); `logits` are then those after the last one.

        mask: (rows, length) bool, False for padding, which must be on the left; None: no padding.
        """
        self._forward(tokens, torch.ones_like(tokens, dtype=torch.bool) if mask is None else mask)

    def hide(self, seen: torch.Tensor) -> None:
        """Hide cached tokens from what follows. seen: (rows, cached tokens) bool."""
        self.visible = self.visible & seen

    @torch.inference_mode()
    def select(self, rows: torch.Tensor) -> None:
        """Make the batch these rows. rows: (new rows,) indices; one may occur several times."""
        self.cache.batch_select_indices(rows)
        self.visible, self.shift = self.visible[rows], self.shift[rows]
        self.logits = self.logits[rows]

    @torch.inference_mode()
    def repeat(self, times: int) -> None:
        """Each row `times` times in a row, as for drawing several samples from one prompt."""
        self.cache.batch_repeat_interleave(times)
        self.visible = self.visible.repeat_interleave(times, dim=0)
        self.shift = self.shift.repeat_interleave(times, dim=0)
        self.logits = self.logits.repeat_interleave(times, dim=0)

    def _forward(
        self,
        tokens: torch.Tensor,
        mask: torch.Tensor,
        pictures: Mapping[str, torch.Tensor] = MappingProxyType({}),
    ) -> None:
        self.visible = torch.cat([self.visible, mask], dim=1)
        self.logits = self.model(
            tokens,
            attention_mask=self.visible.long(),
            position_ids=self._positions(tokens, mask, pictures),
            past_key_values=self.cache,
            use_cache=True,
            logits_to_keep=1,
            **pictures,
        ).logits[:, -1]

    def _positions(
        self, tokens: torch.Tensor, mask: torch.Tensor, pictures: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """Positions (rows, tokens); with pictures in a grid (3, rows, tokens), as Qwen's models
        have them. A grid takes up fewer positions than tokens: what follows is shifted."""
        if "image_grid_thw" in pictures:
            image = tokens == self.model.config.image_token_id
            positions, self.shift = self.model.model.get_rope_index(
                tokens, image.int(), pictures["image_grid_thw"], attention_mask=mask.long()
            )
            return positions
        counted = (self.visible.cumsum(1) - 1).clamp(min=0)[:, -tokens.shape[1] :]
        return counted + self.shift
