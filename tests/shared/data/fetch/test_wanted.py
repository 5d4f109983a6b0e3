"""What the settings of each paper and scale need from elsewhere."""

import re

import pytest

from shared.data.catalogue import sources
from shared.data.fetch.hub import KNOWN, chosen, known
from shared.data.fetch.wanted import ByHand, Repository, SourceFiles, downloads, pinned
from shared.settings import load_models, load_paper, load_settings, paper_ids

REVISION = "0123456789abcdef0123456789abcdef01234567"
EVERY = [(paper, scale) for paper in paper_ids() for scale in load_paper(paper).scales]


def test_repositories_are_found_wherever_a_setting_names_them():
    text = (
        f'{{"model":"hub:org/model@{REVISION}","judges":["classifier:hub:org/judge@{REVISION}",'
        f'"strings:advbench","llm:hub:org/model@{REVISION}"],"official":"org/rows@{REVISION}",'
        '"others":["api:org/model","path:/hub/a@b","hub:org/model@main"]}'
    )
    assert list(pinned(text)) == [
        Repository("model", "org/model", REVISION),
        Repository("model", "org/judge", REVISION),
        Repository("dataset", "org/rows", REVISION),
    ]


@pytest.mark.parametrize(("paper", "scale"), EVERY)
def test_what_a_paper_wants_is_pinned(paper, scale):
    for settings in load_models(paper, scale):
        for wanted in downloads(settings):
            if isinstance(wanted, SourceFiles):
                assert set(wanted.files) <= set(sources()[wanted.source].files)
            elif isinstance(wanted, Repository):
                assert re.fullmatch("[0-9a-f]{40}", wanted.revision), wanted
            else:
                assert isinstance(wanted, ByHand)


@pytest.mark.parametrize("paper", paper_ids())
def test_smoke_needs_nothing_from_elsewhere(paper):
    assert downloads(load_settings(paper, "smoke")) == []


def test_a_model_of_the_users_own_is_wanted_too():
    own = load_settings("r_tuning", "smoke", f"hub:org/model@{REVISION}")
    assert downloads(own) == [Repository("model", "org/model", REVISION)]


def test_known_checksums_are_of_files_that_are_wanted():
    """A revision that is pinned anew must not leave the old one's checksums behind."""
    wanted = {
        f"{each.id}@{each.revision}": each
        for paper, scale in EVERY
        for settings in load_models(paper, scale)
        for each in downloads(settings)
        if isinstance(each, Repository)
    }
    for name, files in known(KNOWN).items():
        assert chosen(wanted[name], list(files)) == list(files)
        assert all(len(facts["sha256"]) == 64 for facts in files.values())
