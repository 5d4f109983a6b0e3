"""The judges that the settings of Forbidden Science name."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from papers.forbidden_science.settings import Settings
from shared.chat.cache import cached_replies
from shared.judges.judge import Judge
from shared.judges.loading import open_judge


@contextmanager
def opened(settings: Settings, key: str) -> Iterator[list[Judge]]:
    """The judges of the settings; what a language model says is kept until the block ends."""
    batches = {"batch_size": settings.batch_size, "batch_tokens": settings.batch_tokens}
    judges = []
    with ExitStack() as stack:
        for place, name in enumerate(settings.judges):
            kind, _, model = name.partition(":")
            kept = (
                stack.enter_context(cached_replies(model, f"{key}-{place}"))
                if kind == "llm"
                else None
            )
            judges.append(open_judge(name, kept=kept, **batches))
        yield judges
