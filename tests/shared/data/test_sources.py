"""Ways in, tried in order, with every file checked by its SHA-256."""

import hashlib
import http.server
import threading
from pathlib import Path

import huggingface_hub.constants
import pytest

from shared.data import sources
from shared.data.sources import Fetched, Source, fetch, mirror_folder
from shared.errors import UserError

TEXT = b"right bytes\n"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILE = "things/rows.json"
SHA256 = hashlib.sha256(TEXT).hexdigest()


@pytest.fixture(autouse=True)
def no_mirror(monkeypatch, tmp_path):
    """Neither a variable nor a folder beside the repository, whatever this machine has."""
    monkeypatch.delenv(sources.VARIABLE, raising=False)
    monkeypatch.setattr(sources, "BESIDE", tmp_path / "beside")
    monkeypatch.setattr(sources, "DOWNLOADS", tmp_path / "downloads")
    monkeypatch.setattr(sources, "GITHUB", "http://localhost:9")  # nobody listens there


@pytest.fixture
def github(monkeypatch):
    """A server that publishes TEXT at the upstream path; `asked` lists the paths."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            server.asked.append(self.path)
            found = self.path == f"/owner/things/{COMMIT}/data/rows.json"
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(server.text) + server.missing))
            self.end_headers()
            self.wfile.write(server.text)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("localhost", 0), Handler)
    server.asked, server.text, server.missing = [], TEXT, 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(sources, "GITHUB", f"http://localhost:{server.server_port}")
    yield server
    server.shutdown()
    server.server_close()


def source(**changes) -> Source:
    record = {
        "id": "things",
        "upstream": "owner/things",
        "revision": COMMIT,
        "folder": "data",
        "licence": "MIT",
        "note": "",
        "files": {FILE: hashlib.sha256(TEXT).hexdigest()},
    }
    return Source(**record | changes)


def make_mirror(folder: Path, text: bytes = TEXT) -> Path:
    (folder / "things").mkdir(parents=True)
    (folder / FILE).write_bytes(text)
    return folder


def test_mirror_named_by_argument_variable_or_place(monkeypatch, tmp_path):
    beside = make_mirror(tmp_path / "beside")
    named = make_mirror(tmp_path / "named")
    given = make_mirror(tmp_path / "given")
    assert fetch(source(), FILE) == Fetched(beside / FILE, "mirror", SHA256)
    monkeypatch.setenv(sources.VARIABLE, str(named))
    assert fetch(source(), FILE) == Fetched(named / FILE, "mirror", SHA256)
    assert fetch(source(), FILE, str(given)) == Fetched(given / FILE, "mirror", SHA256)


def test_mirror_folder_is_none_without_one():
    assert mirror_folder() is None


def test_mirror_that_was_asked_for_must_exist(tmp_path):
    with pytest.raises(UserError, match=f"mirror, in paper.yaml: no folder {tmp_path / 'gone'}"):
        fetch(source(), FILE, tmp_path / "gone")


def test_truncated_mirror_file_is_an_error_and_never_falls_through(github, tmp_path):
    folder = make_mirror(tmp_path / "mirror", TEXT[:-3])
    with pytest.raises(UserError) as raised:
        fetch(source(), FILE, folder)
    message = str(raised.value)
    assert str(folder / FILE) in message
    assert f"sha256 is {hashlib.sha256(TEXT[:-3]).hexdigest()}" in message
    assert f"expected {hashlib.sha256(TEXT).hexdigest()}" in message
    assert github.asked == []


def test_no_way_in_says_in_one_line_what_was_tried_and_what_to_do(tmp_path):
    (tmp_path / "mirror").mkdir()
    with pytest.raises(UserError) as raised:
        fetch(source(), FILE, tmp_path / "mirror")
    message = str(raised.value)
    assert message.startswith(f"things: {FILE} not found; mirror: no {tmp_path / 'mirror' / FILE}")
    assert "; GitHub: " in message
    assert "data/rows.json of GitHub owner/things" in message
    assert sources.VARIABLE in message
    assert "\n" not in message


def test_a_checksum_that_is_not_known_is_told_afterwards(tmp_path):
    folder = make_mirror(tmp_path / "mirror", b"whatever")
    found = fetch(source(files={FILE: None}), FILE, folder)
    assert found.sha256 == hashlib.sha256(b"whatever").hexdigest()


def test_the_published_file_is_downloaded_once(github):
    first = fetch(source(), FILE)
    assert (first.route, first.path.read_bytes()) == ("download", TEXT)
    assert fetch(source(), FILE) == Fetched(first.path, "downloaded before", SHA256)
    assert len(github.asked) == 1


def test_wrong_bytes_are_not_kept(github):
    github.text = b"other bytes"
    with pytest.raises(UserError, match=r"from the download.*expected"):
        fetch(source(), FILE)
    github.text = TEXT
    assert fetch(source(), FILE).route == "download"


def test_a_download_that_breaks_off_leaves_nothing(github, tmp_path):
    github.missing = 5
    with pytest.raises(UserError, match=r"GitHub: .*; put data/rows.json"):
        fetch(source(), FILE)
    assert not [path for path in (tmp_path / "downloads").rglob("*") if path.is_file()]


def test_a_file_that_is_not_there_is_one_line(github):
    with pytest.raises(UserError, match=r"GitHub: .*404") as raised:
        fetch(source(folder="elsewhere"), FILE)
    assert "\n" not in str(raised.value)


def test_a_sensitive_source_is_only_read_from_a_mirror(github, tmp_path):
    with pytest.raises(UserError, match="sensitive, so never downloaded"):
        fetch(source(own_copy=True), FILE)
    assert github.asked == []
    mirror = make_mirror(tmp_path / "mirror")
    assert fetch(source(own_copy=True), FILE, mirror).route == "mirror"


def test_offline_nothing_is_asked(github, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(UserError, match="GitHub: switched off by HF_HUB_OFFLINE"):
        fetch(source(), FILE)
    assert github.asked == []
