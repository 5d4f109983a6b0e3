"""What a model is asked: the play-the-role instruction, the profile in seven sections, a question.

One user turn, as the paper's template has it; the words are ours.
"""

from collections.abc import Mapping

from papers.roleref.facts import Fact
from shared.chat.replies import Conversation

TEMPLATE = """\
Play the role of {name}. This is your profile:
```
{profile}
```
Stay in the role and answer in one short sentence. If a question goes beyond what {name} can know \
or contradicts the profile, refuse to answer it.
Question: """


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


def before_question(name: str, profile: str) -> str:
    """All of a prompt that the questions of a role share."""
    return TEMPLATE.format(name=name, profile=profile)


def conversation(role: Mapping, question: str) -> Conversation:
    """`role` is a record of roles.json."""
    return [{"role": "user", "content": before_question(role["name"], role["profile"]) + question}]
