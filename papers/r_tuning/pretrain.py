"""Make a small model that knows a part of what it will be asked.

It learns to go on with a question and its answer, of all tasks and all splits; how often it reads
each is drawn, and some it never reads. What is written is an ordinary model folder.
"""

from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path

import numpy as np

from papers.r_tuning import prompts
from papers.r_tuning.questions import read_questions
from shared.models.small_lm import vocabulary
from shared.runner.step import Run, step
from shared.training.examples import Segment, from_segments
from shared.training.from_nothing import expect_small, train_from_nothing

READS = ("model", "tasks", "prompt", "reading")


def pretrain(run: Run, data: Path, seed: int) -> dict:
    """Train one small model from nothing. seed: of its weights and of what it reads how often."""
    settings, reading = run.settings, run.settings.reading
    expect_small(settings.model)
    rows = [row for t in settings.tasks for row in read_questions(data, t, unanswerable=True)]
    rows = list({row["question"]: row for row in rows}.values())
    tokenizer = vocabulary(settings.model.vocabulary, words(rows, settings.prompt))
    texts = [
        f"{prompts.prompt(row, settings.prompt)} {row['answers'][0]}."
        for row in rows
        if row["answers"]
    ]
    times = dealt(reading.times, len(texts), seed)
    examples = [
        from_segments(tokenizer, [Segment(text, True)], max_length=reading.training.max_length)
        for text, often in zip(texts, times, strict=True)
        for _ in range(often)
    ]
    record = train_from_nothing(run, tokenizer, examples, reading.training, seed)
    return {"questions": len(texts), "readings": len(examples), **record}


def dealt(times: Sequence[int], questions: int, seed: int) -> list[int]:
    """How often each question is read: each of `times` for as many questions as any other."""
    whole = [times[place % len(times)] for place in range(questions)]
    return np.random.default_rng(seed).permutation(whole).tolist()


def words(rows: Sequence[dict], template: str) -> Iterator[str]:
    """What the vocabulary is learnt from: the questions, those without an answer too, so that their
    names do not show by their length; the answers; and all that fine-tuning will add to them."""
    said = [f"{prompts.SELF_CHECK} I am{word}." for word in (prompts.SURE, prompts.UNSURE)]
    said += prompts.REFUSALS["corrected"]
    said += [f"{prompts.MIN_LOSS_LEAD}{prompts.MIN_LOSS_REFUSAL}.", prompts.MAY_REFUSE]
    for row, more in zip(rows, cycle(said), strict=False):
        yield " ".join([prompts.prompt(row, template), *row["answers"][:1], more.strip()])


if __name__ == "__main__":
    step(pretrain)
