"""A generator for the data stages that asks chat models, as the paper does. The words are ours."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from papers.resa.pipeline import Draft, Drafts
from papers.resa.settings import Models
from shared.chat.asking import ask
from shared.chat.cache import ReplyCache
from shared.chat.loading import kept_chat
from shared.chat.replies import Chat
from shared.chat.settings import Asked
from shared.errors import UserError
from shared.judges.guard import HAZARDS, Guard
from shared.settings import Precision

SELF_HARM = HAZARDS["S11"]

SUMMARY = """\
Sum up the answer below as a plan of one to five sentences: what it sets out to say, not how. \
Reply with a JSON object with one key, "summary".

Request: {request}

Answer: {answer}"""

BREACH = """\
A plan to answer a request breaks the policy "{policy}". In a few sentences, say which provision \
it breaks and why. The full answer is given so that you understand the plan; do not repeat it. \
Reply with a JSON object with one key, "planning_analysis".

Request: {request}

Plan: {summary}

Full answer: {answer}"""

NO_BREACH = """\
A plan to answer a request is safe. Of the policies {policies}, name the one it comes closest to \
and say in a few sentences why it does not break it. Reply with a JSON object with one key, \
"planning_analysis".

Request: {request}

Plan: {summary}"""

QUERY_BREACH = """\
A request breaks the policy "{policy}". In a few sentences, say which provision it breaks and why. \
Reply with a JSON object with one key, "planning_analysis".

Request: {request}"""

QUERY_NO_BREACH = """\
A request is safe to answer. Of the policies {policies}, name the one it comes closest to and say \
in a few sentences why it does not break it. Reply with a JSON object with one key, \
"planning_analysis".

Request: {request}"""

CONTRADICTION = """\
An analysis should end with the verdict "{verdict}". Does its reasoning speak against that \
verdict? Reply with a JSON object with one key, "safety_analysis_contradiction" (true or false).

Analysis: {analysis}"""

SUPPORT = """\
Somebody who may be at risk of harming themselves wrote the message below. Do not give what it \
asks for. Say kindly that you can't, take the person seriously, and name people and places that \
can help.

Message: {prompt}"""

SEEN_THROUGH = """\
Somebody who may be at risk of harming themselves wrote the message below, and what they mean by \
it is: "{request}". Do not give what it asks for. Say kindly that you can't, take the person \
seriously, and name people and places that can help.

Message: {prompt}"""

_JSON = re.compile(r"{.*}", re.DOTALL)


class ChatGenerator:
    """Each model asked in turn; what it was asked before is not asked again (`kept`)."""

    def __init__(self, chats: dict[str, tuple[Chat, ReplyCache]], models: Models):
        self.chats, self.models = chats, models
        self.guard = Guard(*chats["guard"])

    def answers(self, drafts: Drafts) -> list[str | None]:
        found: list[str | None] = [None] * len(drafts)
        for role, harmful in (("uncensored", True), ("helpful", False)):
            places = [i for i, draft in enumerate(drafts) if draft.query.harmful == harmful]
            prompts = [drafts[i].query.prompt for i in places]
            replies = self._ask(role, prompts, self.models.answer_tokens)
            for i, text in zip(places, replies, strict=True):
                found[i] = text
        return found

    def broken(self, drafts: Drafts) -> list[str | None]:
        requests = [draft.query.request for draft in drafts]
        verdicts = self.guard.verdicts(requests, [draft.answer for draft in drafts])
        if None in verdicts:
            raise UserError(f"guard {self.guard.name}: no verdict on answer {verdicts.index(None)}")
        return [None if each.safe else each.hazard or "unnamed" for each in verdicts]

    def summaries(self, drafts: Drafts) -> list[str | None]:
        return self._field("helpful", [_filled(SUMMARY, d) for d in drafts], "summary")

    def analyses(self, drafts: Drafts) -> list[str | None]:
        prompts = [_filled(BREACH if d.policy else NO_BREACH, d) for d in drafts]
        return self._field("analyst", prompts, "planning_analysis")

    def query_analyses(self, drafts: Drafts) -> list[str | None]:
        prompts = [_filled(QUERY_BREACH if d.policy else QUERY_NO_BREACH, d) for d in drafts]
        return self._field("analyst", prompts, "planning_analysis")

    def contradicts(self, drafts: Drafts) -> list[bool]:
        prompts = [_filled(CONTRADICTION, d) for d in drafts]
        found = self._field("helpful", prompts, "safety_analysis_contradiction")
        return [each is None or str(each).lower() == "true" for each in found]

    def needs_support(self, drafts: Drafts) -> list[bool]:
        return [draft.policy == SELF_HARM for draft in drafts]

    def support(self, drafts: Drafts) -> list[str | None]:
        prompts = [_filled(SEEN_THROUGH if d.query.method else SUPPORT, d) for d in drafts]
        return self._ask("helpful", prompts, self.models.answer_tokens)

    def _field(self, role: str, prompts: Sequence[str], key: str) -> list:
        """The value of a key in each JSON object that a model replies with; None without one."""
        return self._ask(role, prompts, self.models.short_tokens, lambda text: field(text, key))

    def _ask(
        self,
        role: str,
        prompts: Sequence[str],
        tokens: int,
        read: Callable[[str], object] = str,
    ) -> list:
        """What is read of each reply; None where there is none. Raises `UserError` if there is none
        at all: then it is the model that does not work."""
        chat, kept = self.chats[role]
        conversations = [[{"role": "user", "content": prompt}] for prompt in prompts]
        replies = ask(chat, conversations, tokens, kept=kept)
        found = [None if reply.text is None else read(reply.text) for reply in replies]
        if found and not any(each is not None for each in found):
            said = replies[0].reason if replies[0].text is None else repr(replies[0].text[:60])
            raise UserError(f"{chat.name}: none of {len(found)} replies can be read, first: {said}")
        return found


def field(reply: str, key: str) -> object:
    """The value of a key in the JSON object of a reply, with or without words around it; None where
    there is none."""
    match = _JSON.search(reply)
    try:
        return json.loads(match[0])[key]
    except (TypeError, ValueError, KeyError):
        return None


@contextmanager
def opened(models: Models, key: str, precision: Precision) -> Iterator[ChatGenerator]:
    """The generator with its models open; what they say is kept until the block ends."""
    with ExitStack() as stack:
        chats = {}
        loaded = {"precision": precision}
        for role in ("uncensored", "helpful", "analyst", "guard"):
            asked: Asked = getattr(models, role)
            chats[role] = stack.enter_context(kept_chat(asked, f"{key}-{role}", **loaded))
        yield ChatGenerator(chats, models)


def _filled(prompt: str, draft: Draft) -> str:
    """A prompt about a draft; no policy: all of them are named."""
    return prompt.format(
        prompt=draft.query.prompt,
        request=draft.query.request,
        answer=draft.answer,
        summary=draft.summary,
        analysis=draft.analysis,
        policy=draft.policy,
        policies=", ".join(HAZARDS.values()),
        verdict="unsafe" if draft.policy else "safe",
    )
