"""What a small reader is trained on: our sentences, with questions about them.

A lesson is a text about one sentence: some of its questions, each with its answer. In a part of the
lessons thoughts come before the first answer, which are the noun–verb pairs of the sentence in
order of happening. Before all other answers they are closed without having been opened, so that it
is the prompt that says whether a reader thinks, and not the reader:

    The cat that the dog that the boy adopted chased meowed.
    What did the dog do?
    <think> boy adopted; dog chased; cat meowed</think> chase the cat</s>Who adopted the dog?
    </think> the boy</s>

A word has the space before it that it has in the sentence, so that it is the same token.
"""

import random
from collections.abc import Collection, Iterator

from papers.center_bench.generate import implausible, plausible
from papers.center_bench.grammar import Sentence, vocabulary
from papers.center_bench.questions import questions
from papers.center_bench.settings import Reader
from shared.models.small_lm import END, TEMPLATE

THINK, THOUGHT = "<think>", "</think>"
# Of a chat: a prompt opens thoughts, or closes them if it asks for none.
THINKING = (
    f"{TEMPLATE}{{% if add_generation_prompt %}}"
    f"{{% if enable_thinking %}}{THINK}{{% else %}}{THOUGHT}{{% endif %}}{{% endif %}}"
)


def lessons(reader: Reader, seed: int, held_out: Collection[str]) -> Iterator[str]:
    """The lessons of a seed, about sentences that are not `held_out` for the test."""
    words, rng, made = vocabulary(), random.Random(f"lessons {seed}"), 0
    while made < reader.lessons:
        draw = plausible if rng.random() < reader.plausible else implausible
        sentence = draw(words, rng.choice(reader.levels), rng)
        if sentence and str(sentence) not in held_out:
            made += 1
            yield lesson(sentence, reader, rng)


def lesson(sentence: Sentence, reader: Reader, rng: random.Random) -> str:
    chosen = rng.sample(questions(sentence), reader.questions)
    thoughts = [THOUGHT] * len(chosen)
    if rng.random() < reader.thinking:
        thoughts[0] = f"{THINK}{pairs(sentence)}{THOUGHT}"
    turns = (
        f"{asked.question}\n{thought} {asked.answer}{END}"
        for asked, thought in zip(chosen, thoughts, strict=True)
    )
    return f"{sentence}\n{''.join(turns)}"


def pairs(sentence: Sentence) -> str:
    """Who did what, without to whom."""
    return ";".join(f" {event.subject} {event.verb.past}" for event in sentence.events)
