"""Open a judge by name. No torch for string rules, endpoints and names."""

from typing import Annotated

from pydantic import AfterValidator, TypeAdapter, ValidationError

from shared.chat.kept import Kept
from shared.chat.settings import Asked
from shared.errors import UserError
from shared.judges.judge import EMBEDDING_CLASSIFIER, LLM_JUDGE, SEQUENCE_CLASSIFIER, Judge
from shared.judges.strings import RULES, StringJudge
from shared.models.spec import ModelSpec, display_name, needs

FORMS = (
    f"{', '.join(f'strings:{rule}' for rule in RULES)}, classifier:embedding, "
    "classifier:hub:MODEL, classifier:path:FOLDER or llm:MODEL"
)
_MODEL = TypeAdapter(ModelSpec)


def judge_name(judge: str) -> str:
    """The name of a judge in tables and figures. Raises `UserError` if there is no such judge."""
    kind, _, rest = judge.partition(":")
    if kind == "strings" and rest in RULES:
        return RULES[rest].name
    if judge == "classifier:embedding":
        return EMBEDDING_CLASSIFIER
    named = {"classifier": SEQUENCE_CLASSIFIER, "llm": LLM_JUDGE}
    if kind not in named or (kind == "classifier" and not rest.startswith(("hub:", "path:"))):
        raise UserError(f"unknown judge '{judge}'; judges: {FORMS}")
    try:
        _MODEL.validate_python(rest)
    except ValidationError as error:
        raise UserError(f"judge '{judge}': {error.errors()[0]['msg']}") from None
    return named[kind].format(display_name(rest))


def judge_needs(judge: str) -> list[str]:
    """Files that a rule must have before this judge can be opened."""
    kind, _, rest = judge.partition(":")
    return needs(rest) if kind in ("classifier", "llm") else []


def _known(judge: str) -> str:
    try:
        judge_name(judge)
    except UserError as error:
        raise ValueError(str(error)) from None
    return judge


JudgeSpec = Annotated[str, AfterValidator(_known)]  # how a setting names a judge


def open_judge(
    judge: str,
    *,
    refusal_label: str | None = None,
    partial_counts: bool = False,
    kept: Kept | None = None,
    **asking,
) -> Judge:
    """The judge of a name.

    refusal_label is of a text-classification model; partial_counts, kept and `asking` (the
    arguments of `shared.chat.opening.open_chat`) are of a language model. Raises `UserError` if
    there is no such judge, or what it needs is not there.
    """
    judge_name(judge)
    kind, _, rest = judge.partition(":")
    if kind == "strings":
        return StringJudge(rest)
    if kind == "llm":
        from shared.chat.opening import open_chat
        from shared.judges.llm import LLMJudge

        return LLMJudge(open_chat(Asked(model=rest), **asking), kept, partial_counts=partial_counts)
    from shared.judges.classifier import EmbeddingClassifier, SequenceClassifier

    return EmbeddingClassifier() if rest == "embedding" else SequenceClassifier(rest, refusal_label)
