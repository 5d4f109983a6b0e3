"""How every model is asked, in training and in testing."""

from shared.chat.replies import Conversation


def conversation(prompt: str, instruction: str) -> Conversation:
    return [{"role": "system", "content": instruction}, {"role": "user", "content": prompt}]
