"""What the packages hold, after what is left out."""

from shared.data.world import cities, countries, elements, fold, states


def country(code):
    return next(c for c in countries() if c.code == code)


def test_fold():
    assert fold("São Tomé") == fold("SAO-TOME") == "saotome"


def test_countries_are_in_both_packages_and_none_is_left_out_by_rule():
    codes = [c.code for c in countries()]
    assert codes == sorted(set(codes))
    assert 175 < len(codes) < 195
    assert not {"AN", "CS", "EH", "GU", "IL", "PR", "PS", "VA", "XK"} & set(codes)
    assert all(c.info["ISO"]["alpha2"] == c.code == c.geo["iso"] for c in countries())


def test_names_and_articles():
    netherlands = country("NL")
    assert (netherlands.name, netherlands.shown) == ("Netherlands", "the Netherlands")
    assert country("FR").shown == "France"
    shown = {c.shown for c in countries() if c.shown.startswith("the ")}
    assert len(shown) == 14


def test_same_name_finds_renamed_countries():
    assert {c.code for c in countries() if not c.same_name} >= {"CZ", "MK", "SZ"}
    assert all(country(code).same_name for code in ("BS", "FR", "NL"))


def test_adjectives():
    assert country("DK").adjective == "Danish"
    assert country("CH").adjective == "Swiss"
    assert country("IS").adjective is None  # Icelander
    assert country("BA").adjective is None  # two
    assert country("CV").adjective is None  # misspelt


def test_aliases_are_english_and_not_the_name():
    assert country("GB").aliases == ("UK", "Great Britain")
    assert country("US").aliases == ("USA",)
    assert country("DE").aliases == ()


def test_cities_states_elements():
    assert len(cities()) > 30000
    assert len(states()) == 50
    assert states()["TX"] == "Texas"
    assert [e["atomic_number"] for e in elements()] == list(range(1, 119))
