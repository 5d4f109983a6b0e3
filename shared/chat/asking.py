"""Ask a chat model all of a step's conversations; what was answered before is not asked again."""

from collections.abc import Callable, Sequence

from tqdm import tqdm

from shared.chat.cache import ReplyCache, reply_key
from shared.chat.estimate import Estimate, estimate
from shared.chat.replies import Chat, Conversation, Reply


def ask(
    chat: Chat,
    conversations: Sequence[Conversation],
    max_new_tokens: int,
    *,
    stop: Sequence[str] = (),
    start: str = "",
    kept: ReplyCache | None = None,
    shorten: Callable[[Reply], Reply] | None = None,
) -> list[Reply]:
    """The replies, in the order of the conversations.

    Each is kept as it arrives, except one without text: the next run asks for that again.
    `shorten` says what may be left of a reply, here and on disk. Conversations that are the same
    are asked once.
    """
    keys = _keys(chat, conversations, max_new_tokens, stop, start)
    replies = kept.get(keys) if kept else {}
    asked = _first_of_each(keys, replies)
    answers = chat.answers(
        [conversations[i] for i in asked], max_new_tokens, stop=stop, start=start
    )
    with tqdm(
        total=len(replies) + len(asked),
        initial=len(replies),
        desc=chat.name,
        unit="reply",
        disable=None,
    ) as bar:
        for place, reply in answers:
            key = keys[asked[place]]
            replies[key] = reply = shorten(reply) if shorten else reply
            if kept and reply.text is not None:
                kept.put(key, reply)
            bar.update()
    return [replies[key] for key in keys]


def remaining_cost(
    chat: Chat,
    conversations: Sequence[Conversation],
    max_new_tokens: int,
    prices: tuple[float, float] | None,
    **how,
) -> Estimate:
    """What `ask` will still cost, thoughts included. how: as of `waiting`."""
    missing = waiting(chat, conversations, max_new_tokens, **how)
    return estimate([conversations[i] for i in missing], max_new_tokens + chat.extra_tokens, prices)


def waiting(
    chat: Chat,
    conversations: Sequence[Conversation],
    max_new_tokens: int,
    *,
    stop: Sequence[str] = (),
    start: str = "",
    kept: ReplyCache | None = None,
) -> list[int]:
    """Indices of the conversations that `ask` would send: not kept, and the first of its kind."""
    keys = _keys(chat, conversations, max_new_tokens, stop, start)
    return _first_of_each(keys, kept.get(keys) if kept else {})


def _keys(
    chat: Chat,
    conversations: Sequence[Conversation],
    max_new_tokens: int,
    stop: Sequence[str],
    start: str,
) -> list[str]:
    return [reply_key(chat.identity, each, max_new_tokens, stop, start) for each in conversations]


def _first_of_each(keys: list[str], answered: dict[str, Reply]) -> list[int]:
    first = {key: index for index, key in reversed(list(enumerate(keys)))}
    return sorted(index for key, index in first.items() if key not in answered)
