"""The house and its rules, queries of four types, and the fixed attacks."""

import re
from collections import Counter
from itertools import product

import pytest

from papers.resa.attacks import FIXED, PLACE, VEILED, attacked
from papers.resa.house_rules import broken_by, policies
from papers.resa.queries import adversarial, fact_queries, training, vanilla
from shared.errors import UserError
from shared.judges.strings import opens_with_refusal
from shared.settings import load_settings


def gists(policy, part, side):
    (slot, fillers), *_ = policy.slots[part].items()
    templates = getattr(policy, side)[part]
    return [t.gist.format(**{slot: f}) for t, f in product(templates, fillers)]


@pytest.mark.parametrize("name", list(policies()))
@pytest.mark.parametrize("part", ["train", "test"])
def test_signs_tell_harmful_gists_from_benign_ones(name, part):
    """Every harmful gist breaks its own policy and every benign one none at all."""
    policy = policies()[name]
    assert {broken_by(f"Tell {gist}.") for gist in gists(policy, part, "harmful")} == {name}
    assert {broken_by(f"Tell {gist}.") for gist in gists(policy, part, "benign")} == {None}


def test_a_refusal_breaks_nothing():
    assert broken_by("Sorry, I can't tell how it ends.") is None
    assert broken_by("It ends well.") == "Spoilers"


def test_train_and_test_share_no_template_and_no_filler():
    for policy in policies().values():
        for side in ("harmful", "benign"):
            asked = {p: {t.ask for t in getattr(policy, side)[p]} for p in ("train", "test")}
            assert not asked["train"] & asked["test"]
            assert [len(asked[part]) for part in ("train", "test")] == [6, 3]
        for name, fillers in policy.slots["train"].items():
            assert not set(fillers) & set(policy.slots["test"][name])


def test_a_request_in_other_words_says_nothing_openly():
    """Every template has such a text of its own, with the same slot; the two sides have as many."""
    openly = re.compile(r"\b(end|culprit|cheat|prank|trick|secret|essay|exam|awake|sleep|recipe)")
    both = {side: [] for side in ("harmful", "benign")}
    for policy, side, part in product(policies().values(), both, ("train", "test")):
        for template in getattr(policy, side)[part]:
            assert re.findall(r"{\w+}", template.veiled) == re.findall(r"{\w+}", template.ask)
            assert not any(each.shows_in(template.veiled) for each in policies().values())
            assert not openly.search(template.veiled.lower())
            assert not opens_with_refusal(template.veiled)
            assert len(template.veiled.split()) <= 20
            both[side].append(template)
    assert len(both["harmful"]) == len(both["benign"]) == 63
    every = both["harmful"] + both["benign"]
    assert len({t.veiled for t in every} | {t.ask for t in every}) == 4 * 63
    openings = [Counter(t.veiled.split()[0] for t in templates) for templates in both.values()]
    assert sum((openings[0] - openings[1]).values()) <= 2  # style alone says nothing of harm


def test_vanilla_queries_take_turns():
    """14 of 7 policies: two each, from different templates; the same for the same seed."""
    queries = vanilla("test", True, 14, 0)
    assert Counter(q.policy for q in queries) == dict.fromkeys(policies(), 2)
    assert len({q.prompt for q in queries}) == len({q.id for q in queries}) == 14
    assert queries == vanilla("test", True, 14, 0) != vanilla("test", True, 14, 1)
    assert all(q.harmful and q.prompt == q.request and q.type == "Vanilla Harmful" for q in queries)


def test_more_queries_than_there_are_is_a_mistake():
    with pytest.raises(UserError, match=r"127 harmful queries wanted, there are only 126"):
        vanilla("test", True, 127, 0)


def test_training_queries_have_both_sides_of_every_kind():
    queries = training({"vanilla": 6, "WJ": 4, "PAP": 2}, 0)
    counts = Counter((q.type, q.method) for q in queries)
    assert counts == {
        (f"{kind} {side}", method): size
        for side in ("Harmful", "Benign")
        for kind, method, size in [
            ("Vanilla", "", 6), ("Adversarial", "WJ", 4), ("Adversarial", "PAP", 2),
        ]
    }  # fmt: skip
    assert len({q.request for q in queries}) == 24  # every one around another request
    assert len({q.id for q in queries}) == 24


def test_an_attack_keeps_the_request():
    queries = vanilla("test", True, 6, 0)
    wrapped = adversarial("DeepInception", queries)
    for before, after in zip(queries, wrapped, strict=True):
        assert before.request in after.prompt and after.request == before.request
        assert after.id == f"{before.id}/DeepInception" and len(after.prompt) > len(before.prompt)
    assert len({after.prompt.replace(after.request, "") for after in wrapped}) == 2


def test_attacks_in_other_words_take_the_place_of_the_request():
    for part, method in zip(("train", "test"), VEILED, strict=True):
        for before in vanilla(part, True, 14, 0):
            (after,) = adversarial(method, [before])
            assert after.prompt == before.veiled and before.request not in after.prompt
            assert (after.request, after.gist) == (before.request, before.gist)
            assert after.id == f"{before.id}/{method}"


def test_fixed_texts_ask_for_nothing_by_themselves():
    for texts in FIXED.values():
        for text in texts:
            assert text.count(PLACE) == 1
            assert broken_by(text) is None and not opens_with_refusal(text)
    assert attacked("PAP", "{braces}", 2) == attacked("PAP", "{braces}", 0)


def test_questions_of_fact_share_no_subject():
    parts = fact_queries({"train": 20, "plain": 20, "test": 20}, 0)
    texts = [query.request for queries in parts.values() for query in queries]
    assert len(set(texts)) == 60
    assert all(query.answers and not query.harmful for query in parts["test"])


def test_questions_of_fact_may_be_of_some_relations():
    parts = fact_queries({"train": 3, "test": 6}, 0, ["capital", "nationality"])
    asked = {query.request.partition(" of ")[0] for part in parts.values() for query in part}
    assert asked == {"What is the capital", "What is the nationality"}
    with pytest.raises(UserError, match=r"facts\.relations: unknown capitals; of capital, "):
        fact_queries({"test": 6}, 0, ["capitals"])


def test_a_request_that_comes_back_has_another_text_around_it():
    """126 requests in 7, 2 and 2 texts: no prompt and no id of a sample is there twice."""
    gpu = load_settings("resa", "gpu")
    for sizes in (gpu.queries, gpu.wildjailbreak.queries):
        queries = training(sizes, 0)
        assert len({q.prompt for q in queries}) == len(queries) == 2 * sum(sizes.values())
        assert len({q.id for q in queries}) == len(queries)
