"""For tests of what a user is told."""

import pytest

from shared.errors import UserError


def one_line(action, *arguments):
    """What a `UserError` says, which is one line and no program's own words."""
    with pytest.raises(UserError) as error:
        action(*arguments)
    said = str(error.value)
    assert "\n" not in said and "function-after" not in said and "validation" not in said
    return said
