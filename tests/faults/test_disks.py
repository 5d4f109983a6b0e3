"""Disks that are full, a quota, folders that may not be written: one line, and nothing is lost."""

import pytest

from tests.faults import steps

# Bytes to which a file can grow, less than the largest that the step writes.
FULL = [("data", 5_000), ("train", 100_000), ("ask", 10_000), ("analyze", 5_000)]


def one_line_of(folder):
    """The error, which is all that comes after what a step says in any case."""
    text = steps.said(folder)
    assert "Traceback" not in text, text[-3000:]
    (line,) = [line for line in text.splitlines() if line.startswith("error: ")]
    return line


@pytest.mark.parametrize(("name", "size"), FULL)
def test_a_disk_that_fills_is_one_line_and_the_next_run_goes_on(
    name, size, given, undisturbed, tmp_path
):
    folder = tmp_path / "run"
    assert steps.run(name, given, folder, "limit", size) == 1
    assert f"{folder}" in one_line_of(folder)
    assert not [path for path in folder.rglob("*") if path.name.endswith((".tmp", ".before"))]
    assert steps.run(name, given, folder) == 0, steps.said(folder)
    assert steps.result(folder) == undisturbed(name).result
    assert steps.left_over(folder) == []


@pytest.mark.parametrize("name", ["data", "train", "ask"])
def test_a_folder_that_may_not_be_written_is_one_line(name, given, undisturbed, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "said").touch()
    folder.chmod(0o555)
    assert steps.run(name, given, folder, "protected") == 1
    line = one_line_of(folder)
    assert f"{folder}" in line and line.endswith("Permission denied")
    folder.chmod(0o755)
    assert steps.run(name, given, folder) == 0, steps.said(folder)
    assert steps.result(folder) == undisturbed(name).result
