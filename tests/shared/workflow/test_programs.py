from argparse import Namespace

import pytest

from shared.errors import UserError
from shared.workflow.programs import named

ARGUMENTS = Namespace(scale="cpu", variant="two")


def test_an_argument_names_an_entry():
    assert named(ARGUMENTS, "variant", {"one": 1, "two": 2}) == 2


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(UserError, match="unknown variant 'two' at scale cpu; known: one, three"):
        named(ARGUMENTS, "variant", {"one": 1, "three": 3})
