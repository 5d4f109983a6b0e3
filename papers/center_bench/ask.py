"""Ask one model the questions of CenterBench that a scale asks.

    python -m papers.center_bench.ask --scale cpu --run smollm2 \\
        --data results/cpu/center_bench/data \\
        --out results/cpu/center_bench/replies/smollm2.parquet \\
        --record results/cpu/center_bench/runs/ask-smollm2.json

One question a conversation. Each row of the result is one question:

    id                which question
    prediction        the reply without thoughts, null if none came
    reason            why none came
    thoughts_words    words of its thoughts
    reply_tokens      tokens of reply and thoughts
"""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from papers.center_bench.prompts import conversation
from papers.center_bench.settings import Part, Settings
from shared.chat.asking import ask, waiting
from shared.chat.cache import cached_replies
from shared.chat.estimate import estimate
from shared.chat.loading import open_chat
from shared.chat.replies import Reply
from shared.chat.settings import Asked
from shared.comparison.scores import write_scores
from shared.errors import one_line_errors
from shared.files import read_jsonl
from shared.models.spec import is_endpoint
from shared.workflow.programs import key_of, step_parser, step_settings
from shared.workflow.records import write_run

FILES = {"Generated": "generated.jsonl", "CenterBench": "official.jsonl"}  # by source


def asked_questions(folder: Path, asked: Mapping[str, Part]) -> list[dict]:
    """The questions of a scale: of each source the first sentences of a subset and level, and
    perhaps only those about their middle entity."""
    return [
        question
        for source, part in asked.items()
        for question in read_jsonl(folder / FILES[source])
        if int(question["sentence_id"].rpartition("/")[2]) <= part.sentences
        and (question["middle"] or not part.middle_only)
    ]


def stops(asked: Asked) -> tuple[str, ...]:
    """A model that runs here ends at its first line, which is all that is scored: small ones go
    on. A thinking model writes its thoughts first; an endpoint is asked as the paper asked."""
    return () if asked.thinking or is_endpoint(asked.model) else ("\n",)


def as_frame(questions: Sequence[Mapping], replies: Sequence[Reply]) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "id": [question["id"] for question in questions],
            "prediction": [reply.text for reply in replies],
            "reason": [reply.reason for reply in replies],
            "thoughts_words": [len(reply.thoughts.split()) for reply in replies],
            "reply_tokens": [reply.reply_tokens for reply in replies],
        }
    )
    return frame.astype(
        dict.fromkeys(("id", "prediction", "reason"), "string")
        | dict.fromkeys(("thoughts_words", "reply_tokens"), "Int32")
    )


def main() -> None:
    parser = step_parser(__doc__)
    parser.add_argument("--run", required=True, help="a model of the scale, by the name of its run")
    parser.add_argument("--data", type=Path, required=True)
    arguments = parser.parse_args()
    started = time.perf_counter()
    settings: Settings = step_settings("center_bench", arguments)
    asked = settings.run(arguments.run)
    questions = asked_questions(arguments.data, settings.asked)
    conversations = [conversation(question) for question in questions]

    chat = open_chat(asked, batch_size=settings.batch_size, batch_tokens=settings.batch_tokens)
    loaded = time.perf_counter()
    with cached_replies(asked.model, key_of(arguments.out.resolve())) as kept:
        how = {"stop": stops(asked), "kept": kept}
        if is_endpoint(asked.model):
            missing = waiting(chat, conversations, settings.max_new_tokens, **how)
            limit = settings.max_new_tokens + chat.extra_tokens
            cost = estimate([conversations[i] for i in missing], limit, asked.prices)
            print(f"{chat.name}: {cost}", flush=True)
        replies = ask(chat, conversations, settings.max_new_tokens, **how)
        write_scores(as_frame(questions, replies), arguments.out)
    write_run(
        arguments.record,
        started,
        settings=settings.model_dump(mode="json"),
        inputs=[arguments.data / FILES[source] for source in settings.asked],
        model=chat.name,
        replies=len(replies),
        without_reply=sum(reply.text is None for reply in replies),
        prompt_tokens=sum(reply.prompt_tokens for reply in replies),
        reply_tokens=sum(reply.reply_tokens for reply in replies),
        replies_per_second=round(len(replies) / (time.perf_counter() - loaded), 2),
    )


if __name__ == "__main__":
    one_line_errors(main)
