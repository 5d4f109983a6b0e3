"""GPUs that are not there, claimed by processes that are."""

import os
import subprocess
import sys
from itertools import pairwise

import pytest

from shared.models.devices import visible
from shared.settings import ROOT
from tests.torchrun import in_two

JOB = """
import sys, time
from shared.models.devices import claim
print(claim(["0", "1"], *sys.argv[2:]), flush=True)
since = time.monotonic()
time.sleep(float(sys.argv[1]))
print(since, time.monotonic())
"""


@pytest.fixture
def start(tmp_path):
    """Start a process that claims one of two GPUs and keeps it for so many seconds."""
    started = []

    def job(seconds, *scope):
        process = subprocess.Popen(
            [sys.executable, "-c", JOB, str(seconds), *scope],
            cwd=ROOT,
            env={"TMPDIR": str(tmp_path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield job
    for process in started:
        process.kill()
        process.communicate()


def claimed(process):
    """The GPU of a process, once it has one."""
    return process.stdout.readline().strip()


def test_two_jobs_get_two_gpus_and_a_third_waits_for_the_first_to_end(start):
    first, second = start(60), start(60)
    assert {claimed(first), claimed(second)} == {"0", "1"}
    third = start(0)
    assert third.stderr.readline() == "waiting for a GPU: 0, 1 in use\n"
    assert third.poll() is None
    first.terminate()
    assert claimed(third) in ("0", "1") and second.poll() is None


def test_a_job_that_is_killed_frees_its_gpu(start):
    jobs = [start(60), start(60)]
    names = list(map(claimed, jobs))
    jobs[1].kill()
    assert claimed(start(0)) == names[1]


def test_six_jobs_on_two_gpus_never_share(start):
    used = {"0": [], "1": []}
    for process in [start(0.2) for _ in range(6)]:
        used[claimed(process)].append(tuple(map(float, process.stdout.read().split())))
    for spans in used.values():
        assert len(spans) > 1
        assert all(end <= begin for (_, end), (begin, _) in pairwise(sorted(spans)))


def test_jobs_of_a_scheduler_on_one_machine_do_not_wait_for_each_other(start):
    """Each sees only its own GPUs, which are called 0 and 1 in both."""
    assert [claimed(start(60, scope)) for scope in ("7-", "8-")] == ["0", "0"]


@pytest.mark.parametrize(
    ("said", "count", "names"),
    [
        (None, 2, ["0", "1"]),
        ("3,1", 2, ["3", "1"]),
        (" GPU-5f3e, GPU-81ac", 2, ["GPU-5f3e", "GPU-81ac"]),
        ("", 0, []),
        ("0,9,1", 1, ["0"]),  # CUDA stops at the first that is not there
    ],
)
def test_what_cuda_visible_devices_says_is_kept_to(said, count, names):
    environment = {} if said is None else {"CUDA_VISIBLE_DEVICES": said}
    assert visible(environment, count) == names


KEEPS = """
import numpy, psutil
from shared.models import devices

devices.gpus_at_hand = lambda: False
devices.keep_freed_memory()
memory = psutil.Process().memory_info
before = memory().rss
block = numpy.ones(12_500_000)  # 100 MB
del block
print((memory().rss - before) / 1e6)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc")
@pytest.mark.parametrize(("chosen", "kept"), [({}, True), ({"MALLOC_ARENA_MAX": "8"}, False)])
def test_memory_is_kept_unless_a_user_chose_otherwise(chosen, kept):
    """Of a freed block of 100 MB all is kept by the process, or nothing."""
    run = subprocess.run(
        [sys.executable, "-c", KEEPS],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith("MALLOC_")} | chosen,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (float(run.stdout) > 90) is kept


def test_only_the_first_of_several_processes_looks_and_tells_the_others(tmp_path):
    """Two processes of torchrun want the hashes of the inputs: one computes them."""
    program = tmp_path / "program.py"
    program.write_text(
        "import os\n"
        "from pathlib import Path\n"
        "from shared.models.devices import told_by_first\n"
        f"folder, rank = Path({str(tmp_path)!r}), os.environ['RANK']\n"
        "hashes = told_by_first(lambda: {'data': f'hashed by {rank}'})\n"
        "again = told_by_first(lambda: [rank])\n"
        "(folder / rank).write_text(f\"{hashes['data']}, again {again}\")\n"
    )
    in_two(program)
    assert [(tmp_path / rank).read_text() for rank in "01"] == ["hashed by 0, again ['0']"] * 2
