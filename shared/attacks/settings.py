"""How large each attack is; the names are those of its function's arguments. No torch here: rules
read it too. Sizes have no defaults, so that a scale says them."""

from pydantic import Field

from shared.chat.settings import Helper
from shared.settings import Strict


class Pair(Strict):
    """Chao et al. 2023 (arXiv 2310.08419): conversations beside each other, and their length."""

    streams: int = Field(gt=0)
    rounds: int = Field(gt=0)
    attacker: Helper | None = None  # None: the one of all attacks


class Tap(Strict):
    """Mehrotra et al. 2023 (arXiv 2312.02119): a tree."""

    branching: int = Field(gt=0)
    width: int = Field(gt=0)
    depth: int = Field(gt=0)


class ReNeLLM(Strict):
    """Ding et al. 2023 (arXiv 2311.08268)."""

    rounds: int = Field(gt=0)
    rewritings: int = Field(gt=0)  # one after the other, in each round


class GPTFuzzer(Strict):
    """Yu et al. 2023 (arXiv 2309.10253): it begins with templates of a file of the user's."""

    seeds: str  # CSV in the mirror, whose column `text` has them
    iterations: int = Field(gt=0)
    goals: int = Field(gt=0)  # on which each template is tried


class Gcg(Strict):
    """Zou et al. 2023 (arXiv 2307.15043)."""

    goals: int | None = Field(None, gt=0)  # the first so many; None: all
    steps: int = Field(gt=0)
    top_k: int = Field(gt=0)
    candidates: int = Field(gt=0)
