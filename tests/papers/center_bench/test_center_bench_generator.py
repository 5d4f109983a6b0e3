"""Generated sentences: their form, their words, and what makes each condition what it is."""

import random
from collections import Counter
from dataclasses import replace
from itertools import permutations

import pytest

from papers.center_bench.generate import SUBSETS, generate, matched
from papers.center_bench.grammar import (
    LEVELS,
    VOCABULARY,
    Event,
    Sentence,
    Verb,
    Vocabulary,
    middle,
    vocabulary,
)
from shared.errors import UserError


@pytest.fixture(scope="module")
def words():
    return vocabulary()


@pytest.fixture(scope="module")
def generated():
    return generate(0, 30)


def of(generated, subset):
    return [each for each in generated if each.subset == subset]


def pairs(generated):
    """(plausible sentence, matched sentence) by their common `pair`."""
    by = {(each.subset, each.pair): each for each in generated}
    return [(each, by["matched", each.pair]) for each in of(generated, "plausible")]


# words


def test_size_of_the_vocabulary(words):
    assert set(words.domains.values()) == {"animals", "people", "vehicles"}
    assert min(Counter(words.domains.values()).values()) >= 30
    assert len(words.domains) >= 90


def test_every_form_is_one_word_that_is_no_noun_and_no_other_verb(words):
    forms = [form for verb in words.licences for form in set(verb)]
    assert all(form.isalpha() and form.islower() for form in [*forms, *words.domains])
    assert len(forms) == len(set(forms))
    assert not set(forms) & set(words.domains)


def test_every_verb_has_a_use_and_every_noun_acts(words):
    assert all(words.licences.values())
    for transitive in (True, False):
        assert len(words.typical[transitive]) > 100
    assert set(words.typical[True]) | set(words.typical[False]) == set(words.domains)
    assert set(words.actors) == {None, *words.domains}


def test_gerunds_and_participles_are_forms_of_their_verb(words):
    """Every gerund ends in -ing, regular pasts in -ed, with the participle equal to them."""
    irregular = {verb.base for verb in words.licences if not verb.past.endswith("ed")}
    assert all(verb.gerund.endswith("ing") for verb in words.licences)
    assert all(v.past == v.participle for v in words.licences if v.base not in irregular)
    assert {"bite", "steal", "fly", "overtake"} <= irregular
    assert len(irregular) < 30


def test_nobody_acts_on_themselves_and_transitive_verbs_have_objects(words):
    for verb, known in words.licences.items():
        objects = {whom for _, whom in known}
        assert objects == {None} or None not in objects, verb.base
        assert all(who != whom for who, whom in known)


def test_licences_mean_what_they_say(words):
    verb = {verb.base: verb for verb in words.licences}
    assert words.licenses(Event("farmer", verb["milk"], "cow"))
    assert not words.licenses(Event("cow", verb["milk"], "farmer"))
    assert words.licenses(Event("dog", verb["bark"]))
    assert not words.licenses(Event("dog", verb["bark"], "cat"))
    assert words.surprises("cow", verb["milk"])
    # `could`: an eagle that frightens a judge is not licensed, but no surprise
    assert not words.licenses(Event("eagle", verb["frighten"], "judge"))
    assert not words.surprises("eagle", verb["frighten"])


def test_an_unknown_word_in_the_vocabulary_is_named(tmp_path):
    path = tmp_path / "vocabulary.yaml"
    path.write_text(VOCABULARY.read_text().replace("who: [crab]", "who: [lobster]"))
    with pytest.raises(UserError, match=r"vocabulary\.yaml: pinch: found 'lobster', expected"):
        vocabulary(path)


# form


def test_a_sentence_and_its_events():
    """The boy adopted the dog, the dog chased the cat, the cat meowed."""
    adopt = Verb("adopt", "adopted", "adopted", "adopting")
    chase = Verb("chase", "chased", "chased", "chasing")
    meow = Verb("meow", "meowed", "meowed", "meowing")
    sentence = Sentence(("cat", "dog", "boy"), (adopt, chase, meow))
    assert str(sentence) == "The cat that the dog that the boy adopted chased meowed."
    assert sentence.events == [
        Event("boy", adopt, "dog"),
        Event("dog", chase, "cat"),
        Event("cat", meow),
    ]
    assert sentence.events[1].acted("gerund") == "chasing the cat"
    assert sentence.events[2].acted("base") == "meow"


@pytest.mark.parametrize(("nouns", "centre"), [("ab", "a"), ("abc", "b"), ("abcdefg", "d")])
def test_of_two_nouns_in_the_centre_the_left_one_is_the_middle(nouns, centre):
    assert middle(tuple(nouns)) == centre


def test_counts_and_form_of_every_sentence(generated, words):
    """Level L: L + 1 nouns, L + 1 verbs, L "that", so 2 (L + 1) + L + (L + 1) = 4 L + 3 words."""
    count = Counter((each.subset, each.level) for each in generated)
    assert count == {(subset, level): 30 for subset in SUBSETS for level in LEVELS}
    for each in generated:
        sentence, text = each.sentence, str(each.sentence)
        assert len(sentence.nouns) == len(sentence.verbs) == each.level + 1
        assert len(set(sentence.nouns)) == len(set(sentence.verbs)) == each.level + 1
        assert text.split().count("that") == each.level
        assert len(text.split()) == 4 * each.level + 3
        transitive = [bool(whom) for _, _, whom in sentence.events]
        assert transitive == [True] * each.level + [False]
        for event in sentence.events:
            objects = {whom for _, whom in words.licences[event.verb]}
            assert (event.object is None) == (objects == {None})


def test_all_sentences_of_a_subset_are_distinct(generated):
    for subset in SUBSETS:
        assert len({str(each.sentence) for each in of(generated, subset)}) == 180


def test_ids_and_pairs(generated):
    assert len({each.id for each in generated}) == 540
    plausible, other = pairs(generated)[7]
    assert (plausible.id, plausible.pair) == ("generated/plausible/L1/08", "generated/L1/08")
    assert other.id == "generated/matched/L1/08"
    assert all(each.pair == each.id for each in of(generated, "implausible"))


def test_seed_decides(generated):
    assert generate(0, 30) == generated
    assert generate(1, 30) != generated


def test_fewer_sentences_are_the_first_of_more(generated):
    first = [each for each in generated if each.number <= 4]
    assert generate(0, 4) == first


# conditions


def test_every_plausible_event_is_licensed(generated, words):
    for each in of(generated, "plausible"):
        assert all(words.licenses(event) for event in each.sentence.events), str(each.sentence)


def test_plausible_sentences_draw_on_all_words(generated, words):
    nouns = Counter(noun for each in of(generated, "plausible") for noun in each.sentence.nouns)
    domains = Counter(words.domains[noun] for noun in nouns.elements())
    assert min(domains.values()) > 0.1 * domains.total()
    assert len(nouns) > 120
    assert max(nouns.values()) < 0.05 * nouns.total()


def test_implausible_nouns_of_one_domain_have_the_verb_of_the_next_noun(generated, words):
    """The noun at each place does what the next one is licensed to do, and would not itself."""
    domains = Counter()
    for each in of(generated, "implausible"):
        nouns, size = each.sentence.nouns, each.level + 1
        (domain,) = {words.domains[noun] for noun in nouns}
        domains[domain] += 1
        for place, verb in enumerate(reversed(each.sentence.verbs)):
            giver = nouns[(place + 1) % size]
            assert any(who == giver for who, _ in words.licences[verb])
            assert words.surprises(nouns[place], verb)
    assert set(domains) == {"animals", "people", "vehicles"}
    assert min(domains.values()) > 40  # 60 expected, standard deviation 6.3


def test_matched_sentences_have_the_same_words_in_another_order(generated):
    for plausible, other in pairs(generated):
        texts = str(plausible.sentence), str(other.sentence)
        first, second = (Counter(text.lower().strip(".").split()) for text in texts)
        assert first == second
        assert texts[0] != texts[1]
        assert plausible.sentence.verbs == other.sentence.verbs


@pytest.mark.parametrize("seed", [0, 1])
def test_no_matched_event_is_licensed(seed, words):
    events = [event for each in of(generate(seed, 30), "matched") for event in each.sentence.events]
    assert sum(map(words.licenses, events)) == 0
    surprising = sum(words.surprises(event.subject, event.verb) for event in events)
    assert surprising > 0.6 * len(events)


def test_at_level_1_the_two_nouns_change_places(generated):
    for plausible, other in pairs(generated):
        if plausible.level == 1:
            assert other.sentence.nouns == plausible.sentence.nouns[::-1]


def best_by_hand(words, sentence):
    """(licensed events, surprises) of the best order, by trying all of them one by one."""
    scores = []
    for nouns in permutations(sentence.nouns):
        events = replace(sentence, nouns=nouns).events
        if not any(map(words.licenses, events)):
            scores.append(sum(words.surprises(event.subject, event.verb) for event in events))
    return max(scores, default=None)


def test_matched_takes_the_order_with_most_surprises(generated, words):
    for plausible, other in pairs(generated):
        if plausible.level == 3:
            events = other.sentence.events
            found = sum(words.surprises(event.subject, event.verb) for event in events)
            assert found == best_by_hand(words, plausible.sentence)


def test_without_an_implausible_order_there_is_no_matched_sentence():
    """Friends greet friends, whoever is whom."""
    greet, smile = Verb("greet", *["greeted"] * 2, "greeting"), Verb("smile", *["smiled"] * 3)
    friends = ("ann", "bob", "cem")
    licences = {
        greet: frozenset((a, b) for a in friends for b in friends if a != b),
        smile: frozenset((a, None) for a in friends),
    }
    words = Vocabulary(dict.fromkeys(friends, "people"), licences, {greet: set(), smile: set()})
    sentence = Sentence(("ann", "bob"), (greet, smile))
    assert best_by_hand(words, sentence) is None
    assert matched(words, sentence, random.Random(0)) is None
