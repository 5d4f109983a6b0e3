"""Where replies are kept, and for how long."""

import pytest

from shared.chat import keeping
from shared.chat.keeping import kept_for
from shared.chat.replies import Reply

LOCAL, PAID = "path:weights", "api:org/name"


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    monkeypatch.setattr(keeping, "SCRATCH", tmp_path / "scratch")
    monkeypatch.setattr(keeping, "BOUGHT", tmp_path / "bought")
    return tmp_path


def test_replies_of_a_local_model_last_until_the_step_succeeds(folders):
    file = folders / "scratch" / "replies" / "step.sqlite"
    with pytest.raises(KeyboardInterrupt), kept_for(LOCAL, "step") as kept:
        kept.put("a", Reply("yes"))
        raise KeyboardInterrupt
    assert file.is_file()
    with kept_for(LOCAL, "step") as kept:
        assert kept.get(["a", "b"]) == {"a": Reply("yes")}
        assert kept.path == file
    assert not file.exists()


def test_steps_do_not_share_what_a_local_model_said():
    with kept_for(LOCAL, "one") as one, kept_for(LOCAL, "two") as two:
        one.put("a", Reply("yes"))
        assert two.get(["a"]) == {}


def test_replies_of_an_endpoint_stay_for_every_step(folders):
    with kept_for(PAID, "one") as kept:
        kept.put("a", Reply("yes"))
    assert (folders / "bought" / "name.sqlite").is_file()
    with kept_for(PAID, "two") as kept:
        assert kept.get(["a"]) == {"a": Reply("yes")}
