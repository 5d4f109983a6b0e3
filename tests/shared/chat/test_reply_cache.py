import sqlite3

import pytest

from shared.chat.cache import ReplyCache, reply_key
from shared.chat.replies import Reply
from shared.errors import UserError

ASKED = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Wer läuft?"}]
REPLY = Reply("Die Katze\n\ud800 läuft.", "", "Wer?", 12, 7)  # with half a surrogate pair


def test_a_reply_comes_back_as_it_was_from_a_file_opened_again(tmp_path):
    path = tmp_path / "deep" / "replies.sqlite"
    with ReplyCache(path) as kept:
        kept.put("a", Reply("first"))
        kept.put("a", REPLY)
    with ReplyCache(path) as kept:
        assert kept.get(["a", "b", "a"]) == {"a": REPLY}
    assert [file.name for file in path.parent.iterdir()] == ["replies.sqlite"]


def test_what_was_put_is_there_if_the_process_dies(tmp_path):
    """A second connection sees a reply before the first is closed: it isn't held in memory."""
    with ReplyCache(tmp_path / "replies") as first, ReplyCache(tmp_path / "replies") as second:
        first.put("a", REPLY)
        assert second.get(["a"]) == {"a": REPLY}


def test_all_that_a_reply_depends_on_is_in_its_key():
    same = reply_key("m", ASKED, 8, ["\n"], "Answer:")
    assert same == reply_key("m", [dict(reversed(m.items())) for m in ASKED], 8, ("\n",), "Answer:")
    others = [
        reply_key("n", ASKED, 8, ["\n"], "Answer:"),
        reply_key("m", ASKED[::-1], 8, ["\n"], "Answer:"),
        reply_key("m", ASKED[1:], 8, ["\n"], "Answer:"),
        reply_key("m", ASKED, 9, ["\n"], "Answer:"),
        reply_key("m", ASKED, 8, ["\n", "."], "Answer:"),
        reply_key("m", ASKED, 8, ["\n"]),
    ]
    assert len({same, *others}) == 7


def test_a_damaged_file_is_one_line_that_says_it_can_go(tmp_path):
    path = tmp_path / "replies"
    path.write_bytes(b"not a database, but long enough to look like one" * 100)
    with pytest.raises(UserError, match=r"replies: not a sound file .* it can be deleted"):
        ReplyCache(path)


def test_a_damaged_page_is_found_when_it_is_read(tmp_path):
    path = tmp_path / "replies"
    with ReplyCache(path) as kept:
        for number in range(200):
            kept.put(f"{number:03}", REPLY)
    whole = bytearray(path.read_bytes())
    whole[4096:] = b"\xff" * (len(whole) - 4096)  # all after the first page
    path.write_bytes(whole)
    with ReplyCache(path) as kept, pytest.raises(UserError, match="it can be deleted"):
        kept.get(["100"])


def test_a_reply_of_another_make_is_damage(tmp_path):
    with ReplyCache(tmp_path / "replies") as kept:
        kept.put("a", REPLY)
    with sqlite3.connect(tmp_path / "replies") as database:
        database.execute("UPDATE replies SET reply = '{\"words\": 3}'")
    database.close()
    with (
        ReplyCache(tmp_path / "replies") as kept,
        pytest.raises(UserError, match="it can be deleted"),
    ):
        kept.get(["a"])


def test_a_file_that_can_not_be_opened_is_not_to_be_deleted(tmp_path):
    with pytest.raises(UserError) as error:
        ReplyCache(tmp_path)
    assert str(error.value) == f"{tmp_path}: unable to open database file"
