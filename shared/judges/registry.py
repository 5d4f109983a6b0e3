"""What judges are called: in settings, and in tables and figures.

Apart from the judges themselves, so that a changed rule makes no step run again that only names it.
"""

from typing import Annotated

from pydantic import AfterValidator, TypeAdapter, ValidationError

from shared.errors import UserError
from shared.models.spec import ModelSpec, display_name
from shared.settings.plain import first

STRING_RULES = {
    "advbench": "AdvBench phrases",
    "xstest": "XSTest prefixes",
    "phrases": "Phrase rule",
}
EMBEDDING_CLASSIFIER = "Embedding classifier"
SEQUENCE_CLASSIFIER = "{} (classifier)"  # with the display name of its model
LLM_JUDGE = "{} (judge)"
RUBRIC_JUDGE = "{} (CoCoNot's rubric)"
FORMS = (
    f"{', '.join(f'strings:{rule}' for rule in STRING_RULES)}, classifier:embedding, "
    "classifier:hub:MODEL, classifier:path:FOLDER, llm:MODEL or rubric:MODEL"
)
_MODEL = TypeAdapter(ModelSpec)


def judge_name(judge: str) -> str:
    """The name of a judge in tables and figures. Raises `UserError` if there is no such judge."""
    kind, _, rest = judge.partition(":")
    if kind == "strings" and rest in STRING_RULES:
        return STRING_RULES[rest]
    if judge == "classifier:embedding":
        return EMBEDDING_CLASSIFIER
    named = {"classifier": SEQUENCE_CLASSIFIER, "llm": LLM_JUDGE, "rubric": RUBRIC_JUDGE}
    if kind not in named or (kind == "classifier" and not rest.startswith(("hub:", "path:"))):
        raise UserError(f"unknown judge '{judge}'; judges: {FORMS}")
    try:
        _MODEL.validate_python(rest)
    except ValidationError as error:
        raise UserError(f"judge '{judge}': {first(error, rest)}") from None
    return named[kind].format(display_name(rest))


def _known(judge: str) -> str:
    try:
        judge_name(judge)
    except UserError as error:
        raise ValueError(str(error)) from None
    return judge


JudgeSpec = Annotated[str, AfterValidator(_known)]  # how a setting names a judge
