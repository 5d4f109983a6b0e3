"""Whether the endpoint that the environment names is there, asked once before a run."""

import os

import httpx

from shared.chat.endpoint import KEY, LOCAL, URL, address
from shared.errors import UserError

TIMEOUT_S = 3


def unreachable() -> str | None:
    """Why no model behind the endpoint can be asked; None if it answers, whatever it says. Nothing
    is paid for it."""
    try:
        url = address()
    except UserError as error:
        return str(error)
    local, key = url.host in LOCAL, os.environ.get(KEY, "").strip()
    if not key and not local:
        return f"{KEY} is not set; expected the key of the endpoint in {URL}"
    shown = url.copy_with(userinfo=b"", query=None, fragment=None)
    asked = url.copy_with(path=f"{url.path.rstrip('/')}/models")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        with httpx.Client(timeout=TIMEOUT_S, trust_env=not local) as client:
            status = client.get(asked, headers=headers).status_code
    except (httpx.HTTPError, UnicodeError) as error:
        why = " ".join(str(error).split()) or f"no answer in {TIMEOUT_S} s"
        return f"{URL} {shown}: no connection ({why})"
    if status in (401, 403):
        return f"{URL} {shown}: HTTP {status}; expected {KEY} to be a key of this endpoint"
    return None
