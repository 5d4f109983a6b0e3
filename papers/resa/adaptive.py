"""Prompts of the attacks that are fitted to the attacked model (scale paper).

The loops are in `shared/attacks`. The evaluator sees what a user would see of a reply, the text
after its check.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from papers.resa.reply_format import FINAL, fake_check, shown
from papers.resa.samples import conversation
from papers.resa.scoring import style_of
from papers.resa.settings import Settings, Variant
from papers.resa.test_sets import HOUSE, STRONGREJECT, harmful
from shared.attacks.asking import PROMPT_TOKENS, RATING_TOKENS, Asker
from shared.attacks.gcg import gcg
from shared.attacks.gptfuzzer import filled, gptfuzzer
from shared.attacks.pair import pair
from shared.attacks.renellm import renellm
from shared.attacks.tap import tap
from shared.chat.cache import ReplyCache
from shared.chat.local import LocalChat
from shared.chat.replies import Chat, Conversation, Reply

TARGET = "Sure"  # of GCG
LOOPS = {"PAIR": pair, "TAP": tap, "ReNeLLM": renellm}


class Shown:
    """A chat model as a user sees it: with its instruction, and without its checks."""

    def __init__(self, chat: Chat, variant: Variant | None, settings: Settings):
        self.chat, self.name = chat, chat.name
        self.instruction = settings.instruction(variant)
        self.wording, self.style = settings.worded(variant), style_of(variant)
        seen = f"{self.style} {self.wording}"
        self.identity = f"{chat.identity} told={self.instruction} shown={seen}"

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
            text = reply.text and shown(self.style, reply.text, self.wording)
            yield place, replace(reply, text=text)


def adaptive_rows(
    rows: Sequence[dict],
    chat: LocalChat,
    attackers: Mapping[str, tuple[Chat, ReplyCache]],
    variant: Variant | None,
    settings: Settings,
    kept: ReplyCache,
    scratch: Path,
    seeds: Sequence[str] = (),
) -> list[dict]:
    """`rows` (harmful requests without an attack) under each adaptive attack of the settings, or
    under those of them that the variant is asked.

    attackers: by the name of the attack, "" for all others. kept: what the attacked model replies.
    scratch: a folder of GCG's. seeds: the templates that GPTFuzzer begins with.
    """
    wrote = {name: Asker(chat, PROMPT_TOKENS, kept) for name, (chat, kept) in attackers.items()}
    judge = Asker(attackers[""][0], RATING_TOKENS, attackers[""][1])
    victim = Asker(Shown(chat, variant, settings), settings.reply_tokens, kept)

    def prompts(attack: str, goals: list[str], sizes: dict) -> list[str]:
        asked = (wrote.get(attack, wrote[""]), judge, victim)
        if attack == "GCG":
            return [with_suffix(goal, chat, variant, settings, sizes, scratch) for goal in goals]
        if attack == "GPTFuzzer":
            template = gptfuzzer(goals[: sizes.pop("goals")], seeds, *asked, **sizes)
            return filled(template, goals)
        return [each.prompt for each in LOOPS[attack](goals, *asked, **sizes)]

    found = []
    for attack, sizes in settings.adaptive.sizes().items():
        if variant and variant.attacks is not None and attack not in variant.attacks:
            continue
        numbers = sizes.model_dump(exclude={"attacker", "seeds"})
        own = rows
        if attack == "GCG":  # Table 11 is of StrongREJECT alone
            known = [row for row in rows if row["source"] in (HOUSE, STRONGREJECT)]
            own = known[: numbers.pop("goals")]
        made = prompts(attack, [row["asks"] for row in own], numbers)
        found += [
            {
                **row,
                **harmful(attack, row["source"]).columns(),
                "id": f"{row['id']}/{attack}",
                "prompt": prompt,
            }
            for row, prompt in zip(own, made, strict=True)
        ]
    return found


def with_suffix(
    goal: str,
    chat: LocalChat,
    variant: Variant | None,
    settings: Settings,
    sizes: dict,
    scratch: Path,
) -> str:
    """The goal with a suffix that makes the target likely, behind a check where there is one, or
    where a final answer begins."""
    marker = "\0"
    framed = chat.tokenizer.apply_chat_template(
        conversation(goal + marker, settings.instruction(variant)),
        add_generation_prompt=True,
        tokenize=False,
    )
    before, _, after = framed.partition(marker)
    if variant and variant.style == "final-answer":
        after += f"{FINAL} "
    elif variant and variant.style != "direct":
        after += fake_check(settings.worded(variant))
    search = hashlib.sha256(f"{before}{marker}{after}".encode()).hexdigest()
    kept = scratch / f"{search}.json"
    return goal + gcg(chat.model, chat.tokenizer, before, after, TARGET, kept=kept, **sizes).suffix
