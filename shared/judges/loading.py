"""Open a judge by name. No torch for string rules and endpoints."""

from shared.chat.cache import ReplyCache
from shared.chat.settings import Asked
from shared.judges.judge import Judge
from shared.judges.registry import judge_name
from shared.judges.strings import StringJudge


def open_judge(
    judge: str,
    *,
    refusal_label: str | None = None,
    partial_counts: bool = False,
    kept: ReplyCache | None = None,
    **asking,
) -> Judge:
    """The judge of a name.

    refusal_label is of a text-classification model; partial_counts, kept and `asking` (the
    arguments of `shared.chat.loading.open_chat`) are of a language model. Raises `UserError` if
    there is no such judge, or what it needs is not there.
    """
    judge_name(judge)
    kind, _, rest = judge.partition(":")
    if kind == "strings":
        return StringJudge(rest)
    if kind == "llm":
        from shared.chat.loading import open_chat
        from shared.judges.llm import LLMJudge

        return LLMJudge(open_chat(Asked(model=rest), **asking), kept, partial_counts=partial_counts)
    from shared.judges.classifier import EmbeddingClassifier, SequenceClassifier

    return EmbeddingClassifier() if rest == "embedding" else SequenceClassifier(rest, refusal_label)
