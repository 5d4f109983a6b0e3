"""Where a step keeps the replies of a model while it asks."""

from collections.abc import Iterator
from contextlib import contextmanager

from shared.chat.kept import Kept
from shared.models.spec import ModelSpec, display_name, is_endpoint
from shared.programs import SCRATCH
from shared.settings import ROOT

BOUGHT = ROOT / "resources" / "replies"


@contextmanager
def kept_for(model: ModelSpec, key: str) -> Iterator[Kept]:
    """The replies of a model that a step keeps; write its result before this block ends.

    Those of an endpoint cost money: they stay, in one file a model, for every step and scale.
    Those of a model that runs here are for a step that was cut off, `key` says which: if the
    block ends without an error they are deleted.
    """
    if is_endpoint(model):
        with Kept(BOUGHT / f"{display_name(model)}.sqlite") as kept:
            yield kept
        return
    with Kept(SCRATCH / "replies" / f"{key}.sqlite") as kept:
        yield kept
    kept.path.unlink()
