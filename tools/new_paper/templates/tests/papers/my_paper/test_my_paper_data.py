"""The questions: counted, apart, the same for the same seed."""

import pytest

from papers.my_paper.data import data
from shared.files import read_jsonl
from shared.runner.step import Run
from shared.settings import load_settings

SMOKE = load_settings("my_paper", "smoke")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    def read(settings):
        out = tmp_path_factory.mktemp("data")
        data(Run(settings, out))
        return {part: read_jsonl(out / f"{part}.jsonl") for part in ("train", "test")}

    return read


def test_sizes_and_what_is_kept_apart(built):
    rows = built(SMOKE)
    assert {part: len(own) for part, own in rows.items()} == {"train": 32, "test": 32}
    subjects = [{row["subject"] for row in own} for own in rows.values()]
    assert subjects[0].isdisjoint(subjects[1])
    assert all(row["answer"] != row["wrong"] for own in rows.values() for row in own)


def test_the_seed_decides(built):
    assert built(SMOKE) == built(SMOKE)
    assert built(SMOKE) != built(SMOKE.model_copy(update={"data_seed": 1}))
