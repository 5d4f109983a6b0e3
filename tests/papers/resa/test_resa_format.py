"""Replies with a check: what is written is read back, and anything else is malformed."""

import pytest

from papers.resa.reply_format import Parts, Wording, fake_check, read, shown, write

PAPER = Wording(lead="The idea is:", bridge="But wait.", query_lead="Let me check.")
SHORT = Wording(lead="", bridge="But wait.", query_lead="", separator="")
THINK = PAPER.model_copy(update={"outer": "think"})
BRIEF = SHORT.model_copy(update={"outer": "check", "inner": "plan"})
PARTS = Parts("Sorry, no.", "It breaks Spoilers: endings stay untold.", "Tell how it ends.")


def test_the_reply_of_the_papers_template():
    assert write("answer-check", PARTS, PAPER) == (
        "<safety_check>\nThe idea is:\n"
        "<intended_answer_summary>Tell how it ends.</intended_answer_summary>\n"
        "But wait. It breaks Spoilers: endings stay untold.\n</safety_check>\nSorry, no."
    )
    assert write("query-check", PARTS, PAPER) == (
        "<safety_check>\nLet me check. It breaks Spoilers: endings stay untold.\n</safety_check>\n"
        "Sorry, no."
    )
    assert write("direct", PARTS, PAPER) == "Sorry, no."


@pytest.mark.parametrize("wording", [PAPER, SHORT, THINK, BRIEF])
@pytest.mark.parametrize("style", ["answer-check", "query-check", "direct"])
def test_what_is_written_is_read_back(style, wording):
    kept = {"answer-check": 3, "query-check": 2, "direct": 1}[style]
    expected = Parts(*PARTS[:kept])
    assert read(style, write(style, PARTS, wording), wording) == expected
    assert read(style, f"\n {write(style, PARTS, wording)} \n", wording) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Sorry, no.",
        "<safety_check><intended_answer_summary>a</intended_answer_summary>b",  # never closed
        "<safety_check><intended_answer_summary>a</intended_answer_summary>b</safety_check>",
        "<safety_check><intended_answer_summary>a</intended_answer_summary>b</safety_check> \n",
        "<safety_check><intended_answer_summary>a</intended_answer_summary></safety_check>c",
        "<safety_check><intended_answer_summary></intended_answer_summary>b</safety_check>c",
        "<safety_check><intended_answer_summary> </intended_answer_summary>b</safety_check>c",
        "<safety_check>b</safety_check>c",
        "<intended_answer_summary>a</intended_answer_summary><safety_check>b</safety_check>c",
        "Well. <safety_check><intended_answer_summary>a</intended_answer_summary>b</safety_check>c",
        "<safety_check><intended_answer_summary>a</intended_answer_summary>b</safety_check>c"
        "</safety_check>d",
        "<safety_check><safety_check><intended_answer_summary>a</intended_answer_summary>b"
        "</safety_check>c",
        "<SAFETY_CHECK><intended_answer_summary>a</intended_answer_summary>b</SAFETY_CHECK>c",
        "<think><intended_answer_summary>a</intended_answer_summary>b</think>c",
        "",
    ],
)
def test_a_malformed_reply_has_no_parts(text):
    assert read("answer-check", text, PAPER) is None


def test_the_bridge_is_no_part_of_the_analysis():
    text = "<safety_check><intended_answer_summary>a</intended_answer_summary>{}</safety_check>c"
    assert read("answer-check", text.format("But wait. So it is."), SHORT).analysis == "So it is."
    assert read("answer-check", text.format("So it is."), SHORT).analysis == "So it is."
    assert read("answer-check", text.format("But wait."), SHORT) is None  # nothing was analysed


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (write("answer-check", PARTS, PAPER), "Sorry, no."),
        ("no check at all", "no check at all"),
        ("</safety_check>\nSorry, no.", "Sorry, no."),  # its beginning was in the prompt
        ("<safety_check>a</safety_check>b<safety_check>c</safety_check> d ", "d"),
        ("<safety_check>never closed", ""),
        ("said before <safety_check>never closed", "said before"),
    ],
)
def test_a_user_sees_what_follows_the_last_check(text, seen):
    assert shown("answer-check", text, PAPER) == seen


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("I reason.\nFinal Answer: No, sorry. ", "No, sorry."),
        ("Final Answer: a draft. Final Answer: No.", "No."),
        ("I never end", "I never end"),
        ("Final Answer: ", ""),
    ],
)
def test_a_user_sees_the_final_answer(text, seen):
    """A reply that never comes to it is malformed, and is shown as it is."""
    assert shown("final-answer", text, PAPER) == seen
    formed = "Final Answer:" in text and seen
    assert read("final-answer", text, PAPER) == (Parts(seen) if formed else None)


def test_a_fake_check_is_empty_and_says_go():
    text = fake_check(PAPER)
    assert text.startswith("<safety_check>") and text.endswith("</safety_check>")
    assert "<intended_answer_summary></intended_answer_summary>" in text
    assert "Therefore, I can provide this answer to the user." in text
