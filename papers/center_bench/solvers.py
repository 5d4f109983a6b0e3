"""Answers without a language model: one parser and two heuristics, on the same footing.

All three cut a sentence into its nouns and its verb phrases and take each noun to act on the noun
before it. They differ in which noun gets which verb:

    oracle          the verbs in reverse order, as English has it: the upper bound
    nearest-verb    the verbs in the order of the sentence, as if it were a plain one
    plausibility    the verbs that go best with the nouns, wherever they stand: the shortcut that
                    the paper suspects models of. What goes with what is the cosine between the
                    sentence embeddings of noun and verb phrase, summed over a whole assignment

They answer from the sentence and the question alone, in the wording of the published answers.
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from papers.center_bench.lemmas import base, bases, gerund, is_past
from papers.center_bench.questions import LEADS_TO, NO_CONSEQUENCE, NO_EVENTS

Encoder = Callable[[Sequence[str]], np.ndarray]


class Event(NamedTuple):
    """`subject` and `object` without article; `verb` is a phrase in the past."""

    subject: str
    verb: str
    object: str | None

    def told(self) -> str:
        return f"the {self.subject} {self.action(self.verb)}"

    def led(self) -> str:
        return f"the {self.subject} {self.action(gerund_phrase(self.verb))}"

    def action(self, verb: str) -> str:
        return f"{verb} the {self.object}" if self.object else verb


def read(sentence: str) -> tuple[list[str], list[str]] | None:
    """Nouns and verb phrases in the order of the sentence; as many of one as of the other.

    The words after the last "that the" are a noun and all verb phrases. A past form begins a verb
    phrase, except as the first of these words or after "the" ("treated the wound"). If there are
    too many, the last phrase takes the rest in; if there are too few, the result is None.
    """
    nouns = re.split(r"\s+that\s+the\s+", " ".join(sentence.strip(" .").split()))
    nouns[0] = nouns[0].removeprefix("The ")
    words = nouns.pop().split()
    starts = [
        place
        for place in range(1, len(words))
        if is_past(words[place]) and words[place - 1].lower() != "the"
    ][: len(nouns) + 1]
    if len(starts) <= len(nouns):
        return None
    nouns.append(" ".join(words[: starts[0]]))
    ends = [*starts[1:], len(words)]
    return nouns, [" ".join(words[start:end]) for start, end in zip(starts, ends, strict=True)]


def events(nouns: Sequence[str], verbs: Sequence[str]) -> list[Event]:
    """What happened in order, given the verb of each noun: the last noun acts first."""
    objects = [None, *nouns[:-1]]
    return [Event(*each) for each in zip(nouns, verbs, objects, strict=True)][::-1]


def oracle(sentence: str) -> list[Event] | None:
    found = read(sentence)
    return found and events(found[0], found[1][::-1])


def nearest_verb(sentence: str) -> list[Event] | None:
    found = read(sentence)
    return found and events(*found)


def plausibility(encoder: Encoder, sentences: Sequence[str]) -> list[list[Event] | None]:
    """Each sentence read with the assignment of verbs to nouns of the greatest summed cosine."""
    found = [read(sentence) for sentence in sentences]
    texts = list({text for each in found if each for text in each[0] + _bases(each[1])})
    vectors = dict(zip(texts, encoder(texts), strict=True))
    readings = []
    for each in found:
        if each:
            nouns, verbs = each
            left, right = ([vectors[text] for text in part] for part in (nouns, _bases(verbs)))
            _, chosen = linear_sum_assignment(np.array(left) @ np.array(right).T, maximize=True)
            each = events(nouns, [verbs[place] for place in chosen])
        readings.append(each)
    return readings


def solve(name: str, questions: pd.DataFrame, encoder: Encoder) -> list[str]:
    """Answers to questions (columns sentence, type and question), "" where there is none."""
    sentences = list(dict.fromkeys(questions["sentence"]))
    if name == "plausibility":
        readings = plausibility(encoder, sentences)
    else:
        readings = list(map({"oracle": oracle, "nearest-verb": nearest_verb}[name], sentences))
    reading = dict(zip(sentences, readings, strict=True))
    columns = zip(*(questions[name] for name in ("sentence", "type", "question")), strict=True)
    return [answer(reading[sentence] or [], *rest) for sentence, *rest in columns]


def answer(happened: Sequence[Event], kind: str, question: str) -> str:
    """What follows from a reading of the sentence, "" if nothing does.

    The question names an entity, or a verb ("What chased the cat?", "the entity that was
    chased"), which says which event it is about.
    """
    if not happened:
        return ""
    if kind == "entity_count":
        return str(len(happened))
    own = _done_by_whom_it_names(happened, question)
    if kind == "agent_identification":
        if " affected by the " not in question:
            return f"the {_told_of(happened, question, own).subject}"
        return f"the {own.object}" if own and own.object else ""
    if kind == "nested_dependency":
        first = own if " acted upon by the " in question else _told_of(happened, question)
        then = first and done_by(happened, first.object)
        return then.action(then.verb) if then else ""
    if own is None:
        return ""
    if kind == "action_performed":
        return own.action(base_phrase(own.verb))
    if kind == "causal_sequence":
        return LEADS_TO.join(map(Event.led, happened[: happened.index(own)])) or NO_EVENTS
    then = done_by(happened, own.object)
    return then.told() if then else NO_CONSEQUENCE


def done_by(happened: Sequence[Event], entity: str | None) -> Event | None:
    """The event with this subject, which may be named in short ("photographer")."""
    if entity is None:
        return None
    name = entity.lower().split()
    own = [event for event in happened if event.subject.lower().split()[-len(name) :] == name]
    return min(own, key=lambda event: len(event.subject), default=None)


def base_phrase(verb: str) -> str:
    first, _, rest = verb.partition(" ")
    return f"{base(first)} {rest}".rstrip()


def gerund_phrase(verb: str) -> str:
    first, _, rest = verb.partition(" ")
    return f"{gerund(first)} {rest}".rstrip()


def _bases(verbs: Sequence[str]) -> list[str]:
    return [base_phrase(verb) for verb in verbs]


def _done_by_whom_it_names(happened: Sequence[Event], question: str) -> Event | None:
    """The event whose subject the question names last; it may name it in short."""
    words = question.lower().replace("'s", "").strip("?").split()
    for end in range(len(words), 0, -1):
        for start in range(end):
            if own := done_by(happened, " ".join(words[start:end])):
                return own
    return None


def _told_of(happened: Sequence[Event], question: str, whom: Event | None = None) -> Event:
    """The event whose verb phrase shares most words with the question; of equals the one done to
    the subject of `whom`, then the earliest."""
    asked = [bases(word) for word in question.strip("?").split() if word != "the"]

    def shared(event: Event) -> tuple[int, float, bool]:
        words = [bases(word) for word in event.verb.split()]
        found = sum(any(word & other for other in asked) for word in words)
        return found, found / len(words), bool(whom) and event.object == whom.subject

    return max(happened, key=shared)
