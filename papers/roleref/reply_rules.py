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

# How English says that somebody does not know, was not there, or that what was said is wrong. None
# is a phrase of a role: what fine-tuning learns must not be found more surely than other words.
_NOT = r"(?:n't| not| never)"
_CANNOT = rf"(?:(?:do|did|could|would|should|have|had){_NOT}|can(?:'t|not| not))"
NOT_KNOWING = (
    rf"{_CANNOT} (?:\w+ )?(?:know|recall|remember|recollect|recogni[sz]e|understand|say|tell|answer"
    r"|speak (?:to|of)|have any|heard|met|seen|read|visited|been)\b",
    r"\bi (?:know|knew|have|had|heard|recall|remember|understand)(?: \w+)?(?: of)? "
    r"(?:nothing|little|no (?:\w+ )?(?:knowledge|idea|notion|memory|recollection|information|one))",
    r"(?:not|n't)(?: \w+)? (?:sure|certain|aware|familiar|acquainted)\b|\bunfamiliar\b",
    r"\bi(?:'ve)? never (?:heard|met|seen|saw|known|knew|been|read|visited)\b",
    r"(?:n't| not| no)(?: the| an| any)?(?: slightest| faintest| least)? (?:idea|notion|clue)\b",
    rf"\b(?:was|were){_NOT} (?:there|present)\b|\bi was (?:away|absent|elsewhere)\b",
    r"\b(?:beyond|outside)(?: of)? (?:me\b|my |what i )",
)
OBJECTING = (
    r"\byou(?:'re|'ve| are| were| have| must| seem)?(?: \w+){0,3} (?:mistaken|misinformed|wrong"
    r"|confus\w+|in error|thinking of (?:some|another))",
    rf"(?:is|'s|was|are|were){_NOT}(?: \w+)? (?:so|true|right|correct|accurate|the case)\b",
    r"(?:it|that|this|which|all)(?: is|'s| was)(?: \w+)? (?:wrong|false|untrue|incorrect|a lie)\b",
    r"\bno such\b|\bnothing of the (?:kind|sort)|\bwas never (?:a|an|so|any)\b",
    rf"(?:do|does|did){_NOT} (?:exist|happen)|\bnever happened",
    r"\bi (?:did|have|had)(?: not|n't) (?!\w+ (?:until|before|better))\w+",  # what was asked
)
_DECLINES = re.compile("|".join((*NOT_KNOWING, *OBJECTING)))

# Words of a chat assistant, or of someone who talks about the role or the prompt.
_OUT_OF_ROLE = re.compile(
    r"\b(?:as an ai|language model|ai assistant|smollm|hugging face|chatbot|the profile|my profile"
    r"|play(?:ing)? the role|the role of|role-?play|the user|the question|the prompt)\b"
)


def refuses(reply: str) -> bool:
    """By the phrase rule of the shared judges, or in the way a role does: it says that it does not
    know, was not there, or that the question is wrong. `labelled.yaml` holds it to account."""
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
