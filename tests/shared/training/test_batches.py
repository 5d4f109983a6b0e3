import torch

from shared.training.batches import right_padded

TEXT = {"input_ids": [1, 2, 3], "labels": [1, 2, 3]}
NONE, ONE = torch.zeros(0, 3, 2, 2), torch.ones(1, 3, 2, 2)


def test_pictures_of_a_batch_are_joined_and_a_text_has_none():
    mixed = [TEXT | {"pixel_values": ONE}, TEXT | {"pixel_values": NONE}]
    assert right_padded(mixed)["pixel_values"].shape == (1, 3, 2, 2)


def test_a_batch_of_texts_alone_has_no_pictures():
    """LLaVA fails on an empty tensor of pictures, and runs without one."""
    batch = right_padded([TEXT | {"pixel_values": NONE}] * 2)
    assert set(batch) == {"input_ids", "labels"} and batch["input_ids"].shape == (2, 3)
