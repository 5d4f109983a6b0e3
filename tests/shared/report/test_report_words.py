"""Names in the data in the words of a reader."""

import pytest

from shared.errors import UserError
from shared.plots.words import Words
from shared.settings import load_paper, paper_ids


class Named:
    names = {"out_series": "role setting", "fake": "factual", "rr": "refusal rate"}


def test_names_are_replaced_whole_and_underscores_become_spaces():
    words = Words(Named)
    assert words("answer+fake+out_series: rr 5 against 8") == (
        "answer+factual+role setting: refusal rate 5 against 8"
    )
    assert words("fakes in arrays, not_known") == "fakes in arrays, not known"


def test_a_sentence_keeps_its_words():
    words = Words(Named)
    assert words.prose("A fake check of (fake+out_series) and a_b.") == (
        "A fake check of (factual+role setting) and a b."
    )


def test_a_figure_that_shows_no_claim_is_one_line(results):
    path = results.parents[1] / "papers" / "demo" / "paper.yaml"
    path.write_text(path.read_text().replace("figure3:\n  - c1", "figure3:\n  - c9"))
    assert "c9" in path.read_text()
    load_paper.cache_clear()
    with pytest.raises(UserError, match=r"paper\.yaml: .*figures: figure3: no claim 'c9'"):
        load_paper("demo")


@pytest.mark.parametrize("paper", paper_ids())
def test_every_paper_says_what_replicated_and_which_figure_shows_what(paper):
    found = load_paper(paper)
    assert 60 < len(found.replicated["cpu"]) < 260
    assert len(found.figures) > 1
