"""What is known of the paper's numbers, and how sure it is."""

import numpy as np

from shared.comparison.reported import own_numbers, read_reported
from shared.settings import load_paper


def test_only_the_abstracts_number_is_the_papers_own():
    own = own_numbers(read_reported("safe_eraser"))
    assert set(own["item"]) == {"abstract"} and set(own["number"]) == {79.5}
    assert set(own["model"]) == {"LLaVA-7B", "LLaVA-13B"}


def test_the_table_has_nine_rows_of_eight_cells_for_each_model():
    table = read_reported("safe_eraser").query("item == 'table1'")
    assert len(table) == 2 * 9 * 8
    assert set(table.groupby("model")["method"].nunique()) == {9}


def test_secondary_numbers_are_five_rows_and_the_rest_is_unknown():
    table = read_reported("safe_eraser").query("item == 'table1'")
    secondary = table[table["source"] == "secondary"]
    assert len(secondary) == 5 * 8 and (secondary["note"] != "").all()
    unknown = table[table["source"] == "paper"]
    assert (unknown["value"] == "").all() and np.isnan(unknown["number"]).all()
    assert unknown["note"].str.contains("could not be read").all()


def test_a_few_numbers_against_the_fact_sheet():
    table = read_reported("safe_eraser").set_index(["model", "method", "dataset", "metric"])
    value = table["value"]
    assert value["LLaVA-7B", "GA", "Specificity", "specificity"] == "15.3"
    assert value["LLaVA-7B", "PO+PD", "Decoupled", "sarr"] == "30.3"
    assert value["LLaVA-13B", "PO+PD", "Efficacy", "rr"] == "99.5"


def test_every_claim_has_its_source():
    claims = load_paper("safe_eraser").claims
    assert {claim.id[:2] for claim in claims} == {f"s{n}" for n in range(1, 10)}
