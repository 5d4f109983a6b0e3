"""The rewards of GRPO, as functions of a reply and the truth (section 4.3, Algorithm 1)."""

from papers.kie_hvqa.notation import Answer, has_form, parse_answer
from papers.kie_hvqa.scoring import PARTS, score
from papers.kie_hvqa.settings import Reward


def reward_parts(reply: str, truth: Answer, reward: Reward) -> dict[str, float]:
    """The parts of the reward by name, weighted, so that the reward is their sum.

    `alg1` is the weighted sum of the three similarities (Algorithm 1). `eq3` multiplies it by
    1 less the errors of the two counts (equation 3). The paper gives no weights and no form of
    the count's error: ours are in paper.yaml.
    """
    answer = parse_answer(reply)
    found = score(answer, truth)
    kept = 1 - count_error(answer, truth) if reward.form == "eq3" else 1.0
    parts = {part: kept * getattr(reward, part) * found[part] for part in PARTS}
    return parts | {"format": reward.format * has_form(reply)}


def count_error(answer: Answer | None, truth: Answer) -> float:
    """Mean over the two counts of |stated - true| / max(stated, true, 1); 1 for one not stated."""
    errors = []
    for name in ("clear_count", "not_clear_count"):
        stated, true = getattr(answer, name, None), getattr(truth, name)
        if stated is None or stated < 0:
            errors.append(1.0)
        else:
            errors.append(abs(stated - true) / max(stated, true, 1))
    return sum(errors) / len(errors)
