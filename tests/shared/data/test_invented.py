"""Invented entities: in the templates of the real questions, and real nowhere."""

from collections import Counter

import pytest

from shared.data import facts, invented


@pytest.fixture(scope="module")
def real():
    rows = invented.named(facts.questions())
    return rows[::20]


def test_named_leaves_out_symbols_and_numbers():
    kept = {row.relation for row in invented.named(facts.questions())}
    left_out = set(facts.RELATIONS) - kept
    assert left_out == {"element of a symbol", "element of a proton number", "state abbreviation"}


def test_one_for_each_in_the_same_template(real):
    made = invented.unanswerable(real, seed=0)
    assert [row.relation for row in made] == [row.relation for row in real]
    for row in made:
        before, after = facts.RELATIONS[row.relation].template.split("{}")
        name = row.subject.removeprefix("invented ")
        assert row.question == before + name + after
        assert (row.answers, row.answerable) == ((), False)


def test_names_are_unique_and_nowhere_in_the_packages(real):
    made = invented.unanswerable(real, seed=0)
    names = [row.subject.removeprefix("invented ") for row in made]
    assert len(set(names)) == len(names)
    everything = {name.casefold() for name in invented._all_names()}
    assert not {name.casefold() for name in names} & everything


def test_real_names_are_recognised_in_any_spelling_and_language():
    for name in ("Kyoto", "KYŌTO", "Kioto", "Germany", "Allemagne", "iron", "Autauga County"):
        assert invented.is_known(name)
    assert invented.is_known("Neu Germany")  # one word is enough
    assert not invented.is_known("Pomusistan")


def test_seed_decides(real):
    first = invented.unanswerable(real, seed=0)
    assert first == invented.unanswerable(real, seed=0)
    other = invented.unanswerable(real, seed=1)
    assert not {row.question for row in first} & {row.question for row in other}


def test_every_kind_has_names_of_its_form(real):
    made = invented.unanswerable(real, seed=0)
    count = Counter()
    for row in made:
        about = facts.RELATIONS[row.relation].about
        name = row.subject.removeprefix("invented ")
        count[about] += 1
        assert name.endswith(invented.ENDINGS[about])
        assert name.islower() == (about == "element")
    assert set(count) == set(invented.ENDINGS)
