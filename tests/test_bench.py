"""The bench on a tiny model: what it compares does the same work, and its page is whole."""

import copy
import re

import pytest

from shared.training import supervised
from shared.training.settings import Lora
from tools.bench import __main__, machine, page, scoring, subject, training, writing

PRECISIONS = ["fp32", "bf16"]


@pytest.fixture
def of(tiny_model, tiny_tokenizer):
    return subject.Subject(tiny_model, tiny_tokenizer, "fp32", peak=1e9)


@pytest.fixture
def small(monkeypatch, tiny_model, tiny_tokenizer):
    """The bench of the tiny model, at sizes that take seconds."""

    def load(spec, *, precision, **_):
        return copy.deepcopy(tiny_model).to(machine.DTYPES[precision]), tiny_tokenizer

    for module in (subject, supervised):
        monkeypatch.setattr(module, "load", load)
    monkeypatch.setattr(writing, "PROMPTS", (1, 3))
    monkeypatch.setattr(writing, "NEW_TOKENS", (2, 4))
    monkeypatch.setattr(scoring, "TEXTS", 4)
    monkeypatch.setattr(scoring, "SHOTS", 2)
    monkeypatch.setattr(training, "EXAMPLES", 8)
    few = {"lora": Lora(rank=2, alpha=4, first_layer=1)}
    monkeypatch.setattr(training, "TRAINING", training.TRAINING.model_copy(update=few))
    monkeypatch.setattr(machine, "ENOUGH_S", 0.0)
    monkeypatch.setattr(machine, "precisions", lambda: PRECISIONS)


def test_all_engines_write_the_same_tokens(of):
    ids = [of.ids(text) for text in ("What is it?", "A", "Who is there?")]
    found = {name: write(ids, 5) for name, write in writing.engines(of).items()}
    assert len(found) >= 3 and [len(each) for each in found["this project"]] == [5, 5, 5]
    assert all(made == found["this project"] for made in found.values())


def test_a_share_is_arithmetic_over_time(of, monkeypatch):
    """One prompt of p tokens and two new ones in half a second: 4 new tokens a second. The blocks
    run p + 1 tokens, the output layer 2: 2 (body (p + 1) + 2 head) operations in that time."""
    monkeypatch.setattr(writing, "PROMPTS", (1,))
    monkeypatch.setattr(writing, "NEW_TOKENS", (2,))
    monkeypatch.setattr(writing, "seconds", lambda work: 0.5)
    prompt = len(of.ids(f"Question: {subject.questions(1)[0]}\nAnswer:"))
    operations = 2 * (of.body * (prompt + 1) + 2 * of.head)
    for row in writing.writing(of):
        assert row.rate == 4 and row.share == pytest.approx(operations / 0.5 / 1e9)
    # a block: four projections of attention (8 a head, 4 and 2 heads), three of the feed-forward
    # layer, two norms; then 259 tokens of 32 numbers
    assert of.body == 2 * (2 * 32 * 32 + 2 * 32 * 16 + 3 * 32 * 48 + 2 * 32)
    assert of.head == 259 * 32


def test_the_page(small, monkeypatch, tmp_path, capsys):
    out = tmp_path / "bench.md"
    monkeypatch.setattr("sys.argv", ["bench", "--out", str(out)])
    __main__.main()
    text = out.read_text()
    assert text in capsys.readouterr().out
    tables = re.findall(r"((?:^\|.*\n)+)", text, re.MULTILINE)
    rows = [[line.strip("| ").split(" | ") for line in table.splitlines()] for table in tables]
    wrote, scored, trained = rows
    assert wrote[0][:6] == [
        "precision", "prompts", "new tokens", "this project", "`generate`",
        "`generate`, static cache",
    ]  # fmt: skip
    assert [row[:3] for row in wrote[2:]] == [
        [precision, prompts, tokens]
        for precision in PRECISIONS
        for prompts in "13"
        for tokens in "24"
    ]
    assert scored[0] == ["texts", "precision", "this project", "one text at a time"]
    assert [row[0] for row in trained[2:]] == [
        "this project, 1 epoch", "this project, 3 epochs", "`SFTTrainer`, 1 epoch",
    ]  # fmt: skip
    cells = [cell for row in (*wrote[2:], *trained[2:]) for cell in row if "%" in cell]
    assert len(cells) >= 8 * 3 + 3 * 2
    assert all(re.fullmatch(r"[\d,]+ \(\d+%\)", cell) for cell in cells)
    assert "vLLM: left out" in text or "vLLM" in wrote[0]
    assert "bf16: left out" not in text


def test_bf16_is_left_out_where_it_would_be_emulated(monkeypatch):
    monkeypatch.setattr(machine, "own_device", lambda: "cpu")
    monkeypatch.setattr(machine, "multiplies_bf16", lambda: False)
    assert machine.precisions() == ["fp32"]
    monkeypatch.setattr(machine, "multiplies_bf16", lambda: True)
    assert machine.precisions() == ["fp32", "bf16"]
    assert "bf16: left out" in page._conditions([page.Measured("fp32", 1e9, [], [], [])], 0, 0)


def test_what_is_short_is_measured_thrice_and_the_best_counts(monkeypatch):
    times = iter([0.3, 0.1, 0.2, 9.0])
    monkeypatch.setattr(machine, "own_device", lambda: "cpu")
    monkeypatch.setattr(machine, "timed", lambda work: next(times))
    assert machine.seconds(lambda: None) == 0.1
    assert machine.seconds(lambda: None) == 9.0
