import pytest

from shared.workflow import setup as workflow
from shared.workflow.setup import Setup, keep_freed_memory


def test_a_folder_with_a_space_stays_one_argument():
    setup = Setup("cpu", "path:/my models/one", [])
    assert setup.arguments == "--scale cpu --model 'path:/my models/one'"
    assert Setup("gpu", None, []).arguments == "--scale gpu"
    assert setup.run_name == "cpu+path-my-models-one"


@pytest.mark.parametrize(
    ("gpus", "before", "after"),
    [
        (False, {}, {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "1099511627776"}),
        (False, {"MALLOC_MMAP_MAX_": "9", "MALLOC_TRIM_THRESHOLD_": "1"}, None),
        (True, {}, None),
    ],
)
def test_memory_is_kept_without_a_gpu_unless_a_user_says_otherwise(
    monkeypatch, gpus, before, after
):
    environment = dict(before)
    monkeypatch.setattr(workflow, "gpus_at_hand", lambda: gpus)
    monkeypatch.setattr(workflow.os, "environ", environment)
    keep_freed_memory()
    assert environment == (before if after is None else after)
