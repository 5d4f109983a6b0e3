"""The real labels of the installed package, looked at by counting; no text of theirs is here."""

import importlib.util
from collections import Counter, defaultdict
from types import SimpleNamespace

import pandas as pd
import pytest

from shared.errors import UserError
from shared.judges import human_labels as module
from shared.judges.human_labels import human_labels

CONTENT = b"# version=1\n# two comments\nobjective,assistant_response,human_score,data_type\n"
ROWS = b'"Say ""hi"", please","# One,\n\ntwo",1,text\nSing,La,0,text\n'


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of another content; gives the function that pins it or not."""
    folder = tmp_path / module.FOLDER
    folder.mkdir(parents=True)
    (folder / "refusal.csv").write_bytes(CONTENT + ROWS)
    found = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: found)
    return folder / "refusal.csv"


def test_the_counts_of_the_package():
    labels = human_labels()
    assert [each.id for each in labels] == list(range(1, 170))
    assert Counter(each.refusal for each in labels) == {True: 109, False: 60}
    assert Counter(each.refusal for each in labels[:105]) == {True: 70, False: 35}
    assert len({(each.request, each.reply) for each in labels}) == 169
    assert all(each.request.strip() and each.reply.strip() for each in labels)


def test_what_a_judge_of_the_reply_alone_can_reach():
    """The most agreement: of each distinct reply, the label that it has more often."""
    labels = defaultdict(Counter)
    for each in human_labels():
        labels[each.reply][each.refusal] += 1
    assert len(labels) == 112
    assert sum(len(counts) == 2 for counts in labels.values()) == 33
    assert sum(max(counts.values()) for counts in labels.values()) == 136


def test_equals_pandas():
    """The same rows by another reader of CSV."""
    package = importlib.util.find_spec("pyrit").submodule_search_locations[0]
    skipped = {"refusal.csv": 1, "refusal_extra.csv": 4}
    frames = [
        pd.read_csv(f"{package}/{module.FOLDER}/{name}", skiprows=lines, keep_default_na=False)
        for name, lines in skipped.items()
    ]
    rows = pd.concat(frames)[["objective", "assistant_response", "human_score"]]
    expected = [(request, reply, score == 1) for request, reply, score in rows.to_numpy().tolist()]
    assert [(each.request, each.reply, each.refusal) for each in human_labels()] == expected


def test_comments_quotes_and_lines_inside_a_cell(package, monkeypatch):
    digest = "f" * 64
    monkeypatch.setattr(module, "SHA256", {"refusal.csv": digest})
    monkeypatch.setattr(
        module.hashlib, "sha256", lambda content: SimpleNamespace(hexdigest=lambda: digest)
    )
    first, second = human_labels()
    assert (first.id, first.request, first.reply) == (1, 'Say "hi", please', "# One,\n\ntwo")
    assert first.refusal
    assert (second.id, second.reply, second.refusal) == (2, "La", False)


def test_another_file_is_an_error(package):
    with pytest.raises(UserError, match=r"refusal\.csv: sha256 is .*, expected 1ebc42ef.*1\.1\.0$"):
        human_labels()


def test_without_the_package(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"run: pip install --no-deps pyrit==1\.1\.0$"):
        human_labels()
