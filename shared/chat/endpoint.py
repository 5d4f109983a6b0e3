"""A chat model behind an OpenAI-compatible endpoint."""

import json
import os
import random
import re
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from email.utils import parsedate_to_datetime

import httpx
from pydantic import ValidationError

from shared.chat.budget import Budget
from shared.chat.completion import WITHHELD, Completion
from shared.chat.replies import GOES_ON, Conversation, Reply
from shared.errors import UserError
from shared.models.spec import display_name

URL, KEY = "OPENAI_BASE_URL", "OPENAI_API_KEY"  # environment variables
LOCAL = ("localhost", "127.0.0.1", "::1")  # servers that may do without a key
AGAIN = (408, 409, 425, 429)  # statuses that may pass, besides 5xx
LONGEST_WAIT_S = 600  # a server that asks for more (a quota of the day) ends the run
CONNECT_S = 20
SLOWEST = 30  # thought tokens a second: a reply comes whole, after all its thoughts
FIRST_ALIKE = 3  # conversations; the server is down, or is no such endpoint
MOST_STOPS = 4  # that the API takes
# Fields of ours that some models refuse (those of OpenAI that think), and what says the same.
INSTEAD = {"max_tokens": "max_completion_tokens", "temperature": None}
_REFUSAL = re.compile("unsupported|not support", re.IGNORECASE)
_ABSENT = re.compile(
    "model_not_found|not a valid model|no endpoints found"
    "|not_found_error.*model:|model.*(does not exist|not found|retired|deprecated|no longer)",
    re.IGNORECASE,
)


class Endpoint:
    """POST $OPENAI_BASE_URL/chat/completions with the key $OPENAI_API_KEY.

    `body` holds more fields of the request; they win over ours, and None leaves a field out. Where
    a model refuses a field of ours (`INSTEAD`), it is asked without, and this is said once.
    `thinking` says that `body` makes the model think (it changes nothing in the request itself): a
    thinking model may write `thinking_tokens` more and has the time for it. 16,000 is the budget of
    CenterBench's code. `prices` are US dollars per million prompt tokens and per million reply
    tokens; before a question that could make the run cost more than `most_dollars` it ends.

    A request is tried `attempts` times, with waits that double from `wait_s`, if the server is
    busy, fails, says nothing for `timeout_s` or answers garbage; then its reply has no text. The
    run ends with one `UserError` if the request itself is wrong, if no connection was ever made,
    or if `given_up_after` conversations in a row came back with nothing; if nothing was ever
    answered and all failed alike, after `FIRST_ALIKE`. If the server does not
    have the model, the run ends too, or with `may_be_gone` no reply has a text.
    """

    def __init__(
        self,
        model: str,
        *,
        body: Mapping[str, object] = {},
        thinking: bool | None = None,
        thinking_tokens: int = 16_000,
        concurrency: int = 8,
        timeout_s: float = 120,
        attempts: int = 6,
        wait_s: float = 1,
        given_up_after: int = 20,
        prices: tuple[float, float] | None = None,
        most_dollars: float | None = None,
        may_be_gone: bool = False,
    ):
        url, self._key = address(), os.environ.get(KEY, "").strip()
        local = url.host in LOCAL
        if not self._key and not local:
            raise UserError(f"{KEY} is not set; expected the key of the endpoint in {URL}")
        if not (self._key.isascii() and self._key.isprintable()):
            raise UserError(f"{KEY}: found characters that no key has; expected printable ASCII")
        self.name = display_name(f"api:{model}")
        self.budget, self.may_be_gone = Budget(most_dollars, prices, self.name), may_be_gone
        self.extra_tokens = thinking_tokens if thinking else 0
        self.timeout_s = timeout_s + self.extra_tokens / SLOWEST
        self.concurrency, self.attempts, self.wait_s = concurrency, attempts, wait_s
        self.given_up_after = given_up_after
        self.url = str(url.copy_with(userinfo=b"", query=None, fragment=None))
        self.identity = json.dumps(
            {"url": self.url, "model": model, "body": dict(body), "thinking": thinking},
            sort_keys=True,
        )
        self._model, self._body, self._thinking = model, dict(body), bool(thinking)
        self._post_to = url.copy_with(path=f"{url.path.rstrip('/')}/chat/completions")
        self._client = httpx.Client(
            headers={"Authorization": f"Bearer {self._key}"} if self._key else {},
            timeout=httpx.Timeout(self.timeout_s, connect=min(timeout_s, CONNECT_S)),
            limits=httpx.Limits(max_connections=concurrency),
            trust_env=not local,  # no proxy can reach this machine's own servers
        )
        self._jitter = random.Random()  # its own: a step may have seeded the common one
        self._reached = self._failed = False  # whether anything was ever answered, failed
        self._refused: set[str] = set()  # fields that the model does not take
        self._gone = ""  # why the server does not have the model
        self._with_nothing, self._lock = 0, threading.Lock()
        self._answered, self._reasons = False, set[str]()  # why replies have no text

    def answers(
        self,
        conversations: Sequence[Conversation],
        max_new_tokens: int,
        *,
        stop: Sequence[str] = (),
        start: str = "",
    ) -> Iterator[tuple[int, Reply]]:
        """(index, reply) as they arrive; see `shared.chat.replies.Chat`.

        When the run must end, what is under way is still waited for and given, then the error is
        raised. `start` is ignored.
        """
        ending = threading.Event()
        failure, limit = None, max_new_tokens + self.extra_tokens
        with ThreadPoolExecutor(self.concurrency) as pool:
            futures = {
                pool.submit(self._answer, self._request(each, limit, stop), limit, stop, ending): i
                for i, each in enumerate(conversations)
            }
            try:
                for future in as_completed(futures):
                    if error := future.exception():
                        failure = failure or error
                        ending.set()
                    elif reply := future.result():
                        yield futures[future], reply
            finally:  # also if whoever asked stops listening
                ending.set()
        if failure:
            raise failure

    def _request(self, conversation: Conversation, limit: int, stop: Sequence[str]) -> dict:
        request = {
            "model": self._model,
            "messages": list(conversation),
            "max_tokens": limit,
            "temperature": 0,
            # it would end thoughts too; all of `stop` is applied to the reply in any case
            "stop": list(stop[:MOST_STOPS]) if stop and not self._thinking else None,
        }
        return {key: value for key, value in (request | self._body).items() if value is not None}

    def _answer(
        self, request: dict, limit: int, stop: Sequence[str], ending: threading.Event
    ) -> Reply | None:
        """The reply; None if the run was ending before this was asked. An error ends the run."""
        if ending.is_set():
            return None
        if self._gone:
            return Reply(None, self._gone)
        reply, held = None, 0.0
        try:
            held = self.budget.hold(request["messages"], limit)
            reply = self._tried(request, stop, ending)
            self._count(reply)
        except _Gone as gone:
            with self._lock:
                if not self._gone:
                    print(f"{self.name}: {gone}; its replies are left out", file=sys.stderr)
                self._gone = str(gone)
            reply = Reply(None, self._gone)
        except UserError:
            ending.set()
            raise
        finally:
            self.budget.settle(held, reply)
        return reply

    def _count(self, reply: Reply) -> None:
        answered = reply.text is not None or reply.cut_off or reply.reason == WITHHELD
        with self._lock:
            self._with_nothing = 0 if answered else self._with_nothing + 1
            self._answered |= answered
            self._reasons |= {reply.reason} - {None}
            alike = not self._answered and len(self._reasons) == 1
            if self._with_nothing >= (FIRST_ALIKE if alike else self.given_up_after):
                raise UserError(
                    f"{self.url}: {self._with_nothing} conversations in a row came back with "
                    f"nothing, each tried {self.attempts} times (the last: {reply.reason}); "
                    f"expected chat completions as OpenAI's; {GOES_ON}"
                )

    def _tried(self, request: dict, stop: Sequence[str], ending: threading.Event) -> Reply:
        for attempt in range(self.attempts):
            try:
                return self._attempt(request, stop)
            except _Failed as error:
                failed = error
            if attempt + 1 < self.attempts:
                self._say_once(failed.reason)
                wait_s = self.wait_s * 2**attempt * self._jitter.uniform(0.5, 1.5)
                if ending.wait(max(wait_s, failed.wait_s)):
                    break
        if failed.unconnected and not self._reached:
            raise UserError(f"{URL} {self.url}: no connection ({failed.reason})")
        return Reply(None, failed.reason)

    def _say_once(self, reason: str) -> None:
        """Why nothing seems to go on, at the first failure."""
        with self._lock:
            first, self._failed = not self._failed, True
        if first:
            print(
                f"{self.url}: {reason}; each question is tried up to {self.attempts} times, for up "
                f"to {self.timeout_s:g} s each",
                file=sys.stderr,
            )

    def _attempt(self, request: dict, stop: Sequence[str]) -> Reply:
        sent = self._without_refused(request)
        try:
            response = self._client.post(self._post_to, json=sent)
        except httpx.ConnectTimeout:
            raise _Failed("it does not answer", unconnected=True) from None
        except httpx.TimeoutException:
            raise _Failed(f"nothing said within {self.timeout_s:g} s") from None
        except httpx.RequestError as error:
            unconnected = isinstance(error, httpx.ConnectError | httpx.ProxyError)
            raise _Failed(
                self._line(error) or type(error).__name__, unconnected=unconnected
            ) from None
        self._reached = True
        if not response.is_success:
            if self._refuses(response, sent):
                return self._attempt(request, stop)
            return self._unanswered(response)
        try:
            reply = Completion.model_validate_json(response.content).reply(stop)
        except ValidationError as error:
            first = error.errors()[0]
            what = " ".join([*map(str, first["loc"]), first["msg"]])
            if response.text.lstrip().startswith("<"):
                what = f"a web page ({URL} mostly ends in /v1)"
            what = _error(response).get("message") or f"not a chat completion: {what}"
            raise _Failed(self._line(what)) from None
        if reply is None:
            raise _Failed("not a chat completion: no message content")
        return reply

    def _without_refused(self, request: dict) -> dict:
        names = {name: INSTEAD[name] if name in self._refused else name for name in request}
        return {names[name]: value for name, value in request.items() if names[name]}

    def _refuses(self, response: httpx.Response, sent: dict) -> bool:
        """Whether the model takes a field of ours no longer; says so, and it is left out."""
        error = _error(response)
        said = f"{error.get('code')} {error.get('param')} {error.get('message')}"
        if response.status_code != 400 or not _REFUSAL.search(said):
            return False
        ours = (name for name in INSTEAD if name in sent and name not in self._body)
        refused = {name for name in ours if re.search(rf"\b{name}\b", said)}
        with self._lock:
            for name in sorted(refused - self._refused):
                instead = INSTEAD[name] or "the model's own"
                print(f"{self.name}: takes no {name}, asked with {instead}", file=sys.stderr)
            self._refused |= refused
        return bool(refused)

    def _unanswered(self, response: httpx.Response) -> Reply:
        """What follows from a status that is not success: another attempt, or the end."""
        status = response.status_code
        error = _error(response)
        if error.get("code") == "content_filter":  # of the prompt, said as status 400
            return Reply(None, WITHHELD)
        said = f"HTTP {status}: {self._line(error.get('message') or response.text)}"
        absent = f"{error.get('code')} {error.get('type')} {error.get('message')}"
        if self.may_be_gone and status in (400, 404, 410) and _ABSENT.search(absent):
            raise _Gone(said)
        if status not in AGAIN and status < 500:
            raise UserError(f"{self.url}: {said}")
        wait_s = _retry_after(response)
        if wait_s > LONGEST_WAIT_S:
            raise UserError(f"{self.url}: {said}; it asks to wait {wait_s:,.0f} s; {GOES_ON}")
        raise _Failed(said, wait_s)

    def _line(self, text: object) -> str:
        """The beginning of what the server says, on one line; a server may repeat the key."""
        text = " ".join(str(text).split())
        return (text.replace(self._key, "<key>") if self._key else text)[:200]


class _Failed(Exception):
    """An attempt that may go better the next time, after `wait_s` seconds at least."""

    def __init__(self, reason: str, wait_s: float = 0, unconnected: bool = False):
        self.reason, self.wait_s, self.unconnected = reason, wait_s, unconnected


class _Gone(Exception):
    """The server does not have the model."""


def address() -> httpx.URL:
    """The base URL. It isn't shown when it is wrong: it may be a key in the wrong place."""
    found = os.environ.get(URL, "").strip()
    if not found:
        raise UserError(f"{URL} is not set; expected the address of an endpoint: https://HOST/v1")
    try:
        url = httpx.URL(found)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host:
        raise UserError(f"{URL} is not an address; expected https://HOST/v1 or http://HOST:PORT/v1")
    return url


def _error(response: httpx.Response) -> dict:
    """The error object of the API, which some servers send with status 200 or in a list; empty if
    there is none."""
    try:
        answer = response.json()
        error = (answer[0] if isinstance(answer, list) else answer)["error"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return {}
    return error if isinstance(error, dict) else {"message": str(error)}


def _retry_after(response: httpx.Response) -> float:
    """Seconds that the server asks to wait, given as such or as a date; 0 if it asks for none. A
    date is by the server's clock, which it mostly says; ours may be another."""
    asked = response.headers.get("Retry-After", "")
    try:
        return float(asked)
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(asked).timestamp()
    except ValueError:
        return 0.0
    try:
        now = parsedate_to_datetime(response.headers.get("Date", "")).timestamp()
    except ValueError:
        now = time.time()
    return max(0.0, until - now)
