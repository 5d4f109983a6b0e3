"""A generator for the data stages that asks chat models, as the paper does. The words are ours."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from papers.resa.queries import Query
from papers.resa.settings import Models
from shared.chat.asking import ask
from shared.chat.cache import ReplyCache
from shared.chat.loading import kept_chat
from shared.chat.replies import Chat
from shared.chat.settings import Asked
from shared.errors import UserError
from shared.judges.guard import HAZARDS, Guard

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
Somebody who may be at risk of harming themselves wrote the message below{seen_through}. Do not \
give what it asks for. Say kindly that you can't, take the person seriously, and name people and \
places that can help.

Message: {prompt}"""
SEEN_THROUGH = ', and what they mean by it is: "{request}"'

_JSON = re.compile(r"{.*}", re.DOTALL)


class ChatGenerator:
    """Each model asked in turn; what it was asked before is not asked again (`kept`)."""

    def __init__(self, chats: dict[str, tuple[Chat, ReplyCache]], models: Models):
        self.chats, self.models = chats, models
        self.guard = Guard(*chats["guard"])

    def answers(self, queries: Sequence[Query]) -> list[str]:
        found = [""] * len(queries)
        for role, harmful in (("uncensored", True), ("helpful", False)):
            places = [i for i, query in enumerate(queries) if query.harmful == harmful]
            prompts = [queries[i].prompt for i in places]
            for i, text in zip(
                places, self._ask(role, prompts, self.models.answer_tokens), strict=True
            ):
                found[i] = text
        return found

    def broken(self, queries: Sequence[Query], answers: Sequence[str]) -> list[str | None]:
        verdicts = self.guard.verdicts([query.request for query in queries], answers)
        if None in verdicts:
            raise UserError(f"guard {self.guard.name}: no verdict on answer {verdicts.index(None)}")
        return [None if each.safe else each.hazard or "unnamed" for each in verdicts]

    def summaries(self, queries: Sequence[Query], answers: Sequence[str]) -> list[str]:
        prompts = [
            SUMMARY.format(request=query.request, answer=answer)
            for query, answer in zip(queries, answers, strict=True)
        ]
        return self._field("helpful", prompts, "summary")

    def analyses(
        self,
        queries: Sequence[Query],
        summaries: Sequence[str],
        answers: Sequence[str],
        policies: Sequence[str | None],
    ) -> list[str]:
        prompts = [
            _about(BREACH, NO_BREACH, policy, request=query.request, summary=summary, answer=answer)
            for query, summary, answer, policy in zip(
                queries, summaries, answers, policies, strict=True
            )
        ]
        return self._field("analyst", prompts, "planning_analysis")

    def query_analyses(self, queries: Sequence[Query], policies: Sequence[str | None]) -> list[str]:
        prompts = [
            _about(QUERY_BREACH, QUERY_NO_BREACH, policy, request=query.request)
            for query, policy in zip(queries, policies, strict=True)
        ]
        return self._field("analyst", prompts, "planning_analysis")

    def contradicts(self, analyses: Sequence[str], policies: Sequence[str | None]) -> list[bool]:
        prompts = [
            CONTRADICTION.format(verdict="unsafe" if policy else "safe", analysis=analysis)
            for analysis, policy in zip(analyses, policies, strict=True)
        ]
        return [
            str(each).lower() == "true"
            for each in self._field("helpful", prompts, "safety_analysis_contradiction")
        ]

    def needs_support(self, queries: Sequence[Query], policies: Sequence[str | None]) -> list[bool]:
        return [policy == SELF_HARM for policy in policies]

    def support(self, queries: Sequence[Query]) -> list[str]:
        prompts = [
            SUPPORT.format(
                prompt=query.prompt,
                seen_through=SEEN_THROUGH.format(request=query.request) if query.method else "",
            )
            for query in queries
        ]
        return self._ask("helpful", prompts, self.models.answer_tokens)

    def _field(self, role: str, prompts: Sequence[str], key: str) -> list:
        """The value of a key in each JSON object that a model replies with."""
        replies = self._ask(role, prompts, self.models.short_tokens)
        return [field(reply, key, self.chats[role][0].name) for reply in replies]

    def _ask(self, role: str, prompts: Sequence[str], tokens: int) -> list[str]:
        chat, kept = self.chats[role]
        conversations = [[{"role": "user", "content": prompt}] for prompt in prompts]
        replies = ask(chat, conversations, tokens, kept=kept)
        if missing := [reply.reason for reply in replies if reply.text is None]:
            raise UserError(f"{chat.name}: {len(missing)} replies are missing ({missing[0]})")
        return [reply.text for reply in replies]


def field(reply: str, key: str, model: str) -> object:
    """The value of a key in the JSON object of a reply, with or without words around it."""
    match = _JSON.search(reply)
    try:
        return json.loads(match[0])[key]
    except (TypeError, ValueError, KeyError):
        raise UserError(
            f"{model}: expected a JSON object with the key {key}, found {reply[:60]!r}"
        ) from None


@contextmanager
def opened(models: Models, key: str) -> Iterator[ChatGenerator]:
    """The generator with its models open; what they say is kept until the block ends."""
    with ExitStack() as stack:
        chats = {}
        for role in ("uncensored", "helpful", "analyst", "guard"):
            asked: Asked = getattr(models, role)
            chats[role] = stack.enter_context(kept_chat(asked, f"{key}-{role}"))
        yield ChatGenerator(chats, models)


def _about(breach: str, no_breach: str, policy: str | None, **texts: str) -> str:
    if policy:
        return breach.format(policy=policy, **texts)
    return no_breach.format(policies=", ".join(HAZARDS.values()), **texts)
