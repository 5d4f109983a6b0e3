"""A limit on what a step may spend on an endpoint, held question by question."""

import threading

from shared.chat.estimate import estimate
from shared.chat.replies import GOES_ON, Conversation, Reply
from shared.errors import UserError
from shared.runner.caps import COST, cap


class Budget:
    """US dollars that one run of a step may spend on a model; None: as many as it needs, within
    what all steps of the run may spend (`shared.runner.caps`).

    A question is asked only if the most that it can cost fits beside what was spent and what is
    under way. `prices` are of a million prompt tokens and a million reply tokens.
    """

    def __init__(self, dollars: float | None, prices: tuple[float, float] | None, model: str):
        self.cap = cap(COST)
        for name, limit in (("most_dollars", dollars), (COST, self.cap and self.cap.most)):
            if limit is not None and prices is None:
                raise UserError(f"{name}: found {limit:g} without prices of {model}, expected both")
        self.dollars, self.prices = dollars, prices
        self.spent, self._held, self._lock = 0.0, 0.0, threading.Lock()

    def hold(self, conversation: Conversation, limit: int) -> float:
        """Set aside what a question can cost at most, with a reply of `limit` tokens.

        Raises `UserError` where that would go beyond the budget: nothing is to be asked then.
        """
        most = estimate([conversation], limit, self.prices).dollars or 0.0
        with self._lock:
            if self.dollars is not None and self.spent + self._held + most > self.dollars:
                raise UserError(
                    f"most_dollars: ${self.spent:,.2f} are spent and ${self._held:,.2f} under way; "
                    f"one more question (at most ${most:.4f}) could cost more than the "
                    f"${self.dollars:,.2f} of one run; {GOES_ON}"
                )
            if self.cap:
                self.cap.take(most)
            self._held += most
        return most

    def settle(self, held: float, reply: Reply | None) -> None:
        """Count what a question cost: by the tokens that the server counted, or else all that was
        held for it; nothing if no reply came."""
        cost = 0.0
        if reply and self.prices and (reply.text is not None or reply.cut_off):
            tokens = (reply.prompt_tokens, reply.reply_tokens)
            counted = sum(n * price for n, price in zip(tokens, self.prices, strict=True)) / 1e6
            cost = counted if any(tokens) else held
        with self._lock:
            self._held -= held
            self.spent += cost
            if self.cap:
                self.cap.settle(held, cost)
