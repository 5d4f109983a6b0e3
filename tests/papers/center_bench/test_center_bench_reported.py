"""The reported numbers of CenterBench: few, as the body of the paper could not be read."""

import pandas as pd
import pytest

from papers.center_bench import analyze, official
from shared.comparison.audit import audit
from shared.comparison.claims import Names
from shared.comparison.compare import check_units
from shared.comparison.reported import read_reported
from shared.settings import load_models, load_paper

KEYS = ["item", "model", "method", "dataset", "metric"]
LEVELS = range(1, 7)


@pytest.fixture(scope="module")
def reported() -> pd.DataFrame:
    return read_reported("center_bench")


def test_rows_per_item(reported):
    """Four median gaps, 9,720 questions, 360 sentences, 2 subsets × 6 levels."""
    assert reported.groupby("item").size().to_dict() == {
        "median_gap": 4,
        "official_data": 14,
    }


def test_only_the_abstract_and_the_files_are_the_papers_own(reported):
    by_source = {source: set(rows["value"]) for source, rows in reported.groupby("source")}
    assert by_source["abstract"] == {"26.8", "9720"}
    assert by_source["secondary"] == {"26.8", "22.6", "14.6", "360"}
    assert set(by_source) == {"abstract", "secondary", "code"}
    assert (reported[reported["source"] == "code"]["item"] == "official_data").all()


def test_totals_stated_by_the_files(reported):
    """True are 2 + 3 + … + 7 = 27 entities × 6 questions × 30 sentences = 4,860 a subset.

    The plausible file states 366 + 528 + 714 + 888 + 1,068 + 1,260 = 4,824: 36 too few in all,
    though 6 too many at level 1.
    """
    stated = reported[reported["source"] == "code"].set_index("dataset")["number"]
    true = {level: 30 * 6 * (level + 1) for level in LEVELS}
    off = {
        subset: [stated[f"CenterBench {subset}, level {level}"] - true[level] for level in LEVELS]
        for subset in ("plausible", "implausible")
    }
    assert off == {"plausible": [6, -12, -6, -12, -12, 0], "implausible": [0] * 6}
    assert sum(true.values()) == 4860


def test_the_audit_finds_the_stale_totals(reported):
    checked = audit(load_paper("center_bench"), Names(reported), vars(analyze))
    totals = checked[checked["check"] == "total"]
    assert totals["agrees"].tolist() == ["yes", "yes", "no", "yes"]
    assert totals["recomputed"].tolist() == ["6", "9720", "9684", "360"]
    assert totals["note"].tolist() == ["", "", "off by 36", ""]


def test_what_the_paper_prints_says_of_its_claims(reported):
    """One number of the abstract speaks for c2a; nothing printed is known for the others."""
    checked = audit(load_paper("center_bench"), Names(reported), vars(analyze))
    claims = checked[checked["check"] == "claim"]
    known = {what.partition(":")[0]: agrees for what, agrees in claims[["what", "agrees"]].values}
    ids = ["c1", "c1b", "c1c", "c2a", "c2b", "c3", "c4", "c5", "c6", "c7", "c8"]
    assert known == {name: "yes" if name == "c2a" else "unknown" for name in ids}


def test_cells_of_ours_stand_beside_the_reported_ones(reported):
    """Every reported number of the released files has an item, data set and metric of ours."""
    check_units(reported, analyze.METRICS)
    own = reported[reported["item"] == "official_data"]
    assert set(own["model"]) == {analyze.RELEASED}
    for row in own.itertuples():
        assert any(
            row.metric in item.metrics and row.dataset in item.datasets
            for item in analyze.ITEMS
            if item.item == row.item
        ), row.dataset


def test_paper_yaml_speaks_of_what_exists(reported):
    paper = load_paper("center_bench")
    items = {item.item for item in analyze.ITEMS}
    for claim in paper.claims:
        assert claim.item is None or claim.item in items, claim.id
        assert claim.function is None or callable(getattr(analyze, claim.function)), claim.id
    for entry in paper.unavailable:
        assert set(entry.items) <= set(reported["item"])
        assert set(entry.scales) <= set(paper.scales)
    for deviation in paper.deviations:
        assert set(deviation.scales) <= set(paper.scales)
    assert set(paper.readme_items) <= set(reported["item"]) | items


def test_solvers_of_every_scale_have_a_name():
    paper = load_paper("center_bench")
    assert set(paper.defaults["solvers"]) == set(analyze.SOLVERS)
    assert not any("solvers" in values for values in paper.scales.values())


def test_scale_paper_asks_the_three_families_as_printed_in_two_modes_each(reported):
    printed = set(reported.loc[reported["source"] == "secondary", "model"]) - {analyze.RELEASED}
    models = load_models("center_bench", "paper")
    assert {each.name for each in models} == printed
    for each in models:
        assert [bool(variant.thinking) for variant in each.variants.values()] == [False, True]
        assert set(each.asked) == {"CenterBench"}  # what the paper asks, not sentences of ours


@pytest.mark.parametrize("scale", ["cpu", "gpu"])
def test_the_small_model_stands_in_for_none_of_the_six(scale):
    assert [each.stands_in_for for each in load_models("center_bench", scale)] == [None]


@pytest.mark.mirror
def test_the_stated_totals_are_those_of_the_files(mirror, reported):
    files = official.FILE_OF.items()
    items = [item for subset, file in files for item in official.read(mirror / file, subset)]
    stated = {
        f"CenterBench {item.subset}, level {item.level}": item.printed_total for item in items
    }
    assert reported[reported["source"] == "code"].set_index("dataset")["number"].to_dict() == stated
