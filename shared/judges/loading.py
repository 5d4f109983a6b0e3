"""Open judges by name. No torch for string rules and endpoints."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from shared.chat.settings import Asked
from shared.judges.judge import Judge
from shared.judges.llm import LLMJudge
from shared.judges.registry import judge_name
from shared.judges.rubric import Rubric, RubricJudge
from shared.judges.strings import StringJudge


@contextmanager
def open_judges(
    judges: Sequence[str], key: str, rubrics: Mapping[str, Rubric] | None = None, **asking
) -> Iterator[list[Judge]]:
    """The judges of these names.

    rubrics: of requests, for a judge that reads them. What a language model says is kept until the
    block ends (`key`: see `shared.chat.cache.cached_replies`); `asking` are arguments of
    `shared.chat.loading.open_chat` for it. Raises `UserError` if there is no such judge, or what it
    needs is not there.
    """
    with ExitStack() as stack:
        yield [
            stack.enter_context(_open(judge, f"{key}-{place}", rubrics, asking))
            for place, judge in enumerate(judges)
        ]


@contextmanager
def _open(
    judge: str, key: str, rubrics: Mapping[str, Rubric] | None, asking: dict
) -> Iterator[Judge]:
    judge_name(judge)
    kind, _, rest = judge.partition(":")
    if kind == "strings":
        yield StringJudge(rest)
    elif kind in ("llm", "rubric"):
        from shared.chat.loading import kept_chat

        with kept_chat(Asked(model=rest), key, **asking) as (chat, kept):
            yield LLMJudge(chat, kept) if kind == "llm" else RubricJudge(chat, rubrics, kept)
    else:
        from shared.judges.classifier import EmbeddingClassifier, SequenceClassifier

        yield EmbeddingClassifier() if rest == "embedding" else SequenceClassifier(rest)
