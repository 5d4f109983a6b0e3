"""Guards of others as post-hoc filters: GuardReasoner, gpt-oss-safeguard.

Each is a chat model that is asked about a prompt as it was sent and the reply, in the words of a
file of the user's own, and whose answer holds its verdict.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from papers.resa.settings import GUARD_FIELDS, WordedGuard
from shared.chat.asking import ask
from shared.chat.loading import kept_chat
from shared.judges.prompt_file import read_prompt
from shared.judges.verdicts import check_verdicts


def withheld(
    guard: WordedGuard,
    prompt: Path,
    rows: Sequence[Mapping],
    texts: Sequence[str | None],
    key: str,
    **opening: object,
) -> list[bool | None]:
    """Whether the guard withholds each reply; None where it is not asked (another set, no reply)
    or gives no verdict. Raises `UserError` if it gives hardly any.

    key: see `shared.chat.cache.cached_replies`; opening: of `shared.chat.loading.open_chat`.
    """
    asked = read_prompt(prompt, GUARD_FIELDS)
    places = [
        place
        for place, (row, text) in enumerate(zip(rows, texts, strict=True))
        if text is not None and guard.sees(row)
    ]
    conversations = [
        [{"role": "user", "content": asked.format(prompt=rows[i]["prompt"], response=texts[i])}]
        for i in places
    ]
    with kept_chat(guard, key, **opening) as (chat, kept):
        answers = ask(chat, conversations, guard.tokens, kept=kept)
    verdicts = [None if each.text is None else verdict(each.text, guard) for each in answers]
    check_verdicts(chat.name, verdicts, f"{guard.withholds} or {guard.passes}", answers)
    found = dict(zip(places, verdicts, strict=True))
    return [found.get(place) for place in range(len(rows))]


def verdict(text: str, guard: WordedGuard) -> bool | None:
    """Whether an answer says that a reply is to be withheld, by the last of its verdicts."""
    either = rf"(?P<withheld>{guard.withholds})|{guard.passes}"
    found = list(re.finditer(either, text, re.IGNORECASE))
    return found[-1]["withheld"] is not None if found else None
