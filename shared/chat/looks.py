"""Pictures of messages, prepared for a model."""

from transformers import ProcessorMixin

from shared.chat.pictures import decoded
from shared.models.images import Seen, see

ROOM = 1 << 28  # bytes: thousands of drawings, or some two hundred photographs of LLaVA's size


class Looks:
    """Prepares the picture that a message holds. The first ones are kept, up to `room` bytes in
    all, since the same few are often asked about again and again."""

    def __init__(self, processor: ProcessorMixin | None, room: int = ROOM):
        self.processor, self.room = processor, room
        self.kept: dict[str, Seen] = {}

    def __call__(self, url: str) -> Seen:
        if url in self.kept:
            return self.kept[url]
        seen = see(self.processor, decoded(url))
        size = len(url) + sum(tensor.nbytes for tensor in seen.tensors.values())
        if size <= self.room:
            self.kept[url] = seen
            self.room -= size
        return seen
