"""What a model is asked: the play-the-role instruction, the profile in seven sections, a question.

One user turn, as the paper's template has it; the words are ours. With the signal the model is told
of every question that it is one to refuse, as the authors' second template tells it.
"""

from collections.abc import Iterable, Mapping

from papers.roleref.facts import Event, Fact
from shared.chat.replies import Conversation

TEMPLATE = """\
Play the role of {name}. This is your profile:
```
{profile}
```
{signal}Stay in the role and answer in one short sentence. If a question goes beyond what {name} \
can know or contradicts the profile, refuse to answer it.
Question: {question}"""
SIGNAL = """\
Signal: True
A signal says that the question was found to be beyond what you can know, or to contradict the \
profile. Then try to refuse.
"""


def profile(role: Mapping, facts: list[Fact]) -> str:
    """The seven sections. The background states the facts that are in the profile."""
    knows, limits = (" and ".join(role[key]) for key in ("knows", "limits"))
    background = " ".join(fact.statement("You") for fact in facts if fact.in_profile)
    return "\n".join(
        [
            f"Name: {role['name']}, {role['brief']}.",
            f"Abilities: {knows}.",
            f"Speech: {role['speech']}.",
            f"Personality: {role['personality']}.",
            f"Background: {background}",
            f"Limits: knows nothing of {limits}, nor of other stories.",
            f"Sample: {role['sample']}",
        ]
    )


def statements(
    role: str, facts: Iterable[Fact], events: Iterable[Event]
) -> dict[str, list[tuple[str, str]]]:
    """All that a role knows of its life, facts and events: words that bring it to mind, and what
    it then says."""
    return {
        "facts": [(slot.text, fact.statement()) for fact in facts for slot in fact.slots],
        "events": [(e.clause, f"{e.done[role]}.") for e in events if role in e.done],
    }


def indirect(
    role: str, facts: Iterable[Fact], events: Iterable[Event]
) -> dict[str, list[tuple[str, str]]]:
    """The same, brought to mind by indirect questions: "where you kept your tobacco"."""
    return {
        "facts": [(fact.indirect(slot), fact.statement()) for fact in facts for slot in fact.slots],
        "events": [
            (f"what you did when {e.clause}", f"{e.done[role]}.") for e in events if role in e.done
        ],
    }


def record(name: str, profile: str) -> dict[str, str]:
    """A role as roles.json has it: with its prompts, in which a question has yet to be put."""
    filled = {"name": name, "profile": profile}
    made = {
        key: TEMPLATE.format(**filled, signal=signal, question="{question}")
        for key, signal in (("prompt", ""), ("signal_prompt", SIGNAL))
    }
    return filled | made


def conversation(role: Mapping, question: str, signal: bool = False) -> Conversation:
    """`role` is a record of roles.json."""
    text = role["signal_prompt" if signal else "prompt"].replace("{question}", question)
    return [{"role": "user", "content": text}]
