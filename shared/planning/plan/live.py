"""Bytes of the tensors that are alive while code runs, counted and not allocated."""

import weakref
from collections.abc import Iterable

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class Live(TorchDispatchMode):
    """Within the block, what tensors made there hold; a storage that several share counts once.

    Under PyTorch's FakeTensorMode nothing is allocated, and what autograd saves for the backward
    pass is alive as it is with real tensors. `known` tensors (weights, gradients) don't count.

    now, peak: bytes; logits: those of them at the peak that have a last dimension of `vocabulary`.
    """

    def __init__(self, known: Iterable[torch.Tensor] = (), vocabulary: int | None = None):
        super().__init__()
        self.vocabulary = vocabulary
        self.now = self.peak = self.logits = self._logits_now = 0
        self._seen = weakref.WeakSet(tensor.untyped_storage() for tensor in known)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        for each in tree_leaves(made):
            if isinstance(each, torch.Tensor):
                self._meet(each)
        return made

    def restart(self) -> None:
        """The peak is that from now on."""
        self.peak, self.logits = self.now, self._logits_now

    def _meet(self, tensor: torch.Tensor) -> None:
        storage = tensor.untyped_storage()
        if storage in self._seen:
            return
        self._seen.add(storage)
        size = storage.nbytes()
        of_logits = size if tensor.dim() > 1 and tensor.shape[-1] == self.vocabulary else 0
        weakref.finalize(storage, self._forget, size, of_logits)
        self.now += size
        self._logits_now += of_logits
        if self.now > self.peak:
            self.restart()

    def _forget(self, size: int, of_logits: int) -> None:
        self.now -= size
        self._logits_now -= of_logits
