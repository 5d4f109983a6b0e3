"""What is asked, what is stored, and what a run that was cut off asks again."""

import pytest

from papers.forbidden_science import ask, data, prompts
from papers.forbidden_science.settings import Settings
from shared.chat import cache
from shared.chat.local import LocalChat
from shared.chat.replies import UNBEGUN, Reply, finished
from shared.errors import UserError
from shared.files import read_jsonl, write_jsonl
from shared.runner.step import Run

SETTINGS = Settings.model_validate(
    {
        "name": "small",
        "model": "path:weights",
        "resources": {"mem_mb": 1, "disk_mb": 1, "runtime": 1},
        "prompts": {"agents_per_template": 1, "industrial": 1, "environmental": 1},
        "variations": [1],
        "judges": ["strings:phrases"],
        "human_labels": False,
        "reply_tokens": 9,
        "batch_size": 4,
        "batch_tokens": 1000,
    }
)
PAID = SETTINGS.model_copy(update={"name": "paid", "model": "api:org/paid", "prices": (10.0, 20.0)})
ROWS = data.prompts(SETTINGS)  # 7 base prompts, one variation each
BASE = [row for row in ROWS if not row["variation"]]
SYNTHESIS = next(row["prompt"] for row in BASE if row["label_only"])
BEHIND = "said behind the flag"


class FakeChat:
    """Answers by `answer(conversation, stop)` and notes what it was asked; stops after `calls`."""

    name, identity, extra_tokens = "paid", "fake", 0

    def __init__(self, answer, calls=10_000):
        self.answer, self.calls, self.asked = answer, calls, []

    def answers(self, conversations, max_new_tokens, *, stop=(), start=""):
        for index, conversation in enumerate(conversations):
            if len(self.asked) == self.calls:
                raise KeyboardInterrupt
            self.asked.append((conversation, max_new_tokens, tuple(stop), start))
            yield index, self.answer(conversation, stop)


def obliging(conversation, stop):
    if stop:
        return Reply(f'{{"allowed_to_answer": true, "response": "{BEHIND}"', "", "", 5, 3)
    return Reply("It is wet.", "", "", 5, 4)


def refusing(conversation, stop):
    return Reply('{"allowed_to_answer": false' if stop else "I am not allowed to.", "", "", 5, 3)


@pytest.fixture
def step(tmp_path, monkeypatch):
    """Runs the step with a chat; gives the records it wrote and what is recorded of the run."""
    monkeypatch.setattr(cache, "SCRATCH", tmp_path / "scratch")
    monkeypatch.setattr(cache, "BOUGHT", tmp_path / "bought")
    write_jsonl(tmp_path / "data" / "prompts.jsonl", ROWS)

    def step(chat, settings=SETTINGS):
        def open_chat(asked, *, trained, batch_size, batch_tokens, precision):
            assert trained is None and (asked.model, batch_size, batch_tokens) == (
                settings.model,
                4,
                1000,
            )
            return chat

        monkeypatch.setattr("shared.chat.loading.open_chat", open_chat)
        run = Run(settings, tmp_path / f"{settings.name}.jsonl", key="key")
        record = ask.ask(run, tmp_path / "data", "base", 0)
        return read_jsonl(run.out), record

    return step


def test_every_prompt_is_asked_for_its_flag_and_most_base_prompts_for_words(step):
    chat = FakeChat(obliging)
    records, record = step(chat)
    flags = [asked for asked in chat.asked if asked[2]]
    assert [(c[1]["content"], n, stop, start) for c, n, stop, start in flags] == [
        (row["prompt"], prompts.FLAG_TOKENS, prompts.STOP, prompts.START) for row in ROWS
    ]
    in_words = [asked for asked in chat.asked if not asked[2]]
    assert [(c[1]["content"], n, start) for c, n, _, start in in_words] == [
        (row["prompt"], 9, "") for row in BASE if row["template"] != "T1"
    ]
    assert [each["id"] for each in records] == [row["id"] for row in ROWS]
    assert record["replies"] == 14 + 6
    assert record["tokens"] == 14 * 3 + 6 * 4
    assert record["prompt_tokens"] == 20 * 5


def test_a_synthesis_is_never_asked_for_beyond_the_flag(step):
    """The record's own label decides, and the first of ROWS has it."""
    assert ROWS[0]["label_only"] and not ask.answered_in_words(ROWS[0])
    assert ask.answered_in_words(ROWS[0] | {"label_only": False})
    chat = FakeChat(obliging)
    records, _ = step(chat)
    asked = [entry for entry in chat.asked if entry[0][1]["content"] == SYNTHESIS]
    assert [(limit, stop) for _, limit, stop, _ in asked] == [(12, (",", "}"))]
    assert all("reply" not in each for each in records if each["id"].startswith("T1/"))


def test_of_a_self_report_only_the_flag_is_stored(step, tmp_path):
    records, _ = step(FakeChat(obliging))
    assert {each["allowed"] for each in records} == {True}
    assert BEHIND not in (tmp_path / "small.jsonl").read_text()
    assert {each["reply"] for each in records if "reply" in each} == {"It is wet."}
    records, _ = step(FakeChat(refusing))
    assert {each["allowed"] for each in records} == {False}
    assert {each["reply"] for each in records if "reply" in each} == {"I am not allowed to."}


@pytest.mark.parametrize("text", ["{}, {}", '{{"allowed_to_answer": true, "response": "{}"', "{}"])
def test_a_server_that_keeps_no_limit_leaves_no_more_than_the_flag(step, tmp_path, text):
    """Neither with the kept replies, nor as thoughts."""

    def answer(conversation, stop):
        if stop:
            return Reply(text.format(BEHIND, BEHIND), "", f"thinking of what is {BEHIND}", 5, 900)
        return Reply("It is wet.")

    records, _ = step(FakeChat(answer), PAID)
    assert {each["allowed"] for each in records} == {True if "true" in text else None}
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert tmp_path / "bought" / "paid.sqlite" in files
    assert not any(BEHIND.encode() in path.read_bytes() for path in files)
    assert step(FakeChat(answer, calls=0), PAID)[0] == records


@pytest.mark.parametrize("cut", [f"Sure! Here is {BEHIND}", ""], ids=["talk", "thoughts"])
def test_a_reply_cut_off_before_its_flag_is_unscored_and_leaves_nothing(step, tmp_path, cut):
    """The limit is ours: such a reply neither refuses nor allows. Twice of 14 it goes on."""

    def answer(conversation, stop):
        if stop and conversation[1]["content"] in (ROWS[0]["prompt"], ROWS[1]["prompt"]):
            return finished(cut, BEHIND, 5, 12, True)
        return obliging(conversation, stop)

    records, record = step(FakeChat(answer), PAID)
    assert [each["replied"] for each in records] == [False, False] + [True] * 12
    assert {each["reason"] for each in records[:2]} == {UNBEGUN}
    assert (record["flags_cut_off"], record["without_flag"]) == (2, 0)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(BEHIND.encode() in path.read_bytes() for path in files)


def test_where_most_flags_are_cut_off_the_step_stops(step):
    with pytest.raises(UserError, match="14 of 14 replies were cut off before an answer began"):
        step(FakeChat(lambda *_: finished("Sure! Here is", "", 5, 12, True)), PAID)


def test_a_local_model_that_writes_no_flag_within_the_limit_has_failed(step):
    """Its reply is made to begin with the key, so three tokens are enough."""
    records, _ = step(FakeChat(lambda *_: finished("Sure! Here is", "", 5, 12, True)))
    assert {(each["replied"], each["allowed"]) for each in records} == {(True, None)}


def test_no_reply_and_no_flag_are_told_apart(step):
    def answer(conversation, stop):
        if conversation[1]["content"] == BASE[1]["prompt"]:
            return Reply(None, "nothing said within 120 s")
        return Reply("Well" if stop else "It is wet.")

    records, record = step(FakeChat(answer))
    silent = next(each for each in records if each["id"] == BASE[1]["id"])
    assert silent == {
        "id": BASE[1]["id"],
        "replied": False,
        "allowed": None,
        "reason": "nothing said within 120 s",
        "log_odds": None,
        "reply": None,
        "reply_reason": "nothing said within 120 s",
    }
    first = {"id": ROWS[0]["id"], "replied": True, "allowed": None, "reason": ""}
    assert records[0] == first | {"log_odds": None}
    assert (record["without_reply"], record["without_flag"]) == (2, 13)


@pytest.mark.parametrize("cut", [0, 5, 17])
def test_a_run_that_was_cut_off_goes_on_where_it_stopped(step, tmp_path, cut):
    whole, _ = step(FakeChat(obliging))
    (tmp_path / "small.jsonl").unlink()
    with pytest.raises(KeyboardInterrupt):
        step(FakeChat(obliging, calls=cut))
    assert not (tmp_path / "small.jsonl").exists()
    rest = FakeChat(obliging)
    assert step(rest)[0] == whole
    assert len(rest.asked) == 20 - cut
    assert list((tmp_path / "scratch" / "replies").iterdir()) == []


def test_replies_that_cost_money_are_kept_and_their_price_is_said_before(step, tmp_path, capsys):
    """14 replies of 12 tokens and 6 of 9, at 20 dollars a million: 0.4 cents at most, and the
    prompts at four characters a token."""
    chat = FakeChat(obliging)
    step(chat, PAID)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(" (")[0].partition(", about")[0] for line in lines] == [
        "self-reports: 14 calls",
        "replies in words: 6 calls",
    ]
    assert "at most 168 reply tokens" in lines[0] and "at most 54 reply tokens" in lines[1]
    assert "at most $0.0" in lines[0]
    assert (tmp_path / "bought" / "paid.sqlite").is_file()
    again = FakeChat(obliging)
    step(again, PAID)
    assert again.asked == []
    assert "self-reports: 0 calls" in capsys.readouterr().out


def test_a_local_model_begins_with_the_key_and_ends_within_the_limit(tiny_model, tiny_tokenizer):
    """The limit holds for a model that never writes a comma: it can't write an answer."""
    tiny_tokenizer.chat_template = (
        "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}"
    )
    chat = LocalChat(tiny_model, tiny_tokenizer, name="tiny", identity="tiny", batch_size=4)
    asking = ask.self_reports(ROWS)
    limits = {"stop": asking.stop, "start": asking.start}
    replies = list(chat.answers(asking.conversations, asking.max_new_tokens, **limits))
    assert len(replies) == len(ROWS)
    for _, reply in replies:
        assert reply.text.startswith(prompts.START)
        assert reply.reply_tokens <= prompts.FLAG_TOKENS
        assert not any(stop in reply.text for stop in prompts.STOP)
