"""A scripted endpoint on localhost: what stands behind every `api:` model in a rehearsal.

It answers in the words that were asked for, as far as `replies.yaml` knows them, and is as
reluctant as real ones: it is busy, fails, answers with a page of HTML, thinks aloud, no longer has
one of the models that may be gone, and refuses `max_tokens` and a temperature for models that real
endpoints refuse them for. The same request gets the same answer.
"""

import json
import re
import threading
import zlib
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from shared.files import read_yaml

REPLIES = Path(__file__).with_name("replies.yaml")
OTHERWISE = ["The river is north of the town.", "I'm sorry, but I can't help with that."]
RELUCTANT = re.compile(r"(^|/)(o\d|gpt-5)")  # refuse these fields, with such words
REFUSED = {
    "max_tokens": "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
    "'max_completion_tokens' instead.",
    "temperature": "Unsupported value: 'temperature' does not support 0 with this model.",
}
RETIRED = ("deepseek/deepseek-r1",)  # of the models that a paper says may be gone
EVERY = 7  # of as many requests one is first turned away, in one of WAYS
WAYS = (503, 429, "html")
THINKS_EVERY = 5


class Endpoint(ThreadingHTTPServer):
    """Serves until the process ends; `url` is what OPENAI_BASE_URL should be."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.turned_away: set[int] = set()
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        number = zlib.crc32(body)
        request = json.loads(body)
        with self.server.lock:
            first = number not in self.server.turned_away
            self.server.turned_away.add(number)
        refused = [name for name in REFUSED if name in request]
        if RELUCTANT.search(request["model"]) and refused:
            error = {"code": "unsupported_parameter", "message": REFUSED[refused[0]]}
            self._send(400, {"error": error})
        elif request["model"] in RETIRED:
            self._send(404, {"error": {"message": f"No endpoints found for {request['model']}."}})
        elif first and number % EVERY == 0:
            way = WAYS[number // EVERY % len(WAYS)]
            if way == "html":
                self._write(200, "text/html", b"<html>gateway</html>")
            else:
                self._send(way, {"error": {"message": "busy"}})
        else:
            self._send(200, _completion(request, number))

    def _send(self, status: int, answer: dict) -> None:
        self._write(status, "application/json", json.dumps(answer).encode())

    def _write(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        pass


def answer(text: str, number: int, model: str = "") -> str:
    """One of the replies of the first script that is for this model and what is asked; `number`
    says which."""
    for whom, pattern, replies in _scripts():
        if whom.search(model) and pattern.search(text):
            return replies[number % len(replies)]
    return OTHERWISE[number % len(OTHERWISE)]


def _completion(request: dict, number: int) -> dict:
    text = "\n".join(_text(message["content"]) for message in request["messages"])
    said = answer(text, number, request["model"])
    thoughts = "Let me see. " * (1 + number % 3)
    message = {"role": "assistant", "content": said}
    if request.get("reasoning", {}).get("max_tokens"):  # thoughts were asked for
        message["reasoning"] = thoughts
    elif number % THINKS_EVERY == 0:
        message["content"] = f"<think>{thoughts}</think>{said}"
    usage = {"prompt_tokens": len(text) // 4, "completion_tokens": len(said) // 4}
    choice = {"message": message, "finish_reason": "stop"}
    return {"choices": [choice], "usage": usage}


def _text(content: str | list[dict]) -> str:
    """Of a message, whose parts may be pictures."""
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text", "") for part in content)


@cache
def _scripts() -> list[tuple[re.Pattern[str], re.Pattern[str], list[str]]]:
    rows = read_yaml(REPLIES)
    return [
        (re.compile(row.get("of", "")), re.compile(row.get("if", ""), re.DOTALL), row["say"])
        for row in rows
    ]
