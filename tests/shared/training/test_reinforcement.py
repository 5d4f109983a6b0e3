"""GRPO with rewards worked by hand, on a random model and on a tally alone."""

import math

import pytest

from shared.errors import UserError
from shared.training.reinforcement import Tally, reinforce
from shared.training.settings import Lora, Reinforcement

SETTINGS = Reinforcement(
    steps=2,
    prompts_per_step=2,
    generations=4,
    max_new_tokens=4,
    learning_rate=1e-2,
    lora=Lora(rank=2, alpha=4),
    checkpoint_seconds=1e9,
)
NAN = math.nan


def tallied(parts, generations=2):
    """A tally that was asked once for these parts."""
    tally = Tally(lambda rows, completions: parts, generations)
    rewards = tally(["p"] * len(parts), ["c"] * len(parts), completion_ids=[[1]] * len(parts))
    return tally, rewards


def test_a_reward_is_the_sum_of_its_parts():
    """0.45 + 0.1 = 0.55 and 0 + 0.1 = 0.1: mean 0.325, parts 0.225 and 0.1."""
    tally, rewards = tallied([{"safe": 0.45, "format": 0.1}, {"safe": 0.0, "format": 0.1}])
    assert rewards == pytest.approx([0.55, 0.1])
    assert tally.curve[0] == pytest.approx({"reward": 0.325, "safe": 0.225, "format": 0.1})


def test_groups_without_variance_and_nan_rewards_are_counted():
    """Three groups of two: 1, 1 (flat), 1, 0, and 1, NaN, of which one score is left (flat)."""
    values = [1.0, 1.0, 1.0, 0.0, 1.0, NAN]
    tally, rewards = tallied([{"right": value} for value in values])
    assert (tally.completions, tally.unscored) == (6, 1)
    assert (tally.groups, tally.flat_groups) == (3, 2)
    assert math.isnan(rewards[-1]) and tally.curve[0]["reward"] == pytest.approx(4 / 5)


def test_a_step_without_any_score_has_none_in_its_curve():
    tally, _ = tallied([{"right": NAN}, {"right": NAN}])
    assert tally.curve == [{"reward": None, "right": None}]
    assert tally.unscored == 2


def test_the_reward_sees_the_rows_of_its_prompts():
    seen = []

    def reward(rows, completions):
        seen.extend(zip(rows, completions, strict=True))
        return [{"r": 0.0} for _ in rows]

    chat = [[{"role": "assistant", "content": "no"}], [{"role": "assistant", "content": "yes"}]]
    Tally(reward, 2)(["a", "b"], chat, kind=["harmful", "benign"], trainer_state=object())
    assert seen == [
        ({"prompt": "a", "kind": "harmful"}, "no"),
        ({"prompt": "b", "kind": "benign"}, "yes"),
    ]


def test_a_run_changes_the_adapter_and_records_its_curve(tiny_model, tiny_tokenizer, tmp_path):
    """The share of the letter e: a random model's completions differ in it, so it learns."""
    rows = [{"prompt": text, "kind": "x"} for text in ("one", "two", "three", "four")]

    def reward(rows, completions):
        assert {row["kind"] for row in rows} == {"x"}
        return [{"bytes": len(set(each)) / 10} for each in completions]

    trained, record = reinforce(
        tiny_model, tiny_tokenizer, rows, reward, SETTINGS, seed=0, scratch=tmp_path / "scratch"
    )
    assert (record["steps"], record["completions"], record["groups"]) == (2, 16, 4)
    assert [set(step) for step in record["curve"]] == [{"reward", "bytes"}] * 2
    assert len(record["mean_length"]) == 2 and not (tmp_path / "scratch").exists()
    moved = [p.abs().sum().item() for n, p in trained.named_parameters() if "lora_B" in n]
    assert moved and any(moved)


def test_steps_take_the_prompts_in_their_order(tiny_model, tiny_tokenizer, tmp_path):
    """Two of four prompts a step: the third step begins again."""
    rows = [{"prompt": text, "kind": text} for text in ("one", "two", "three", "four")]
    seen = []

    def reward(rows, completions):
        seen.append([row["kind"] for row in rows[::4]])  # a group has four completions
        return [{"r": 0.0} for _ in rows]

    settings = SETTINGS.model_copy(update={"steps": 3})
    reinforce(
        tiny_model, tiny_tokenizer, rows, reward, settings, seed=5, scratch=tmp_path / "scratch"
    )
    assert seen == [["one", "two"], ["three", "four"], ["one", "two"]]


def test_no_prompt_is_a_mistake(tiny_model, tiny_tokenizer, tmp_path):
    with pytest.raises(UserError, match="at least one prompt, found none"):
        reinforce(tiny_model, tiny_tokenizer, [], None, SETTINGS, seed=0, scratch=tmp_path)
