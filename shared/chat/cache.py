"""Replies on disk, so that a run that was cut off goes on at the reply where it stopped."""

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from shared.chat.replies import Conversation, Reply
from shared.errors import UserError
from shared.models.spec import ModelSpec, display_name, is_endpoint
from shared.settings import ROOT, SCRATCH

REPLIES = "REPLICATIONS_REPLIES"  # environment variable: another folder than this
BOUGHT = Path(os.environ.get(REPLIES) or ROOT / "resources" / "replies")
PATIENCE_S = 60  # how long to wait while another process writes


def reply_key(
    identity: str,
    conversation: Conversation,
    max_new_tokens: int,
    stop: Sequence[str] = (),
    start: str = "",
) -> str:
    """SHA-256 of all that a greedy reply depends on."""
    parts = [identity, list(conversation), max_new_tokens, list(stop), start]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


class ReplyCache:
    """A file of replies by key (`reply_key`). It holds no question and no credential.

    Every reply is written through to the disk at once (1 to 2 ms). Raises `UserError` naming
    the file if it is damaged or can't be read or written.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._errors():
            self._database = sqlite3.connect(self.path, timeout=PATIENCE_S, isolation_level=None)
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS replies (key TEXT PRIMARY KEY, reply TEXT NOT NULL)"
            )
            # that it can be written is told before the first reply is paid for
            self._database.execute("DELETE FROM replies WHERE 0")

    def get(self, keys: Iterable[str]) -> dict[str, Reply]:
        """The replies of those keys that are kept."""
        found = {}
        with self._errors():
            for key in keys:
                query = self._database.execute("SELECT reply FROM replies WHERE key = ?", (key,))
                for (text,) in query:
                    found[key] = Reply(**json.loads(text))
        return found

    def put(self, key: str, reply: Reply) -> None:
        text = json.dumps(asdict(reply))
        with self._errors():
            self._database.execute("INSERT OR REPLACE INTO replies VALUES (?, ?)", (key, text))

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> "ReplyCache":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:  # a full disk, a lock: the replies are sound
            raise UserError(f"{self.path}: {error}") from None
        except (sqlite3.DatabaseError, ValueError, TypeError) as error:
            raise UserError(
                f"{self.path}: not a sound file of kept replies ({error}); "
                "it can be deleted, and its replies are then asked for again"
            ) from None


@contextmanager
def cached_replies(model: ModelSpec, key: str) -> Iterator[ReplyCache]:
    """The replies of a model that a step keeps; write its result before this block ends.

    Those of an endpoint cost money: they stay, in one file a model, for every step and scale.
    Those of a model that runs here are for a step that was cut off, `key` says which: if the
    block ends without an error they are deleted.
    """
    if is_endpoint(model):
        with ReplyCache(BOUGHT / f"{display_name(model)}.sqlite") as kept:
            yield kept
        return
    with ReplyCache(SCRATCH / "replies" / f"{key}.sqlite") as kept:
        yield kept
    kept.path.unlink(missing_ok=True)  # of several training processes one was first
