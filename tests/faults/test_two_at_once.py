"""Two runs at once: both end, or one says why, and what they write is whole."""

import json
import time

import pytest

from shared.chat.cache import ReplyCache
from shared.chat.replies import Reply
from shared.errors import UserError
from shared.files import read_json, write_json
from shared.runner import caps
from shared.runner.step import only_one_at
from tests.faults import steps

WRITERS, EACH = 3, 60


def keep_replies(path, writer):
    with ReplyCache(path) as kept:
        for number in range(EACH):  # some of them the same in all
            shared = number % 3 == 0
            kept.put(f"{number if shared else (writer, number)}", Reply(f"reply {number}"))


def write_many(path, writer):
    for _ in range(EACH):
        write_json(path, [writer] * 5000)


def take_many(folder, writer):
    caps.set_caps({"max_cost": 10}, folder)
    for _ in range(EACH):
        try:
            caps.cap("max_cost").take(0.125)
        except UserError:
            return


def at_once(work, path):
    processes = [
        steps.CONTEXT.Process(target=work, args=(path, writer)) for writer in range(WRITERS)
    ]
    for process in processes:
        process.start()
    return processes


def ended(processes):
    for process in processes:
        process.join()
    return [process.exitcode for process in processes]


def test_several_processes_keep_replies_in_one_file(tmp_path):
    assert ended(at_once(keep_replies, tmp_path / "paid.sqlite")) == [0] * WRITERS
    numbers = [n for n in range(EACH) if n % 3]
    keys = [f"{(writer, n)}" for writer in range(WRITERS) for n in numbers]
    keys += [f"{n}" for n in range(0, EACH, 3)]
    with ReplyCache(tmp_path / "paid.sqlite") as kept:
        assert set(kept.get(keys)) == set(keys)


def test_a_file_that_several_processes_write_is_whole_at_any_time(tmp_path):
    path, seen = tmp_path / "value.json", set()
    write_json(path, [0] * 5000)
    processes = at_once(write_many, path)
    while any(process.is_alive() for process in processes):
        found = read_json(path, list)
        assert len(found) == 5000 and len(set(found)) == 1
        seen.add(found[0])
    assert ended(processes) == [0] * WRITERS
    assert len(seen) > 1 and [each.name for each in tmp_path.iterdir()] == ["value.json"]


def test_processes_together_take_no_more_than_there_is(tmp_path):
    assert ended(at_once(take_many, tmp_path)) == [0] * WRITERS
    assert json.loads((tmp_path / "taken.json").read_text())["max_cost"] == 10


@pytest.mark.parametrize("name", ["data", "ask", "train"])
def test_a_step_that_is_started_twice_is_right(name, given, undisturbed, tmp_path):
    """By hand, into the same folder: the second is turned away, or comes after the first."""
    both = [steps.start(name, given, tmp_path / "run") for _ in range(2)]
    assert 0 in ended(both)
    assert steps.result(tmp_path / "run") == undisturbed(name).result


def hold(scratch, there):
    with only_one_at(scratch):
        there.set()
        time.sleep(60)


def test_a_step_that_is_at_work_keeps_others_away_until_its_process_ends(tmp_path):
    """However that ends."""
    there = steps.CONTEXT.Event()
    process = steps.CONTEXT.Process(target=hold, args=(tmp_path / "one", there))
    process.start()
    assert there.wait(60)
    with (
        pytest.raises(UserError, match="another process runs this step; wait until it has ended"),
        only_one_at(tmp_path / "one"),
    ):
        pass
    with only_one_at(tmp_path / "two"):
        process.kill()
        process.join()
    with only_one_at(tmp_path / "one"):
        pass
    with only_one_at(tmp_path / "one"):
        assert not list(tmp_path.iterdir())
