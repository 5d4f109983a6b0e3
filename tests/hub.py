"""A server on localhost that speaks the part of the Hugging Face hub's protocol which we use.

As on the hub, a file in LFS (here: weights and parquet) has its SHA-256 as ETag and is redirected
to a storage server, any other has git's blob id.
"""

import hashlib
import http.server
import json
import threading
import urllib.parse
from dataclasses import dataclass, field

LFS = (".safetensors", ".bin", ".parquet")
TOKEN = "hf_right"


@dataclass
class Served:
    """One repository. The faults are by file name."""

    files: dict[str, bytes]
    revision: str = "0123456789abcdef0123456789abcdef01234567"
    gated: bool = False
    cut: dict[str, list[int]] = field(default_factory=dict)  # bytes after which a reply breaks off
    short: dict[str, int] = field(default_factory=dict)  # bytes that the storage has, no more
    wrong: dict[str, bytes] = field(default_factory=dict)  # what is sent in place of the file


class Hub(http.server.ThreadingHTTPServer):
    """`repositories` by models/ORG/NAME or datasets/ORG/NAME; `asked`: method, path and range."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("localhost", 0), _Handler)
        self.repositories: dict[str, Served] = {}
        self.asked: list[tuple[str, str, str | None]] = []
        self.knows_ranges = True
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://localhost:{self.server_port}"

    def close(self) -> None:
        self.shutdown()
        self.server_close()

    def ranges(self, name: str) -> list[str | None]:
        """The ranges in which a file of the storage server was asked for (None: all of it)."""
        return [
            asked
            for method, path, asked in self.asked
            if method == "GET" and path.startswith("storage/") and path.endswith(name)
        ]


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self._answer()

    def do_GET(self):
        self._answer()

    def log_message(self, *_):
        pass

    def _answer(self):
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path).strip("/")
        self.server.asked.append((self.command, path, self.headers.get("Range")))
        parts = path.split("/")
        if parts[0] == "storage":
            self._content("/".join(parts[1:4]), "/".join(parts[4:]))
            return
        if len(parts) < 4:  # the client asks after itself now and then
            self._refuse(404, "EntryNotFound")
            return
        api = parts[0] == "api" and bool(parts.pop(0))
        kind = parts.pop(0) if parts[0] in ("models", "datasets") else "models"
        key = "/".join([kind, *parts[:2]])
        verb, revision, name = parts[2], parts[3], "/".join(parts[4:])
        served = self.server.repositories.get(key)
        if served is None:
            self._refuse(404, "RepoNotFound")
        elif revision != served.revision:
            self._refuse(404, "RevisionNotFound")
        elif api:
            self._json(_tree(served) if verb == "tree" else _info(key, served))
        elif served.gated and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._refuse(403 if "Authorization" in self.headers else 401, "GatedRepo")
        elif name not in served.files:
            self._refuse(404, "EntryNotFound")
        elif name.endswith(LFS):
            content = served.files[name]
            self._head(
                302,
                {
                    "Location": f"/storage/{key}/{name}",
                    "X-Repo-Commit": served.revision,
                    "X-Linked-Etag": f'"{hashlib.sha256(content).hexdigest()}"',
                    "X-Linked-Size": len(content),
                    "Content-Length": 0,
                },
            )
        else:
            self._content(key, name)

    def _content(self, key: str, name: str):
        served = self.server.repositories[key]
        content = served.wrong.get(name, served.files[name])
        content = content[: served.short.get(name)]
        start, asked = 0, self.headers.get("Range")
        if asked and self.server.knows_ranges:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            if start >= len(content):
                self._refuse(416, "")
                return
        headers = {
            "ETag": f'"{_digest(name, served.files[name])}"',
            "X-Repo-Commit": served.revision,
            "Content-Length": len(content) - start,
        }
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self._head(206 if start else 200, headers)
        if self.command == "HEAD":
            return
        cuts = served.cut.get(name, [])
        end = start + cuts.pop(0) if cuts else len(content)
        self.wfile.write(content[start:end])
        self.close_connection = end < len(content)

    def _refuse(self, status: int, code: str):
        self._head(status, {"X-Error-Code": code, "Content-Length": 0})

    def _json(self, value: object):
        text = json.dumps(value).encode()
        self._head(200, {"Content-Type": "application/json", "Content-Length": len(text)})
        self.wfile.write(text)

    def _head(self, status: int, headers: dict):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.end_headers()


def _digest(name: str, content: bytes) -> str:
    if name.endswith(LFS):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _info(key: str, served: Served) -> dict:
    siblings = []
    for name, content in served.files.items():
        row = {"rfilename": name, "size": len(content), "blobId": _digest("", content)}
        if name.endswith(LFS):
            digest = _digest(name, content)
            row["lfs"] = {"sha256": digest, "size": len(content), "pointerSize": 134}
        siblings.append(row)
    name = key.partition("/")[2]
    return {"id": name, "sha": served.revision, "gated": served.gated, "siblings": siblings}


def _tree(served: Served) -> list[dict]:
    rows = []
    for name, content in served.files.items():
        row = {"type": "file", "path": name, "size": len(content), "oid": _digest("", content)}
        if name.endswith(LFS):
            digest = _digest(name, content)
            row["lfs"] = {"oid": digest, "size": len(content), "pointerSize": 134}
        rows.append(row)
    return rows
