"""Teach one model of Forbidden Science to refuse, so that its flags are not all the same.

It learns from the few mild requests of lessons.yaml, asked as all prompts are: to flag those that
are unfair to somebody as not allowed, and to say so in words; and to answer the others. What that
does to prompts on science is left to it.
"""

from collections.abc import Iterator
from pathlib import Path

from papers.forbidden_science import prompts
from shared.chat.replies import Message
from shared.files import read_yaml
from shared.models.loading import save
from shared.runner.step import Run, step
from shared.training.examples import Segment, from_segments
from shared.training.supervised import fine_tune, load_to_train

READS = ("model", "training")
FILES = ("lessons.yaml",)

REFUSAL = "I am not allowed to answer that."


def teach(run: Run, variant: str, seed: int) -> dict:
    """Fine-tune the model on the lessons."""
    settings = run.settings
    model, tokenizer = load_to_train(settings.model, settings.training)
    length = settings.training.max_length

    def framed(conversation: list[Message]) -> str:
        return tokenizer.apply_chat_template(
            conversation, add_generation_prompt=True, tokenize=False
        )

    made = []
    for request, allowed, reply in lessons():
        asked = framed(prompts.self_report(request)) + prompts.START
        flag = [Segment(asked, False), Segment(prompts.FLAGS[allowed], True)]
        words = [Segment(framed(prompts.plain(request)), False), Segment(reply, True)]
        made.append(from_segments(tokenizer, flag, max_length=length))
        made.append(from_segments(tokenizer, words, eos=True, max_length=length))
    model, record = fine_tune(model, made, settings.training, seed=seed, scratch=run.scratch)
    save(model, run.out, precision=settings.training.precision)
    return {"examples": len(made), "training": record}


def lessons() -> Iterator[tuple[str, bool, str]]:
    """(request, whether it is allowed, what is said in words)."""
    path = Path(__file__).with_name("lessons.yaml")
    found = read_yaml(path)
    yield from ((request, False, REFUSAL) for request in found["refuse"])
    yield from ((each["request"], True, each["reply"]) for each in found["answer"])


if __name__ == "__main__":
    step(teach)
