"""One file from a URL, continued where an earlier download of it broke off.

huggingface_hub (1.31 and later) begins a new file each time, so what a killed process had is lost.
Here a partial file is kept and continued by an HTTP range request, by this process or the next.
"""

import time
from collections.abc import Callable
from pathlib import Path

from huggingface_hub import get_session
from huggingface_hub.errors import HfHubHTTPError, HTTPError  # of its transport, httpx or httpx2
from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

from shared.errors import UserError

TRIES = 5  # in a row without a new byte
PAUSE_S = 1.0  # before the next
TIMEOUT_S = 30  # without a byte


def continue_file(url: str, part: Path, size: int, moved: Callable[[int], object]) -> None:
    """Fill `part` to `size` bytes. `moved` is told of new bytes, and (below zero) of those that
    have to come again.

    Raises `UserError` if the transfer breaks off for good (the part stays), an error of
    huggingface_hub if the server refuses.
    """
    part.parent.mkdir(parents=True, exist_ok=True)
    with open(part, "ab") as file:
        failed = 0
        while (before := file.tell()) < size:
            try:
                _receive(url, file, moved)
                reason = "the server sent no more"
            except HfHubHTTPError as error:
                if error.response.status_code != 416:  # there is nothing after `before`
                    raise
                reason = "the server has no more"
            except HTTPError as error:
                reason = " ".join(str(error).split()) or type(error).__name__
            failed = 0 if file.tell() > before else failed + 1
            if failed == TRIES:
                raise UserError(
                    f"broke off after {file.tell():,} of {size:,} bytes ({reason}); what came is "
                    "kept: run the same command again to go on from there"
                )
            if failed:
                time.sleep(PAUSE_S)


def _receive(url: str, file, moved: Callable[[int], object]) -> None:
    start = file.tell()
    # Compressed by the server on the fly, a range would be of other bytes.
    headers = build_hf_headers() | {"Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    with get_session().stream("GET", url, headers=headers, timeout=TIMEOUT_S) as response:
        hf_raise_for_status(response)
        if start and response.status_code != 206:  # all of it again
            moved(-start)
            file.truncate(0)
        for piece in response.iter_bytes():  # as they come: what is kept until a break counts
            file.write(piece)
            moved(len(piece))
