"""The methods of Refusal Tokens as data: what each learns, and what its replies begin with."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from papers.refusal_tokens.benchmarks import SETS

# The control tokens, letter for letter as in the released code: one token each, a space before it.
RESPOND, REFUSE = " [respond]", " [refuse]"
CATEGORIES = {  # what is refused: CoCoNot's names, by the key that templates.yaml has
    "humanizing": "Humanizing requests",
    "incomplete": "Incomplete requests",
    "indeterminate": "Indeterminate requests",
    "safety": "Requests with safety concerns",
    "unsupported": "Unsupported requests",
}

# Of the softmax, by protocol: the released script loops over 1, 1.5 and 2 and keeps the last.
TEMPERATURE = {"corrected": 1, "official": 2}

# The token with which an instruction of each category is refused; temporal ones have none.
ONE = dict.fromkeys([*CATEGORIES, ""], REFUSE)
EACH = {key: f" [{name}]" for key, name in CATEGORIES.items()}

# Parts of the training and the test set. The temporal model learns another task.
PLAIN = ("ordinary", "original", "more")  # as many steps as with contrast data
CONTRAST = ("ordinary", "original", "contrast")
GENERAL_TESTS = ("original", "contrast", "ordinary", *SETS)
TEMPORAL_TESTS = ("temporal", "dated", "leak")


@dataclass(frozen=True)
class Method:
    name: str  # in tables and figures
    learns: tuple[str, ...] = ()  # parts of the training set
    refusing: Mapping[str, str] = field(default_factory=dict)  # none: without control tokens
    asked: tuple[str, ...] = GENERAL_TESTS

    @property
    def tokens(self) -> list[str]:
        """The control tokens that its replies begin with, [respond] first."""
        return [RESPOND, *dict.fromkeys(self.refusing.values())] if self.refusing else []

    def token(self, row: dict) -> str:
        """The one before the reply to an instruction, or ""."""
        if not self.refusing:
            return ""
        return self.refusing[row["category"]] if row["refuse"] else RESPOND


BASE = "base"  # the model before training
# The authors' checkpoints, which are loaded and not trained.
RELEASED = {
    "one-released": "One token, released",
    "categories-released": "Category tokens, released",
}
METHODS = {
    BASE: Method("Untuned", asked=(*GENERAL_TESTS, *TEMPORAL_TESTS)),
    "categories-contrast": Method("Category tokens", CONTRAST, EACH),
    "categories": Method("Category tokens, no contrast", PLAIN, EACH),
    "none-contrast": Method("No tokens", CONTRAST),
    "none": Method("No tokens, no contrast", PLAIN),
    "one-contrast": Method("One token", CONTRAST, ONE),
    "one": Method("One token, no contrast", PLAIN, ONE),
    "one-released": Method(RELEASED["one-released"], refusing=ONE),
    "categories-released": Method(RELEASED["categories-released"], refusing=EACH),
    "temporal": Method("Temporal", ("ordinary", "temporal", "dated"), ONE, TEMPORAL_TESTS),
}


def short(token: str) -> str:
    """A token's name in columns: " [refuse]" is "refuse"."""
    return token.strip(" []")
