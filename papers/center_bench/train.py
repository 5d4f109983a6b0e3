"""Train a small reader from nothing on lessons about sentences of the first levels.

Every token of a lesson is learnt, the sentence too: words that come back are what teaches a small
model to look back for them. Writes an ordinary model folder.
"""

from pathlib import Path

from papers.center_bench.asked import FILE_OF
from papers.center_bench.lessons import THINK, THINKING, THOUGHT, lessons
from shared.files import read_jsonl
from shared.models.small_lm import vocabulary
from shared.runner.step import Run, step
from shared.training.examples import Segment, from_segments
from shared.training.from_nothing import train_from_nothing

READS = ("model", "reader")


def train(run: Run, data: Path, seed: int) -> dict:
    """Train one reader on lessons of its own seed."""
    reader = run.settings.reader
    test = read_jsonl(data / FILE_OF["Generated"])
    texts = list(lessons(reader, seed, {row["sentence"] for row in test}))
    asked = [f"{row['sentence']}\n{row['question']}\n {row['answer']}" for row in test]
    tokenizer = vocabulary(run.settings.model.vocabulary, [*texts, *asked], template=THINKING)
    tokenizer.add_tokens([THINK, THOUGHT])
    whole = [[Segment(text, True)] for text in texts]
    length = reader.training.max_length
    examples = [from_segments(tokenizer, text, max_length=length) for text in whole]
    return train_from_nothing(run, tokenizer, examples, reader.training, seed)


if __name__ == "__main__":
    step(train)
