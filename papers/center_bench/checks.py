"""What can be counted in the released files, and where they contradict themselves.

`official_data` gives one row a question; every other number is computed from these rows alone.

    id, subset, level, type, sentence_id, middle    as in `official.jsonl`
    sentence_words                 words of its sentence
    printed_total                  questions of its level, as the file states it
    constant                       the answer is the most frequent one of its type and subset (of
                                   equally frequent ones the first by the alphabet)
    structure_wrong                the sentence can't be put together again from its `structure`
    middle_slip                    it is flagged as about the middle noun and is not, or is about
                                   it and is not flagged
    gold_differs_from_structure    the answer is not the one that follows from `structure`
    ambiguous                      its sentence has the same question with another answer
    entity_slip                    it stands under another noun than the one it says it is about
    stray_spaces                   in the answer: at an end, or two in a row
    no_question_mark
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

import pandas as pd

from papers.center_bench.official import Item, Question, records
from papers.center_bench.questions import LEADS_TO, NO_CONSEQUENCE, NO_EVENTS

OF_SENTENCES = ("structure_wrong", "middle_slip")
OF_QUESTIONS = (
    "gold_differs_from_structure",
    "ambiguous",
    "entity_slip",
    "stray_spaces",
    "no_question_mark",
)
COLUMNS = {
    "id": "string",
    "subset": "string",
    "level": "int64",
    "type": "string",
    "sentence_id": "string",
    "middle": "bool",
    "sentence_words": "int64",
    "printed_total": "int64",
    "constant": "bool",
    **dict.fromkeys(OF_SENTENCES + OF_QUESTIONS, "bool"),
}


def official_data(items: Sequence[Item]) -> pd.DataFrame:
    """One row a question, with the columns COLUMNS; none without items."""
    answers = defaultdict(Counter)  # of a subset and type
    golds = defaultdict(set)  # of a sentence and question
    for item, noun, asked in _all(items):
        answers[item.subset, asked.type][_plain(asked.answer)] += 1
        if asked.entity == noun:
            golds[item.sentence_id, _plain(asked.question)].add(_plain(asked.answer))
    most = {key: min(own, key=lambda text: (-own[text], text)) for key, own in answers.items()}
    rows = []
    for record, (item, noun, asked) in zip(records(items), _all(items), strict=True):
        question, answer = _plain(asked.question), _plain(asked.answer)
        slip = asked.entity != noun
        found = {
            "sentence_words": len(item.sentence.split()),
            "printed_total": item.printed_total,
            "constant": answer == most[item.subset, asked.type],
            "structure_wrong": _rebuilt(item) != item.sentence,
            "middle_slip": asked.is_middle_entity != (noun == item.middle),
            "gold_differs_from_structure": not _follows(item, noun, asked),
            "ambiguous": not slip and len(golds[item.sentence_id, question]) > 1,
            "entity_slip": slip,
            "stray_spaces": answer != asked.answer,
            "no_question_mark": not question.endswith("?"),
        }
        rows.append({**record, **found})
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def _all(items: Sequence[Item]) -> list[tuple[Item, str, Question]]:
    """Every question with its sentence and the noun it stands under."""
    return [
        (item, noun, asked)
        for item in items
        for noun, questions in item.questions_by_entity.items()
        for asked in questions
    ]


def _rebuilt(item: Item) -> str:
    nouns = " that the ".join(event.subject for event in item.structure)
    return f"The {nouns} {' '.join(event.action for event in reversed(item.structure))}."


def _follows(item: Item, noun: str, asked: Question) -> bool:
    """Whether `structure` leads to this answer; of a causal sequence only its length is compared.

    Not asked of actions, whose base form `structure` does not have, and of counts.
    """
    events = item.structure
    place = [event.subject for event in events].index(noun)
    innermost = place == len(events) - 1
    then = events[place - 1] if place else None
    answer = _plain(asked.answer)
    if asked.type == "agent_identification":
        agent = then if innermost else events[place + 1]
        return answer == f"the {agent.subject}"
    if asked.type == "nested_dependency":
        return answer == (then if innermost else events[place]).acted
    if asked.type == "chain_consequence":
        return answer == (f"the {then.subject} {then.acted}" if then else NO_CONSEQUENCE)
    if asked.type == "causal_sequence":
        causes = 0 if answer == NO_EVENTS else answer.count(LEADS_TO) + 1
        return causes == len(events) - 1 - place
    return True


def _plain(text: str) -> str:
    return " ".join(text.split())
