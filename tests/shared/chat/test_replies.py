import subprocess
import sys

import pytest

from shared.chat.replies import split_thoughts
from shared.settings import ROOT


@pytest.mark.parametrize(
    ("text", "reply", "thoughts"),
    [
        (" The cat. ", " The cat. ", ""),
        ("<think>Who?\nThe cat.</think>\n\nThe cat.", "The cat.", "Who?\nThe cat."),
        ("<think>\n\n</think>\n\nThe cat.", "The cat.", ""),
        ("<think>Who", "", "Who"),
        ("Who?</think>The cat.", "The cat.", "Who?"),
        ("Who?</think>The <think>Or?</think>cat.", "The cat.", "Who?\nOr?"),
        ("", "", ""),
    ],
    ids=["none", "some", "empty", "unclosed", "opened by the template", "twice", "nothing"],
)
def test_thoughts_are_no_part_of_the_reply(text, reply, thoughts):
    assert split_thoughts(text) == (reply, thoughts)


def test_asking_an_endpoint_loads_no_torch():
    code = (
        "import shared.chat.asking, shared.chat.endpoint, shared.chat.estimate, sys;"
        "print({'torch', 'transformers'} & {*sys.modules})"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout == "set()\n", run.stderr
