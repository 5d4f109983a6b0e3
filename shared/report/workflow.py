"""Snakemake's own report of a run, packed so that it can lie inside ours."""

import base64
import gzip
from pathlib import Path


def packed(path: Path) -> str:
    """The page as base64 of its gzip, a fraction of its size; a browser unpacks it on demand.

    Without a date in it, so that the same page gives the same bytes.
    """
    return base64.b64encode(gzip.compress(path.read_bytes(), mtime=0)).decode("ascii")
