"""Batched decoding with confidences, over one key-value cache per batch."""
