"""The table of faults names tests that there are."""

import re

from shared.settings import ROOT

ROW = re.compile(r"^\| (.+) \| (.+) \| `(.+)::(.+)` \|$", re.MULTILINE)
TESTS = ROOT / "tests"


def test_every_fault_of_the_table_has_its_test():
    rows = ROW.findall((TESTS / "faults" / "README.md").read_text(encoding="utf-8"))
    assert len(rows) >= 60
    for _, _, file, name in rows:
        assert f"\ndef {name}(" in (TESTS / file).read_text(encoding="utf-8"), name


def test_every_test_of_a_fault_is_in_the_table():
    said = (TESTS / "faults" / "README.md").read_text(encoding="utf-8")
    files = [path for path in (TESTS / "faults").glob("test_*.py") if path.name != "test_table.py"]
    assert len(files) == 6
    for path in files:
        for name in re.findall(r"^def (test_\w+)\(", path.read_text(encoding="utf-8"), re.M):
            assert f"`faults/{path.name}::{name}`" in said, name
