"""Snakemake's reasons, as it writes them, with what has changed in place of all values."""

import pytest

from shared.workflow.reasons import changed, shortened

SAID = "Params have changed since last execution: "


def of(before, now):
    """As snakemake.jobs.Reason writes it; the values of each side have no order."""

    def each(values):
        return ",".join(map(repr, values)) or "<nothing exclusive>"

    union = "Union of exclusive params before and now across all output: "
    return f"{SAID}{union}before: {each(before)} now: {each(now)} "


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (
            ['{"training":{"learning_rate":0.001,"epochs":2},"prompt":"a; b\' now: \'c"}'],
            ['{"training":{"learning_rate":0.0003,"epochs":2},"prompt":"a; b\' now: \'c"}'],
            "training.learning_rate: 0.001 → 0.0003",
        ),
        (['{"a":1,"b":0}'], ['{"a":2,"c":true}'], "a: 1 → 2, b: 0 → nothing, c: nothing → true"),
        (["0123456789abcdef"], ["0123456789abcdee"], "code"),
        (
            ["0123456789abcdef", '{"a":[1]}', '{"source":"x"}'],
            ['{"source":"y"}', '{"a":[1,2]}', "0123456789abcdee"],
            "code, a: [1] → [1, 2], source: x → y",
        ),
        (
            ['{"name":"A","rate":1}\n{"name":"B","rate":1}'],
            ['{"name":"A","rate":1}\n{"name":"B","rate":2}'],
            "B.rate: 1 → 2",
        ),
        (['{"prompt":"a\\n b"}'], ['{"prompt":"c"}'], "prompt: a b → c"),
        ([], ["/a/mirror"], "/a/mirror"),
        (["/a/mirror"], [], "/a/mirror is gone"),
        (['{"text":"' + "x" * 99 + '"}'], ['{"text":"y"}'], f"text: {'x' * 59}… → y"),
    ],
)  # fmt: skip
def test_what_has_changed_is_shown_and_nothing_else(before, now, said):
    assert shortened(of(before, now)) == SAID + said
    after = shortened(f"Code has changed; {of(before, now)}; Software environment has changed")
    assert after == f"Code has changed; {SAID}{said}; Software environment has changed"
    assert changed(after) == said


def test_other_reasons_are_as_they_are():
    reason = "Missing output files: a; Input files updated by another job: b"
    assert shortened(reason) == reason and changed(reason) == ""
