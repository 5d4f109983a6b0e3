"""The endpoint of the tests here is a real HTTP server of this process."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from shared.chat.asking import ask
from shared.chat.endpoint import Endpoint

SECRET = "sk-test-0123456789"


class Server(ThreadingHTTPServer):
    """Answers as `behave(question, times it was asked before)` says: with (status, body) or
    (status, body, headers), or with None, which cuts the connection. A body that is no string is
    sent as JSON. Without `behave` the reply is the question in capitals."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.behave = lambda question, before: (200, completion(question.upper()))
        self.asked, self.requests, self.times = [], [], []
        self.date = None  # what its clock shows; None: the time
        self.lock = threading.Lock()
        self.ended = threading.Event()  # lets a slow answer go when the test is over

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two packets: 40 ms otherwise

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        question = body["messages"][-1]["content"]
        with self.server.lock:
            before = self.server.asked.count(question)
            self.server.asked.append(question)
            self.server.requests.append((self.path, self.headers.get("Authorization"), body))
            self.server.times.append(time.monotonic())
        answer = self.server.behave(question, before)
        if answer is None:
            self.close_connection = True
            return
        status, content, headers = (*answer, {})[:3]
        content = content if isinstance(content, str) else json.dumps(content)
        self.send_response(status)
        for name, value in {**headers, "Content-Length": len(content.encode())}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(content.encode())

    def date_time_string(self, timestamp=None):
        return self.server.date or super().date_time_string(timestamp)

    def log_message(self, *_):
        pass


def completion(content, finish_reason="stop", **fields):
    return {
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content, **fields},
                "finish_reason": finish_reason,
            }
        ],
        "usage": {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16},
    }


def say(*questions):
    return [[{"role": "user", "content": question}] for question in questions]


@pytest.fixture
def server(monkeypatch):
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    yield server
    server.ended.set()
    server.shutdown()
    thread.join()
    server.server_close()


def endpoint(**arguments):
    return Endpoint("maker/model-1", **{"attempts": 3, "wait_s": 0.001, **arguments})


def one(chat, **arguments):
    """The reply to one question."""
    return ask(chat, say("who?"), 8, **arguments)[0]
