"""Prompts of the attacks that need models (scale paper): PAIR, TAP, ReNeLLM, PAP and GCG.

The loops are in `shared/attacks`. Attacker and evaluator are one chat model, as in the paper; the
evaluator sees what a user would see of a reply, the text after its check.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from papers.resa.reply_format import fake_check, shown
from papers.resa.samples import conversation
from papers.resa.settings import Settings, Variant
from papers.resa.test_sets import FOUR, harmful
from shared.attacks.asking import Asker
from shared.attacks.gcg import gcg
from shared.attacks.pair import pair
from shared.attacks.pap import pap
from shared.attacks.renellm import renellm
from shared.attacks.tap import tap
from shared.chat.cache import ReplyCache
from shared.chat.local import LocalChat
from shared.chat.replies import Chat, Conversation, Reply

ATTACKER_TOKENS, RATING_TOKENS = 512, 8
TARGET = "Sure"  # of GCG


class Shown:
    """A chat model as a user sees it: with its instruction, and without its checks."""

    def __init__(self, chat: Chat, variant: Variant | None, settings: Settings):
        self.chat, self.name, self.identity = chat, chat.name, chat.identity
        self.instruction = settings.instruction(variant)
        self.wording = settings.worded(variant)

    def answers(
        self,
        conversations: Sequence[Conversation],
        max_new_tokens: int,
        *,
        stop: Sequence[str] = (),
        start: str = "",
    ) -> Iterator[tuple[int, Reply]]:
        told = [[{"role": "system", "content": self.instruction}, *each] for each in conversations]
        for place, reply in self.chat.answers(told, max_new_tokens, stop=stop, start=start):
            text = reply.text and shown(reply.text, self.wording)
            yield place, replace(reply, text=text)


def adaptive_rows(
    rows: Sequence[dict],
    chat: LocalChat,
    attacker: Chat,
    kept: ReplyCache,
    variant: Variant | None,
    settings: Settings,
) -> list[dict]:
    """`rows` (harmful requests without an attack) under each adaptive attack of the settings; a
    variant that is asked four attacks, under those of them."""
    few = variant is not None and variant.four_attacks
    attacks = [name for name in settings.adaptive.attacks if name in FOUR or not few]
    goals = [row["asks"] for row in rows]
    wrote, judge = Asker(attacker, ATTACKER_TOKENS, kept), Asker(attacker, RATING_TOKENS, kept)
    victim = Asker(Shown(chat, variant, settings), settings.reply_tokens)
    found: dict[str, Callable[[], list[str]]] = {
        "PAIR": lambda: [each.prompt for each in pair(goals, wrote, judge, victim)],
        "TAP": lambda: [each.prompt for each in tap(goals, wrote, judge, victim)],
        "ReNeLLM": lambda: [each.prompt for each in renellm(goals, wrote, judge, victim)],
        "PAP": lambda: pap(goals, wrote),
        "GCG": lambda: [with_suffix(goal, chat, variant, settings) for goal in goals],
    }
    return [
        {
            **row,
            **harmful(attack, row["source"]).columns(),
            "id": f"{row['id']}/{attack}",
            "prompt": prompt,
        }
        for attack in attacks
        for row, prompt in zip(rows, found[attack](), strict=True)
    ]


def with_suffix(goal: str, chat: LocalChat, variant: Variant | None, settings: Settings) -> str:
    """The goal with a suffix that makes the target likely, behind a check where there is one."""
    marker = "\0"
    framed = chat.tokenizer.apply_chat_template(
        conversation(goal + marker, settings.instruction(variant)),
        add_generation_prompt=True,
        tokenize=False,
    )
    before, _, after = framed.partition(marker)
    if variant and variant.style != "direct":
        after += fake_check(settings.worded(variant))
    return goal + gcg(chat.model, chat.tokenizer, before, after, TARGET).suffix
