"""Where replies are kept, and for how long."""

import pytest

from shared.chat import cache
from shared.chat.cache import cached_replies
from shared.chat.replies import Reply

LOCAL, PAID = "path:weights", "api:org/name"


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "SCRATCH", tmp_path / "scratch")
    monkeypatch.setattr(cache, "BOUGHT", tmp_path / "bought")
    return tmp_path


def test_replies_of_a_local_model_last_until_the_step_succeeds(folders):
    file = folders / "scratch" / "replies" / "step.sqlite"
    with pytest.raises(KeyboardInterrupt), cached_replies(LOCAL, "step") as kept:
        kept.put("a", Reply("yes"))
        raise KeyboardInterrupt
    assert file.is_file()
    with cached_replies(LOCAL, "step") as kept:
        assert kept.get(["a", "b"]) == {"a": Reply("yes")}
        assert kept.path == file
    assert not file.exists()


def test_steps_do_not_share_what_a_local_model_said():
    with cached_replies(LOCAL, "one") as one, cached_replies(LOCAL, "two") as two:
        one.put("a", Reply("yes"))
        assert two.get(["a"]) == {}


def test_replies_of_an_endpoint_stay_for_every_step(folders):
    with cached_replies(PAID, "one") as kept:
        kept.put("a", Reply("yes"))
    assert (folders / "bought" / "name.sqlite").is_file()
    with cached_replies(PAID, "two") as kept:
        assert kept.get(["a"]) == {"a": Reply("yes")}
