"""Tags, the JSON answer, scores and rewards of KIE-HVQA."""

import json
import math

import pytest

from papers.kie_hvqa.notation import (
    Answer,
    Character,
    has_form,
    parse_answer,
    parse_tags,
    parse_truth,
    true_answer,
    write_answer,
    write_reply,
    write_tags,
)
from papers.kie_hvqa.rewards import count_error, reward_parts
from papers.kie_hvqa.scoring import counts, score, similarity
from papers.kie_hvqa.settings import Reward
from shared.errors import UserError

BEAUTIFUL = "B<part_occluded>[e]au<occluded>[ti]ful"  # Figure 4 of the paper
THIRD = 1 / 3


def test_the_papers_own_example_has_6_1_and_2_characters():
    characters = parse_tags(BEAUTIFUL)
    assert "".join(each.text for each in characters) == "Beautiful"
    classes = [each.legibility for each in characters]
    assert [classes.count(c) for c in ("clear", "partly", "hidden")] == [6, 1, 2]
    answer = true_answer(characters)
    assert answer == Answer("Bauful", "e", "Beau  ful", 6, 1)


@pytest.mark.parametrize(
    "tags, characters",
    [
        (  # forms of Figure 2, one bare mark a hidden character
            "<part_occluded>[E]mi<occluded><occluded>",
            [("E", "partly"), ("m", "clear"), ("i", "clear"), ("", "hidden"), ("", "hidden")],
        ),
        ("$<occluded>.0", [("$", "clear"), ("", "hidden"), (".", "clear"), ("0", "clear")]),
        ("<part_occluded>[ab]", [("a", "partly"), ("b", "partly")]),
        ("<occluded>[]5", [("", "hidden"), ("5", "clear")]),
        ("[5] < 6", [(letter, "clear") for letter in "[5] < 6"]),
        ("", []),
    ],
)
def test_both_notations_are_read(tags, characters):
    assert parse_tags(tags) == [Character(*each) for each in characters]


def test_tags_are_written_bare_unless_the_truth_is_wanted():
    characters = parse_tags(BEAUTIFUL)
    revealed = write_tags(characters, reveal=True)
    assert revealed == "B<part_occluded>[e]au<occluded>[t]<occluded>[i]ful"
    assert parse_tags(revealed) == characters
    assert write_tags(characters) == "B<part_occluded>[e]au<occluded><occluded>ful"


def test_what_cold_start_teaches_can_be_read_back():
    reply = write_reply(parse_tags(BEAUTIFUL))
    assert reply.startswith("<think>B<part_occluded>[e]au<occluded><occluded>ful</think><answer>{")
    assert "ti" not in reply  # nothing tells the hidden characters
    assert has_form(reply)
    assert parse_answer(reply) == true_answer(parse_tags(BEAUTIFUL))


GIVEN = {
    "clear Char-level OCR": "B a",
    "not clear enough Char-level OCR": ["e", "f"],
    "Final OCR": "B e a f",
    "clear number": "2",
    "not clear enough number": 2.5,
}


@pytest.mark.parametrize("before, after", [("", ""), ("```json\n", "\n```"), ("<answer>", "")])
def test_an_answer_is_found_however_it_is_wrapped(before, after):
    found = parse_answer(f"{before}{json.dumps(GIVEN)}{after}")
    assert found == Answer("B a", "ef", "B e a f", 2, None)


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "The total is 5.",
        '{"Final OCR": "5"}',  # two keys are missing
        '{"clear Char-level OCR": "5", "not clear enough Char-level OCR": "", "Final OCR": 5}',
        '<answer>{"clear Char-level OCR": "5"',
        "[1, 2]",
        "{" * 10_000 + "}",
    ],
)
def test_what_cannot_be_read_is_no_answer(reply):
    assert parse_answer(reply) is None and not has_form(reply)


def test_the_form_wants_one_thought_and_one_answer_and_nothing_else():
    reply = write_reply(parse_tags("a<occluded>[b]"))
    assert has_form(f"  {reply}\n")
    assert not has_form(f"{reply} Done.")
    assert not has_form(reply.replace("<think>", ""))
    assert not has_form(reply.replace('"Final OCR"', '"Final"'))


def test_a_malformed_row_of_the_benchmark_names_its_place():
    with pytest.raises(UserError, match=r"kie_hocr.jsonl:7: answer '\{\"Final"):
        parse_truth('{"Final OCR": "5",}', "kie_hocr.jsonl:7")


def test_similarity_by_hand():
    """The refusal's place is not scored; a wrong character is: 1 - 1/5 = 0.8."""
    assert similarity("$ .00", "$.00") == 1
    assert similarity("$5.00", "$.00") == pytest.approx(0.8)
    assert similarity("", "") == similarity(" ", "") == 1
    assert similarity("abc", "") == similarity("", "abc") == 0
    assert similarity("kitten", "sitting") == pytest.approx(1 - 3 / 7)


def test_scores_of_an_answer_by_hand():
    """Not clear: none is wanted and none listed, 1. Clear: "12" of "123", 2/3. Final: 1."""
    truth = Answer("123", "", "123", 3, 0)
    found = score(Answer("12", "", "1 2 3"), truth)
    assert found == pytest.approx({"clear": 2 / 3, "not_clear": 1, "final": 1, "avg": 8 / 9})
    assert score(None, truth) == {"clear": 0, "not_clear": 0, "final": 0, "avg": 0}


@pytest.mark.parametrize(
    "tags, final, made_up, refused",
    [
        ("$<occluded>[5].00", "$ .00", 0, 0),
        ("$<occluded>[5].00", "$5.00", 1, 0),  # right or wrong, it could not be seen
        ("$<occluded>[5].00", "$8.00", 1, 0),
        ("$<occluded>[5].00", "$00", 0, 1),
        ("$<occluded>[5].00", "", 0, 4),
        ("<occluded>[12]3", "93", 1, 0),
        ("<occluded>[12]3", "993", 2, 0),
        ("1<part_occluded>[2]3", "13", 0, 0),  # a partly occluded one is neither
        ("12", "19", 0, 0),  # misread, but not refused
    ],
)
def test_made_up_and_refused_characters(tags, final, made_up, refused):
    found = counts(Answer("", "", final), parse_tags(tags))
    assert (found["made_up"], found["refused"]) == (made_up, refused)


def test_a_reply_without_an_answer_says_nothing_of_any_character():
    found = counts(None, parse_tags(BEAUTIFUL))
    assert found == {"hidden": 2, "made_up": 0, "legible": 6, "refused": 6}


TRUTH = true_answer(parse_tags(BEAUTIFUL))


def reply(clear="Bauful", not_clear="e", final="Beau  ful", clear_count=6, not_clear_count=1):
    answer = Answer(clear, not_clear, final, clear_count, not_clear_count)
    return f"<think></think><answer>{write_answer(answer)}</answer>"


def test_the_reward_of_algorithm_1_by_hand():
    """Clear 5 of 6, not clear right, final 6 of 7: (5/6 + 1 + 6/7) / 3, and 0.1 for the form."""
    parts = reward_parts(reply(clear="Baufu", final="Beaufu"), TRUTH, Reward())
    wanted = {
        "clear": THIRD * 5 / 6,
        "not_clear": THIRD,
        "final": THIRD * 6 / 7,
        "format": pytest.approx(0.1),
    }
    assert parts == pytest.approx(wanted)


def test_the_reward_of_equation_3_by_hand():
    """Counts 5 for 6 and 2 for 1: errors 1/6 and 1/2, mean 1/3; the similarities are all 1."""
    said = reply(clear_count=5, not_clear_count=2)
    eq3, alg1 = (Reward(form=form) for form in ("eq3", "alg1"))
    assert math.fsum(reward_parts(said, TRUTH, eq3).values()) == pytest.approx(2 / 3 + 0.1)
    assert math.fsum(reward_parts(said, TRUTH, alg1).values()) == pytest.approx(1.1)


def test_errors_of_counts():
    assert count_error(Answer("", "", "", 6, 1), TRUTH) == 0
    assert count_error(Answer("", "", "", 0, 0), TRUTH) == 1
    assert count_error(Answer("", "", ""), TRUTH) == 1  # not stated
    assert count_error(None, TRUTH) == 1
    assert count_error(Answer("", "", "", 0, 0), Answer("", "", "", 0, 0)) == 0
    assert count_error(Answer("", "", "", -3, 1), TRUTH) == 0.5


def test_an_ablation_looks_at_its_own_part_only():
    only = Reward(clear=1, not_clear=0, final=0)
    parts = reward_parts(reply(not_clear="xyz", final=""), TRUTH, only)
    assert parts == pytest.approx({"clear": 1, "not_clear": 0, "final": 0, "format": 0.1})


def test_babble_is_worth_nothing_and_is_no_nan():
    for form in ("alg1", "eq3"):
        parts = reward_parts("babble", TRUTH, Reward(form=form))
        assert set(parts.values()) == {0}
