"""When a judge that gives verdicts is called broken."""

from collections.abc import Sequence

from shared.chat.replies import Reply
from shared.errors import UserError

ENOUGH = 20  # verdicts from which on that can be told
SHOWN = 60  # characters of an answer


def check_verdicts(
    judge: str,
    verdicts: Sequence[object | None],
    expected: str,
    answers: Sequence[Reply] = (),
) -> None:
    """Raise `UserError` if more than half of 20 or more verdicts are missing (None): then it is the
    judge that does not work. answers: what the judge said, of which the first unread one is shown.
    """
    missing = verdicts.count(None)
    if len(verdicts) < ENOUGH or missing <= len(verdicts) / 2:
        return
    said = ""
    if answers:
        first = answers[verdicts.index(None)]
        end = f"no reply ({first.reason})" if first.text is None else repr(first.text[-SHOWN:])
        said = f" the first ended in {end},"
    raise UserError(
        f"judge {judge} gave no verdict for {missing} of {len(verdicts)};{said} expected {expected}"
    )
