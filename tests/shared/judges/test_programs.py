"""Programs that a model wrote: they pass, fail, run too long, and reach nothing."""

import time

import pytest

from shared.errors import UserError
from shared.judges import programs
from shared.judges.programs import pass_tests, sandbox


@pytest.fixture(autouse=True)
def asked_anew():
    sandbox.cache_clear()
    yield
    sandbox.cache_clear()


@pytest.fixture
def bare(monkeypatch):
    """A machine that is a sandbox itself."""
    monkeypatch.setattr(programs, "SANDBOX", ("false",))
    monkeypatch.setenv(programs.ALLOWED, "1")


def test_programs_pass_or_fail(bare, monkeypatch):
    monkeypatch.setattr(programs, "SECONDS", 2)
    made = ["assert 1 + 1 == 2", "assert 1 + 1 == 3", "def f(:", "while True: pass", "exit(3)"]
    assert pass_tests(made) == [True, False, False, False, False]


def test_limits_hold(bare):
    greedy = "x = bytearray(2 ** 31)"
    writes = "open('big', 'wb').write(b'0' * 2 ** 22)"
    sees = "import os; assert not {'HOME', 'HF_TOKEN'} & set(os.environ)"
    assert pass_tests([greedy, writes, sees]) == [False, False, True]


@pytest.mark.parametrize("ends", ["", "\ntime.sleep(60)"])
def test_what_a_program_started_ends_with_it(bare, monkeypatch, tmp_path, ends):
    monkeypatch.setattr(programs, "SECONDS", 2)
    left = tmp_path / "left"
    child = f"time.sleep(3)\n    open({str(left)!r}, 'w')\n    os._exit(0)"
    pass_tests([f"import os, time\nif os.fork() == 0:\n    {child}{ends}"])
    time.sleep(4)
    assert not left.exists()


def test_there_is_no_network_in_the_sandbox(without_network):
    only_itself = "assert open('/proc/net/dev').read().count(':') == 1"
    assert pass_tests([only_itself]) == [True]


def test_without_a_sandbox_nothing_runs_unless_the_user_says_so(monkeypatch):
    monkeypatch.setattr(programs, "SANDBOX", ("sh", "-c", "echo not permitted >&2; exit 1"))
    monkeypatch.delenv(programs.ALLOWED, raising=False)
    with pytest.raises(UserError, match=r"sh: not permitted; there is no sandbox .*RUN_CODE=1"):
        sandbox()
    with pytest.raises(UserError):
        pass_tests(["pass"])
    monkeypatch.setenv(programs.ALLOWED, "1")
    assert sandbox() == ()


def test_a_missing_program_is_one_line(monkeypatch):
    monkeypatch.setattr(programs, "SANDBOX", ("no-such-unshare",))
    with pytest.raises(UserError, match=r"no-such-unshare: .*No such file"):
        sandbox()
