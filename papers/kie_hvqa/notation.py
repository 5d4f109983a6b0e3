"""How KIE-HVQA writes what can be read: characters with their class, tags, the JSON answer.

The tags of section 3: `B<part_occluded>[e]au<occluded>[ti]ful` (Figure 4), or, with one bare
`<occluded>` a character, `B<part_occluded>[e]au<occluded><occluded>ful` (Figure 2).
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from shared.data.degradation import Legibility
from shared.errors import UserError

PARTLY, HIDDEN = "<part_occluded>", "<occluded>"
# Parts of the answer, in their order → their keys.
KEYS = {
    "clear": "clear Char-level OCR",
    "not_clear": "not clear enough Char-level OCR",
    "clear_count": "clear number",
    "not_clear_count": "not clear enough number",
    "final": "Final OCR",
}
THINK, THOUGHT, ANSWER, ANSWERED = "<think>", "</think>", "<answer>", "</answer>"

# The parts of a reply that are always the same. A model that spells has a token for each.
PIECES = (
    THINK, THOUGHT, ANSWER, ANSWERED, f"{PARTLY}[", HIDDEN,
    f'{{"{KEYS["clear"]}": "', f'", "{KEYS["not_clear"]}": "', f'", "{KEYS["clear_count"]}": ',
    f', "{KEYS["not_clear_count"]}": ', f', "{KEYS["final"]}": "', '"}',
)  # fmt: skip

_TAGGED = re.compile(
    rf"{PARTLY}\[(?P<partly>[^\]]+)\]|{HIDDEN}(?:\[(?P<hidden>[^\]]*)\])?|(?P<clear>.)", re.DOTALL
)
_FORM = re.compile(rf"\s*{THINK}(.*?){THOUGHT}\s*{ANSWER}(.*?){ANSWERED}\s*", re.DOTALL)
_ANSWER = re.compile(rf"{ANSWER}(.*?)(?:{ANSWERED}|$)", re.DOTALL)
_OBJECT = re.compile(r"\{.*\}", re.DOTALL)


class Character(NamedTuple):
    text: str  # empty: a hidden character that nobody knows
    legibility: Legibility


@dataclass(frozen=True)
class Answer:
    """The structured answer. A count that was not given, or is no whole number, is None."""

    clear: str
    not_clear: str
    final: str
    clear_count: int | None = None
    not_clear_count: int | None = None


def parse_tags(text: str) -> list[Character]:
    """The characters of a text in either notation."""
    found = []
    for match in _TAGGED.finditer(text):
        if match["clear"]:
            found.append(Character(match["clear"], "clear"))
        elif match["partly"]:
            found += [Character(letter, "partly") for letter in match["partly"]]
        else:
            found += [Character(letter, "hidden") for letter in match["hidden"] or [""]]
    return found


def write_tags(characters: Iterable[Character], reveal: bool = False) -> str:
    """Tags one by one. `reveal` writes down what a hidden character was (Figure 4)."""
    marks = {
        "clear": "{}",
        "partly": PARTLY + "[{}]",
        "hidden": HIDDEN + "[{}]" if reveal else HIDDEN,
    }
    return "".join(marks[kind].format(text) for text, kind in characters)


def true_answer(characters: Sequence[Character]) -> Answer:
    """The answer that the classes ask for: hidden characters are a space in the final text."""
    clear, partly = (
        [text for text, kind in characters if kind == wanted] for wanted in ("clear", "partly")
    )
    final = "".join(" " if kind == "hidden" else text for text, kind in characters)
    return Answer("".join(clear), "".join(partly), final, len(clear), len(partly))


def write_answer(answer: Answer) -> str:
    fields = {key: getattr(answer, part) for part, key in KEYS.items()}
    return json.dumps(fields, ensure_ascii=False)


def write_reply(characters: Sequence[Character]) -> str:
    """What cold start teaches: the characters with their tags as the thought, then the answer."""
    thought, answer = write_tags(characters), write_answer(true_answer(characters))
    return f"{THINK}{thought}{THOUGHT}{ANSWER}{answer}{ANSWERED}"


def parse_answer(text: str) -> Answer | None:
    """The answer in a reply, in its tags or bare, or None if there is none that can be read."""
    inside = _ANSWER.search(text)
    found = _OBJECT.search(inside[1] if inside else text)
    try:
        fields = json.loads(found[0]) if found else None
    except (json.JSONDecodeError, RecursionError):
        return None
    return _answer(fields)


def parse_truth(text: str, where: str) -> Answer:
    """The answer of a row of the benchmark; `UserError` at `where` if it is malformed."""
    try:
        answer = _answer(json.loads(text))
    except (json.JSONDecodeError, TypeError):
        answer = None
    if answer is None:
        raise UserError(f"{where}: answer {text!r:.60}; expected JSON with {KEYS['final']!r}")
    return answer


def has_form(reply: str) -> bool:
    """Whether a reply is one thought and one answer that can be read, and nothing else."""
    match = _FORM.fullmatch(reply)
    return bool(match) and parse_answer(f"{ANSWER}{match[2]}{ANSWERED}") is not None


def _answer(fields: object) -> Answer | None:
    if not isinstance(fields, dict):
        return None
    found = {part: fields.get(key) for part, key in KEYS.items()}
    texts = {part: _text(found[part]) for part in ("clear", "not_clear", "final")}
    if None in texts.values():
        return None
    counts = {part: _count(found[part]) for part in ("clear_count", "not_clear_count")}
    return Answer(**texts, **counts)


def _text(value: object) -> str | None:
    """A field's text; models also list the characters one by one."""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "".join(value)
    return value if isinstance(value, str) else None


def _count(value: object) -> int | None:
    if isinstance(value, str) and value.strip().isdecimal():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
