"""The library behind all papers."""

import sys
from importlib.util import find_spec

NEEDED = ("pydantic", "yaml", "torch", "snakemake")  # some of what .venv holds

if _absent := [name for name in NEEDED if find_spec(name) is None]:
    sys.exit(
        f"error: {sys.executable} has no {_absent[0]}; expected the Python of .venv, with all "
        "packages: `make .venv/installed`, then `source .venv/bin/activate`"
    )
