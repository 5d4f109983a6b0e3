"""How unsure another model is of the training questions (Tables 5 and 11): it answers each several
times, in steps of thought.

Each row of the result is one training question: `dataset`, `id`, and `entropy` of the answers, in
nats; null where any of them did not come.
"""

from pathlib import Path

from papers.r_tuning import prompts
from papers.r_tuning.questions import read_questions
from papers.r_tuning.settings import Asker
from shared.chat import asking
from shared.chat.loading import kept_chat
from shared.chat.replies import Reply
from shared.comparison.scores import as_frame, write_scores
from shared.errors import UserError
from shared.metrics.uncertainty import answer_entropy
from shared.runner.step import Run, step

READS = ("asker", "precision")


def ask(run: Run, data: Path) -> dict:
    """Ask the asker of the settings; what that costs is said before."""
    asker = run.settings.asker
    if not asker:
        raise UserError("asker: found none at this scale; expected a model to ask")
    rows = [row for row in read_questions(data, asker.task) if row["split"] == "train"]
    drawn = [replies(run, asker, rows, draw) for draw in range(asker.samples)]
    answers = [[each.text for each in several] for several in zip(*drawn, strict=True)]
    scores = [
        {"dataset": row["dataset"], "id": row["id"], "entropy": entropy(own)}
        for row, own in zip(rows, answers, strict=True)
    ]
    write_scores(as_frame(scores), run.out)
    flat = [reply for several in drawn for reply in several]
    return {
        "questions": len(rows),
        "without_reply": sum(reply.text is None for reply in flat),
        "prompt_tokens": sum(reply.prompt_tokens for reply in flat),
        "tokens": sum(reply.reply_tokens for reply in flat),
    }


def replies(run: Run, asker: Asker, rows: list[dict], draw: int) -> list[Reply]:
    """One reply to each question. The number of the draw is sent as its seed, so that what is
    kept of one draw is never taken for another's."""
    body = {**asker.body, "temperature": asker.temperature, "seed": draw}
    conversations = [[{"role": "user", "content": prompts.in_steps(row)}] for row in rows]
    told = asker.model_copy(update={"body": body})
    with kept_chat(told, f"{run.key}-{draw}", precision=run.settings.precision) as (chat, kept):
        limits = (conversations, asker.reply_tokens)
        cost = asking.remaining_cost(chat, *limits, asker.prices, kept=kept)
        print(f"draw {draw + 1} of {asker.samples}: {cost}", flush=True)
        return asking.ask(chat, *limits, kept=kept)


def entropy(answers: list[str | None]) -> float | None:
    """Of the answers that replies end in."""
    if None in answers:
        return None
    return answer_entropy([prompts.last_answer(reply) for reply in answers])


if __name__ == "__main__":
    step(ask)
