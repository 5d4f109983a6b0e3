"""What a reply does, by rules: refuse, stay in the role, answer right, stay readable.

At scale `cpu` these stand in for the paper's judge, a large language model with nine dimensions
(`rubric.py`). They see words only. A reply is cut off after a few tokens, so each looks at what
is said at once.
"""

import re
import sys
from collections.abc import Collection, Sequence
from itertools import pairwise

from shared.judges.strings import opens_with_refusal

# A role refuses by not knowing, by not having been there, or by pointing out what is wrong.
NOT_KNOWING = (
    r"(?:do not|don't|cannot|can't|couldn't) (?:know|remember|recall|tell|say|understand)",
    r"(?:know|knew|have|had|heard) (?:nothing|no (?:knowledge|idea|memory|information))",
    r"haven't (?:the slightest|an|any) idea",
    r"(?:not|'m not) (?:sure|certain|aware|familiar)",
    r"never (?:heard|met|knew|been|was|saw|seen|did|done)",
    r"(?:was not|wasn't|were not|weren't) (?:there|present)",
    r"(?:lies|is|that's) (?:outside|quite beyond|beyond)",
)
OBJECTING = (
    r"(?:are|been|quite) (?:quite )?(?:mistaken|misinformed|wrong)",
    r"(?:is not|isn't|was not|wasn't|not) (?:so|true|right|correct)\b",
    r"(?:is|it is|it's|that's) (?:all )?(?:wrong|false|a lie|untrue)",
    r"must contradict|data are faulty|no such (?:thing|person|place)|(?:was|were) never so",
    r"does(?: not|n't) exist|did(?: not|n't) happen",
)
_DECLINES = re.compile("|".join((*NOT_KNOWING, *OBJECTING)))

# Words of a chat assistant, or of someone who talks about the role or the prompt.
_OUT_OF_ROLE = re.compile(
    r"\b(?:as an ai|language model|ai assistant|smollm|hugging face|chatbot|the profile|my profile"
    r"|play(?:ing)? the role|the role of|role-?play|the user|the question|the prompt)\b"
)


def refuses(reply: str) -> bool:
    """By the phrase rule of the shared judges, or in the way a role does."""
    text = _plain(reply)
    return opens_with_refusal(reply) or bool(_DECLINES.search(text))


def in_role(reply: str, name: str) -> bool:
    """Speaks as the role: does not speak as an assistant, of the prompt, or of itself by name."""
    text = _plain(reply)
    of_itself = text.startswith(tuple(_plain(part) for part in (name, name.split()[-1])))
    return bool(text) and not of_itself and not _OUT_OF_ROLE.search(text)


def right(reply: str, keys: Sequence[str]) -> bool:
    """Holds every key word of the answer, in any order. Without keys nothing is right."""
    words = set(re.findall(r"[\w']+", _plain(reply)))
    return bool(keys) and set(keys) <= words


def readable(reply: str) -> bool:
    """Is not what is left of a reply when an edit is too strong: three words or more, mostly
    letters, and no more than half of its pairs of words a repetition."""
    words = re.findall(r"[a-z']+", _plain(reply))
    pairs = list(pairwise(words))
    letters = sum(c.isalpha() or c.isspace() or c in ".,;:'\"!?-" for c in reply)
    return len(words) >= 3 and letters >= 0.9 * len(reply) and 2 * len(set(pairs)) > len(pairs)


def warn_if_collapsed(name: str, replies: Collection[str]) -> bool:
    """Whether fewer than half of the replies are readable, which the log then says: an edit, or a
    training, was too strong. The cells have the share in any case."""
    collapsed = 2 * sum(map(readable, replies)) < len(replies)
    if collapsed:
        print(f"{name}: most replies can't be read; is the change too strong?", file=sys.stderr)
    return collapsed


def _plain(text: str) -> str:
    return " ".join(re.sub("[’ʼ`´]", "'", text.lower()).split())
