"""Ask a chat model all of a step's conversations; what was answered before is not asked again."""

from collections.abc import Callable, Sequence

from shared.chat.cache import ReplyCache, reply_key
from shared.chat.estimate import Estimate, estimate
from shared.chat.replies import Chat, Conversation, Reply
from shared.errors import UserError
from shared.runner.progress import bar

ENOUGH = 20  # replies from which it can be told what most of them are


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
    are asked once. Raises `UserError` as soon as most replies were cut off before their answers
    began: a model that thinks is not to be asked on with a limit that its thoughts use up.
    """
    keys = _keys(chat, conversations, max_new_tokens, stop, start)
    replies = kept.get(keys) if kept else {}
    asked = _first_of_each(keys, replies)
    most, unbegun = len(replies) + len(asked), sum(map(_unbegun, replies.values()))
    answers = chat.answers(
        [conversations[i] for i in asked], max_new_tokens, stop=stop, start=start
    )

    def check() -> None:
        """That most replies have an answer, once enough of them are there to tell."""
        enough = len(replies) >= min(ENOUGH, most)
        if enough and 2 * unbegun > len(replies):
            limit = max_new_tokens + chat.extra_tokens
            raise UserError(
                f"{chat.name}: {unbegun} of {len(replies)} replies were cut off before an answer"
                f" began, by a limit of {limit} tokens; a model that thinks needs thinking: true,"
                " or fields in body that turn its thoughts off"
            )

    check()
    with bar(total=most, initial=len(replies), desc=chat.name, unit="reply") as shown:
        for place, reply in answers:
            key = keys[asked[place]]
            replies[key] = reply = shorten(reply) if shorten else reply
            if kept and (reply.text is not None or reply.cut_off):
                kept.put(key, reply)
            shown.update()
            unbegun += _unbegun(reply)
            check()
    return [replies[key] for key in keys]


def _unbegun(reply: Reply) -> bool:
    return reply.text is None and reply.cut_off


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
