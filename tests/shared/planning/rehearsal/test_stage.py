import os
import subprocess
import sys

import pytest

from shared.data import sources
from shared.data.catalogue import sources as catalogue
from shared.data.fetch import hub
from shared.data.fetch.wanted import ByHand, Repository
from shared.errors import UserError
from shared.planning.rehearsal import stage
from shared.planning.rehearsal.rows import writer, writers
from shared.settings import ROOT, paper_ids

REPOSITORY = Repository("model", "org/name", "0" * 40)


def test_what_was_adopted_is_here_until_a_file_of_it_changes(monkeypatch, tmp_path):
    monkeypatch.setattr(hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(hub.constants, "HF_HUB_OFFLINE", True)

    def write(folder):
        folder.mkdir()
        (folder / "config.json").write_text("{}")

    folder = hub.adopt(REPOSITORY, write)
    assert hub.local_folder(REPOSITORY) == folder
    os.utime(folder / "config.json", ns=(1, 1))
    with pytest.raises(UserError, match="not here whole and checked"):
        hub.local_folder(REPOSITORY)


STAGED = [(p, name) for p in paper_ids() for name in writers(p) if name in catalogue()]


@pytest.mark.parametrize("paper, source", STAGED)
def test_a_staged_source_has_every_file_and_needs_no_checksum(paper, source, monkeypatch, tmp_path):
    writer(paper, source)(tmp_path)
    monkeypatch.setenv(sources.STAGED, str(tmp_path))
    for file in catalogue()[source].files:
        found = sources.fetch(catalogue()[source], file)
        assert (found.path, found.route) == (tmp_path / file, "made for a rehearsal")


def test_a_source_that_nobody_wrote_is_one_line():
    with pytest.raises(UserError, match=r"org/new: no rows for the rehearsal of r_tuning; add a"):
        writer("r_tuning", "org/new")


def test_what_a_script_said_does_not_lie_among_replies_that_were_paid_for(tmp_path):
    run = subprocess.run(
        [sys.executable, "-c", "from shared.chat.cache import BOUGHT; print(BOUGHT)"],
        env=os.environ | stage._places(tmp_path),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert run.stdout.strip() == str(tmp_path / "replies")


def test_what_a_user_puts_there_by_hand_is_written_too(monkeypatch, tmp_path):
    """A source where its mirror would be, anything else below the paper's own name; what no writer
    knows is left as it is."""

    def write(folder):
        folder.mkdir(parents=True)
        (folder / "rows.csv").write_text("row\n")

    hand = [ByHand("advbench: its file", "", "", "advbench"), ByHand("weights", "", "")]
    monkeypatch.setattr(stage, "load_models", lambda *_: [None])
    monkeypatch.setattr(
        "shared.data.fetch.wanted.downloads", lambda _: [*hand, ByHand("questions", "", "")]
    )
    known = {"advbench": write, "weights": write}
    monkeypatch.setattr("shared.planning.rehearsal.rows.writers", lambda _: known)
    stage.set_up(["some_paper"], tmp_path)
    found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("rows.csv")}
    assert found == {"sources/rows.csv", "some_paper/weights/rows.csv"}
