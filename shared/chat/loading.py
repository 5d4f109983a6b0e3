"""Open a model of any spec for chat."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.chat.cache import ReplyCache, cached_replies
from shared.chat.endpoint import Endpoint
from shared.chat.prices import list_prices
from shared.chat.replies import Chat
from shared.chat.settings import Asked
from shared.models.spec import RandomModel, display_name, is_endpoint
from shared.settings import Precision


def open_chat(
    asked: Asked,
    *,
    trained: str | Path | None = None,
    whole: bool = False,
    batch_size: int = 64,
    batch_tokens: int = 16_384,
    precision: Precision = "fp32",
) -> Chat:
    """The model behind its endpoint, or loaded here (only then torch is imported).

    trained (the folder of what was fine-tuned here, see `shared.models.loading.load`), whole
    (whether what stands between <think> and </think> is part of a reply), batch_size (prompts at
    a time), batch_tokens (of them together; vLLM counts its own) and precision are of a local
    model.
    """
    if is_endpoint(asked.model):
        name = asked.model.removeprefix("api:")
        return Endpoint(
            name,
            body=asked.body,
            thinking=asked.thinking,
            thinking_tokens=asked.thinking_tokens,
            concurrency=asked.concurrency,
            prices=asked.prices or list_prices(name),
            most_dollars=asked.most_dollars,
            may_be_gone=asked.may_be_gone,
        )
    named = asked.model.model_dump_json() if isinstance(asked.model, RandomModel) else asked.model
    how = {
        "name": display_name(asked.model),
        "identity": f"{named} trained={trained} thinking={asked.thinking}" + " whole" * whole,
        "whole": whole,
        "batch_size": batch_size,
    }
    if asked.engine == "vllm":
        from shared.chat.vllm import open_vllm

        return open_vllm(asked, trained=trained, precision=precision, **how)
    from shared.chat.local import LocalChat
    from shared.models.loading import find_processor, load

    how |= {"thinking": asked.thinking, "thinking_tokens": asked.thinking_tokens}
    processor = find_processor(asked.model)
    known = processor and processor.tokenizer
    model, tokenizer = load(asked.model, trained=trained, precision=precision, tokenizer=known)
    return LocalChat(model, tokenizer, processor=processor, batch_tokens=batch_tokens, **how)


def opening(settings: object) -> dict:
    """How the settings of a step open a model that runs here: arguments of `open_chat`."""
    return {name: getattr(settings, name) for name in ("batch_size", "batch_tokens", "precision")}


@contextmanager
def chat_of(asked: Asked, **opening) -> Iterator[Chat]:
    """The model, opened with what `opening` says, until the block ends."""
    chat = open_chat(asked, **opening)
    try:
        yield chat
    finally:
        end(chat)


@contextmanager
def kept_chat(asked: Asked, key: str, **opening) -> Iterator[tuple[Chat, ReplyCache]]:
    """The same, and where its replies are kept (see `cached_replies`)."""
    with cached_replies(asked.model, key) as kept, chat_of(asked, **opening) as chat:
        yield chat, kept


def end(chat: Chat) -> None:
    """End the engine of a chat that has one of its own, and give back what that takes."""
    if hasattr(chat, "end"):
        chat.end()
