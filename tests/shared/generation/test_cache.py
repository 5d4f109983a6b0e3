import torch
from transformers import DynamicCache, LlamaConfig

from shared.generation.cache import SPARE, RoomyLayer, new_cache

CONFIG = LlamaConfig(num_hidden_layers=2, hidden_size=8, num_attention_heads=2)


def step(cache, rows, length, generator):
    """Feed random keys and values of both layers; gives what attention would see."""
    seen = []
    for layer in range(2):
        new = torch.rand(2, rows, 2, length, 4, generator=generator)
        seen += cache.update(new[0], new[1], layer)
    return [tensor.clone() for tensor in seen]


def test_it_holds_what_transformers_own_cache_holds():
    """Prompts, steps beyond the spare room, rows dropped, rows repeated, further steps."""
    found = []
    for cache in (new_cache(CONFIG), DynamicCache(config=CONFIG)):
        generator = torch.Generator().manual_seed(0)
        seen = step(cache, 3, 5, generator)
        for _ in range(SPARE + 3):
            seen += step(cache, 3, 1, generator)
        cache.batch_select_indices(torch.tensor([2, 0, 0, 1]))
        seen += step(cache, 4, 2, generator)
        cache.batch_repeat_interleave(2)
        seen += step(cache, 8, 1, generator)
        seen += step(cache, 8, 1, generator)
        found.append((cache.get_seq_length(), seen))
    assert found[0][0] == found[1][0] == 5 + SPARE + 3 + 4
    for ours, theirs in zip(found[0][1], found[1][1], strict=True):
        assert torch.equal(ours, theirs)


def test_a_step_copies_nothing():
    cache = new_cache(CONFIG)
    generator = torch.Generator().manual_seed(0)
    step(cache, 3, 5, generator)
    layer = cache.layers[0]
    assert isinstance(layer, RoomyLayer)
    before = layer.keys.data_ptr()
    step(cache, 3, 1, generator)
    assert layer.keys.data_ptr() == before and layer.keys.shape[-2] == 6
