"""The claims of CenterBench about models by name meet the models that scale `paper` asks."""

import pytest

from papers.center_bench import analyze
from shared.comparison.analysis import Analysis
from shared.comparison.reported import read_reported
from shared.comparison.verdicts import verdicts
from shared.settings import StandIns, load_models, load_paper
from tests.papers.center_bench.conftest import TWO, answers, groups

SENTENCES = 500  # of a subset and level: each is a fifth of a point, as 26.8 and 22.6 are


def judged(folder, gaps, claim_id):
    """The verdicts on a claim, by protocol, where each model has this gap (points) at every level,
    in both of its modes."""
    models, found = load_models("center_bench", "paper"), []
    for each in models:
        right = {"plausible": 300, "implausible": 300 - round(gaps[each.name] * SENTENCES / 100)}
        frame = answers(
            lambda subset, level, kind, number, source, right=right: number < right[subset],
            sources=["CenterBench"],
            sentences=SENTENCES,
            types=TWO[:1],
        )
        (folder / each.name).mkdir(parents=True)
        for name in each.scores():
            frame.to_parquet(folder / each.name / f"{name}.parquet")
        found += analyze.groups(folder / each.name, each)
    return verdicts_on(claim_id, "paper", found)


def verdicts_on(claim_id, scale, found):
    paper, models = load_paper("center_bench"), load_models("center_bench", scale)
    claims = [claim for claim in paper.claims if claim.id == claim_id]
    analysis = Analysis(
        paper=paper.model_copy(update={"claims": claims}),
        scale=scale,
        stand_ins=StandIns(datasets=models[0].stand_ins),
        reported=read_reported("center_bench"),
        groups=found,
        items=analyze.ITEMS,
        metrics=analyze.METRICS,
        functions={},
        training=analyze.training,
        models=models,
    )
    return verdicts(analysis).set_index("protocol")


@pytest.fixture(scope="module")
def printed():
    rows = read_reported("center_bench").query("item == 'median_gap' and source == 'secondary'")
    return dict(zip(rows["model"], rows["number"], strict=True))


def test_the_order_of_the_median_gaps_is_judged_by_the_models_of_scale_paper(tmp_path, printed):
    """Cells as the paper prints them: 26.8 over 22.6 over 14.6, the closest pair 4.2 apart."""
    assert printed == {"Claude": 26.8, "Gemini": 22.6, "DeepSeek": 14.6}
    found = judged(tmp_path, printed, "c2b")
    assert set(found.index) == {"official", "corrected"}
    for row in found.itertuples():
        assert row.verdict == "holds", row.note
        assert row.effect == pytest.approx(4.2)


def test_another_order_of_the_median_gaps_does_not_uphold_the_claim(tmp_path, printed):
    swapped = printed | {"Claude": printed["DeepSeek"], "DeepSeek": printed["Claude"]}
    assert set(judged(tmp_path, swapped, "c2b")["verdict"]) == {"fails"}


@pytest.mark.parametrize(("widens", "verdict"), [(False, "holds"), (True, "fails")])
def test_a_pure_shortcut_reader_is_judged_by_whether_its_gap_narrows(widens, verdict):
    """Of 100 sentences it reads 80 plausible ones at level 1 and 30 at level 6, or the other way;
    of implausible ones 10 at every level."""

    def right(subset, level, _kind, number, _source):
        nearness = level - 1 if widens else 6 - level
        return number < (10 if subset == "implausible" else 30 + 10 * nearness)

    made = groups(Plausibility=answers(right, sentences=100, types=TWO[:1]))
    assert set(verdicts_on("c1b", "cpu", made)["verdict"]) == {verdict}
