"""A message about a picture, for a chat model that sees."""

import base64
import io

from PIL import Image

from shared.chat.replies import Conversation, Message
from shared.data.pictures import open_picture


def about_picture(picture: bytes, text: str) -> Message:
    """A user's message: the picture, given as the bytes of its file, and then the text."""
    kind = Image.MIME[Image.open(io.BytesIO(picture)).format]
    url = f"data:{kind};base64,{base64.b64encode(picture).decode()}"
    seen = {"type": "image_url", "image_url": {"url": url}}
    return {"role": "user", "content": [seen, {"type": "text", "text": text}]}


def is_plain(conversation: Conversation) -> bool:
    """Whether its messages are texts alone."""
    return all(isinstance(message["content"], str) for message in conversation)


def urls_of(conversation: Conversation) -> list[str]:
    """The pictures that its messages are about, in order, as they are written there."""
    return [part["image_url"]["url"] for part in _parts(conversation) if "image_url" in part]


def decoded(url: str) -> Image.Image:
    """A picture that is written in a message."""
    return open_picture(io.BytesIO(base64.b64decode(url.partition(",")[2])))


def with_parts(conversation: Conversation) -> list[dict]:
    """The conversation as the chat template of a model's processor takes it: lists of parts, in
    which a picture is only named."""
    return [
        message
        | {"content": [{"type": "image"} if "image_url" in part else part for part in parts]}
        for message, parts in zip(conversation, map(_listed, conversation), strict=True)
    ]


def _parts(conversation: Conversation) -> list[dict]:
    return [part for message in conversation for part in _listed(message)]


def _listed(message: Message) -> list[dict]:
    content = message["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else content
