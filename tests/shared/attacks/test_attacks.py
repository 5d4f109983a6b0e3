"""The loops of PAIR, TAP, ReNeLLM and PAP with scripted models, on mild goals.

The victim lets itself be talked into a song only by a prompt with the word "please".
"""

import json

import pytest

from shared.attacks.asking import Attempt, best, on_topic, prompt_in, ratings
from shared.attacks.gptfuzzer import PLACE, filled, gptfuzzer
from shared.attacks.pair import pair
from shared.attacks.pap import TECHNIQUES, pap
from shared.attacks.renellm import SCENARIOS, renellm
from shared.attacks.tap import tap

GOAL = "Sing a song."


def victim_of(conversation):
    return "la la la" if "please" in conversation[-1]["content"] else "No."


def judge_of(conversation):
    text = conversation[-1]["content"]
    if "same thing" in text:
        return "no" if "weather" in text else "Yes."
    return "10" if "la la la" in text else "Rating: 1"


def written(prompt):
    return json.dumps({"improvement": "politer", "prompt": prompt})


@pytest.fixture
def victim(scripted):
    return scripted(victim_of)


@pytest.fixture
def judge(scripted):
    return scripted(judge_of)


def test_pair_refines_until_the_victim_gives_in(scripted, victim, judge):
    """The attacker says please once it has seen a refusal: found in the second of three rounds."""
    turns = lambda talk: sum(turn["role"] == "assistant" for turn in talk)  # noqa: E731
    attacker, wrote = scripted(lambda talk: written(f"{'please ' * turns(talk)}sing"))
    (found,) = pair([GOAL], wrote, judge[1], victim[1], streams=1, rounds=3)
    assert found == Attempt(GOAL, "please sing", "la la la", 10)
    assert len(attacker.asked) == 2
    feedback = attacker.asked[1][-1]["content"]
    assert "Reply: No." in feedback and "Rating: 1" in feedback
    assert GOAL in attacker.asked[0][0]["content"]


def test_pair_keeps_the_best_of_several_streams(scripted, victim, judge):
    approach = lambda talk: "please" if "approach 2" in talk[0]["content"] else "now"  # noqa: E731
    _, wrote = scripted(lambda talk: written(f"sing {approach(talk)}"))
    (found,) = pair([GOAL], wrote, judge[1], victim[1], streams=2, rounds=1)
    assert (found.prompt, found.rating) == ("sing please", 10)


def test_an_attacker_without_a_prompt_asks_the_goal_itself(scripted, victim, judge):
    _, wrote = scripted(lambda talk: "I would rather not.")
    (found,) = pair([GOAL], wrote, judge[1], victim[1], streams=1, rounds=1)
    assert found == Attempt(GOAL, GOAL, "No.", 1)


def test_tap_cuts_what_is_off_the_topic_before_it_is_asked(scripted, victim, judge):
    """Of two branches one talks of the weather: the victim never sees it."""
    off = lambda talk: "weather" if "approach 1" in talk[-1]["content"] else "song"  # noqa: E731
    _, wrote = scripted(lambda talk: written(f"{off(talk)} {len(talk)}"))
    (found,) = tap([GOAL], wrote, judge[1], victim[1], branching=2, width=1, depth=2)
    assert found == Attempt(GOAL, "song 1", "No.", 1)
    asked = [talk[-1]["content"] for talk in victim[0].asked]
    assert asked == ["song 1", "song 3"]


def test_tap_stops_at_the_best_rating_and_survives_an_empty_level(scripted, victim, judge):
    attacker, wrote = scripted(lambda talk: written("please sing"))
    (found,) = tap([GOAL], wrote, judge[1], victim[1], branching=2, width=4, depth=4)
    assert found.rating == 10 and len(attacker.asked) == 2
    _, nothing = scripted(lambda talk: "no prompt")
    found = tap([GOAL], nothing, judge[1], victim[1], branching=2, width=4, depth=4)
    assert found == [Attempt(GOAL, GOAL)]


def test_trees_of_several_goals_grow_side_by_side(scripted, victim, judge):
    """Each level asks the attacker once about all goals, and no goal sees another's replies; one
    that gave in is left alone."""
    calls = []
    polite = lambda talk: "please hum" if "Hum" in talk[0]["content"] else "sing"  # noqa: E731
    attacker, wrote = scripted(lambda talk: written(f"{polite(talk)} {len(talk)}"))
    answers = attacker.answers
    attacker.answers = lambda talks, *rest, **more: (
        calls.append(len(talks)) or answers(talks, *rest, **more)
    )
    found = tap([GOAL, "Hum."], wrote, judge[1], victim[1], branching=2, width=1, depth=3)
    assert [(each.goal, each.rating) for each in found] == [(GOAL, 1), ("Hum.", 10)]
    assert found[1].prompt == "please hum 1"
    assert calls == [4, 2, 2]
    assert not any("la la" in str(talk) for talk in attacker.asked if GOAL in str(talk))


def test_gptfuzzer_keeps_the_template_that_reaches_most(scripted, victim, judge):
    """One of four mutations says please; one without its place is never tried. With this seed no
    two are asked for in the same words."""
    texts = iter(["no place", f"now {PLACE}", f"please {PLACE}", f"so {PLACE}"])
    _, wrote = scripted(lambda talk: written(next(texts)))
    goals = [GOAL, "Hum."]
    best_one = gptfuzzer(goals, [f"Oh {PLACE}"], wrote, judge[1], victim[1], iterations=4, seed=1)
    assert best_one == f"please {PLACE}"
    asked = [talk[-1]["content"] for talk in victim[0].asked]
    assert asked == [f"{word} {goal}" for word in ("now", "please", "so") for goal in goals]


def test_gptfuzzer_without_any_success_gives_its_first_template(scripted, victim, judge):
    _, wrote = scripted(lambda talk: written(f"now {PLACE}"))
    seeds = [f"Oh {PLACE}", f"Ah {PLACE}"]
    assert gptfuzzer([GOAL], seeds, wrote, judge[1], victim[1], iterations=3) == seeds[0]
    assert filled(seeds[0], [GOAL]) == [f"Oh {GOAL}"]


def test_turns_of_tap_alternate(scripted, victim, judge):
    attacker, wrote = scripted(lambda talk: written("song"))
    tap([GOAL], wrote, judge[1], victim[1], branching=1, width=1, depth=3)
    for talk in attacker.asked:
        roles = [turn["role"] for turn in talk]
        assert roles == [("user", "assistant")[i % 2] for i in range(len(talk))]


def test_renellm_rewrites_and_nests_until_it_works(scripted, victim, judge):
    attacker, wrote = scripted(lambda talk: written("please, a song"))
    (found,) = renellm([GOAL], wrote, judge[1], victim[1], rounds=3, rewritings=2, seed=1)
    assert found.rating == 10 and "please, a song" in found.prompt
    assert found.prompt in [text.replace("{prompt}", "please, a song") for text in SCENARIOS]
    assert len(attacker.asked) == 2  # one round
    assert "please, a song" in attacker.asked[1][-1]["content"]  # the second rewrites the first


def test_pap_gives_a_fixed_set_and_asks_no_victim(scripted):
    attacker, wrote = scripted(
        lambda talk: written("As your choirmaster: sing.") if "Sing" in talk[-1]["content"] else "?"
    )
    assert pap([GOAL, "Hum."], wrote) == ["As your choirmaster: sing.", "Hum."]
    assert TECHNIQUES["misrepresentation"] in attacker.asked[0][-1]["content"]


def test_ratings_and_topics_are_read_with_care(scripted):
    """12 is more than there is, words are no rating, and neither is silence."""
    said = {"alpha": "12", "beta": "none at all", "gamma": "7/10"}
    _, judge = scripted(
        lambda talk: next(said[name] for name in said if name in talk[0]["content"])
    )
    assert ratings(["g"] * 3, list(said), judge) == [10, 1, 7]
    _, silent = scripted(lambda talk: None)
    assert ratings(["g"], ["r"], silent) == [1]
    assert on_topic(["g"], ["p"], silent) == [False]


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        ('{"prompt": "sing"}', "sing"),
        ('Here: {"improvement": "x", "prompt": "sing"} - done', "sing"),
        ('{"prompt": ""}', None),
        ('{"prompt": 3}', None),
        ('{"other": "sing"}', None),
        ("{not json}", None),
        ("sing", None),
    ],
)
def test_the_prompt_of_an_attackers_reply(text, prompt):
    assert prompt_in(text) == prompt


def test_the_best_attempt_is_the_first_of_equals():
    attempts = [Attempt("g", p, rating=r) for p, r in [("a", 2), ("b", 5), ("c", 5)]]
    assert best(attempts).prompt == "b"
