"""A message about a picture, for a chat model that sees."""

import base64
import io

from PIL import Image

from shared.chat.replies import Message


def about_picture(picture: bytes, text: str) -> Message:
    """A user's message: the picture, given as the bytes of its file, and then the text."""
    kind = Image.MIME[Image.open(io.BytesIO(picture)).format]
    url = f"data:{kind};base64,{base64.b64encode(picture).decode()}"
    seen = {"type": "image_url", "image_url": {"url": url}}
    return {"role": "user", "content": [seen, {"type": "text", "text": text}]}
