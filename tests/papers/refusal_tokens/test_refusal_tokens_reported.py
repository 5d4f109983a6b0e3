"""The reported numbers: what others measured, what follows from it, and what is not known."""

import pytest

from shared.comparison.reported import own_numbers, read_reported

SIZES = {
    "humanizing": 82,
    "incomplete": 225,
    "indeterminate": 142,
    "safety": 395,
    "unsupported": 157,
}


@pytest.fixture(scope="module")
def reported():
    return read_reported("refusal_tokens")


def values(reported, item, metric):
    own = reported[(reported["item"] == item) & (reported["metric"] == metric)]
    return own.set_index(["method", "dataset"])["number"]


def test_no_number_is_the_papers_own(reported):
    assert own_numbers(reported).empty
    unknown = reported[reported["value"] == ""]
    assert set(unknown["source"]) == {"paper"} and (unknown["note"] != "").all()
    assert set(unknown["item"]) == {"refusal_f1", "roc", "control", "temporal"}
    assert len(unknown[unknown["item"] == "control"]) == 6 * 5


def test_rates_are_the_counts_in_their_notes(reported):
    """95.1049 is 952 of 1,001."""
    own = reported[reported["note"].str.match(r"\d+ of \d+")]
    assert len(own) == 2 * 8 + 2 * 5 + 2 * 3
    for row in own.itertuples():
        part, _, whole = row.note.split(";")[0].partition(" of ")
        digits = len(row.value.partition(".")[2])
        assert round(100 * int(part) / int(whole), digits) == pytest.approx(row.number)


def test_categories_add_up_to_the_whole(reported):
    rates = values(reported, "independent", "token_rate")
    for method, whole in (("One token, released", 952), ("Category tokens, released", 941)):
        parts = [round(rates[method, f"CoCoNot original, {c}"] * n / 100) for c, n in SIZES.items()]
        assert sum(parts) == whole


@pytest.mark.parametrize(
    ("method", "hits", "alarms", "f1"),
    [("One token, released", 952, 72, 0.940), ("Category tokens, released", 941, 43, 0.948)],
)
def test_f1_follows_from_the_counts(reported, method, hits, alarms, f1):
    """2 TP / (2 TP + FP + FN) with 1,001 to refuse."""
    found = values(reported, "independent_f1", "f1_token")[method, "CoCoNot"]
    exact = 2 * hits / (2 * hits + alarms + 1001 - hits)
    assert found == f1 == pytest.approx(exact, abs=5e-4)


def test_the_floor_is_that_of_refusing_everything(reported):
    floor = values(reported, "floor", "f1_always")
    assert floor["Always refuse", "CoCoNot"] == pytest.approx(2002 / 2381, abs=5e-4)
    assert floor["Always refuse", "Temporal"] == 400 / 1600


def test_means_of_the_other_paper_are_over_prompts_not_over_sets(reported):
    """379, 945, 210, 1,319 and 250 prompts give its 17.08; the five rates alone give 15.61."""
    rates = values(reported, "alagharu_table1", "refusal_rate")["Category tokens, released"]
    names = ["CoCoNot contrast", "WildGuard unharmful", "WildJailbreak adversarial benign"]
    names += ["OR-Bench hard", "XSTest safe"]
    sizes = [379, 945, 210, 1319, 250]
    weighted = sum(rates[name] * n for name, n in zip(names, sizes, strict=True)) / sum(sizes)
    assert weighted == pytest.approx(rates["Mean over-refusal"], abs=0.01)
    assert sum(rates[name] for name in names) / 5 == pytest.approx(15.61, abs=0.01)


def test_the_swapped_labels_were_put_right(reported):
    """24 incomplete requests are of 148, 7 unsupported ones of 82."""
    own = reported[reported["item"] == "independent"].set_index(["method", "dataset", "metric"])
    incomplete = own.loc[
        ("Category tokens, released", "CoCoNot contrast, incomplete", "token_rate")
    ]
    unsupported = own.loc[
        ("Category tokens, released", "CoCoNot contrast, unsupported", "token_rate")
    ]
    assert (incomplete["value"], incomplete["n"]) == ("16.22", "148")
    assert (unsupported["value"], unsupported["n"]) == ("8.54", "82")
    assert "swapped" in incomplete["note"]


def test_single_cells(reported):
    found = reported.set_index(["item", "method", "dataset", "metric"])["value"]
    assert (
        found["independent", "One token, released", "WildGuard harmful", "refusal_rate"]
        == "60.0796"
    )
    assert (
        found["independent", "Category tokens, released", "OR-Bench hard", "token_rate"]
        == "21.0766"
    )
    assert (
        found["alagharu_table1", "Category tokens, released", "AdvBench", "refusal_rate"] == "94.23"
    )
    keys = ["item", "model", "method", "dataset"]
    of_model = reported.set_index(keys)["value"].sort_index()
    instruct = of_model["alagharu_table2", "Llama-3-8B-Instruct", "Untuned"]
    assert (instruct["MMLU"], instruct["Mean"]) == ("64.77", "61.65")
    steered = of_model["alagharu_table1", "DeepSeek-R1-Distill-Llama-8B"]
    assert steered["Untuned, low-rank steering", "Do-Not-Answer"] == "71.67"


def test_the_choice_of_judge_alone_moves_the_numbers_of_coconot(reported):
    """The spread over three judges of the same replies, as the report's figure shows it: at most
    23.5 points of "incomplete", 12.9 of contrast requests."""
    own = reported[reported["item"] == "coconot_judges"]
    assert len(own) == 4 * 4 * 6 and set(own["source"]) == {"secondary"}
    replies, _, judge = own["method"].str.partition(", judged by ").to_numpy().T
    again = own[judge != "gpt-3.5-turbo (CoCoNot's paper)"].assign(
        replies=replies[judge != "gpt-3.5-turbo (CoCoNot's paper)"]
    )
    by = again.groupby(["dataset", "model", "replies"])["number"]
    spread = (by.max() - by.min()).groupby("dataset").max().round(1)
    assert spread["CoCoNot original, incomplete"] == 23.5
    assert spread["CoCoNot contrast"] == 12.9
