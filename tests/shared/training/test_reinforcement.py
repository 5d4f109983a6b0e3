"""GRPO with rewards worked by hand, on a random model and on a tally alone."""

import copy
import importlib.util
import math

import pytest
import torch
from peft import get_peft_model
from safetensors.torch import load_file
from trl import GRPOConfig

from shared.errors import UserError
from shared.files import read_json
from shared.models.loading import save
from shared.models.small_vlm import vocabulary
from shared.training import reinforcement
from shared.training.reinforcement import Tally, reinforce
from shared.training.settings import Lora, Reinforcement
from shared.training.supervised import lora_config
from tests.shared.training import reinforcing_processes
from tests.torchrun import in_two

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
    tally = Tally(lambda rows, completions: parts, generations, len(parts))
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
    Tally(reward, 2, 2)(["a", "b"], chat, kind=["harmful", "benign"], trainer_state=object())
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


def asked_for(rows, settings, tiny_model, tiny_tokenizer, tmp_path):
    """The prompts of each call of the reward, a group named once, and the record."""
    seen = []

    def reward(rows, completions):
        seen.append([row["kind"] for row in rows[:: settings.generations]])
        return [{"length": len(each) / 10} for each in completions]

    trained, record = reinforce(
        tiny_model, tiny_tokenizer, rows, reward, settings, seed=5, scratch=tmp_path / "scratch"
    )
    return seen, record, trained


def named(*names):
    return [{"prompt": name, "kind": name} for name in names]


def test_steps_take_the_prompts_in_their_order(tiny_model, tiny_tokenizer, tmp_path):
    """Two of four prompts a step: the third step begins again."""
    rows, settings = named("a", "b", "c", "d"), SETTINGS.model_copy(update={"steps": 3})
    seen, *_ = asked_for(rows, settings, tiny_model, tiny_tokenizer, tmp_path)
    assert seen == [["a", "b"], ["c", "d"], ["a", "b"]]


def test_no_prompt_is_left_out(tiny_model, tiny_tokenizer, tmp_path):
    """Two of five a step: the third step has the fifth and begins again, which five steps do
    twice."""
    rows, settings = named("a", "b", "c", "d", "e"), SETTINGS.model_copy(update={"steps": 5})
    seen, *_ = asked_for(rows, settings, tiny_model, tiny_tokenizer, tmp_path)
    assert seen == [["a", "b"], ["c", "d"], ["e", "a"], ["b", "c"], ["d", "e"]]


def test_a_step_is_written_in_turns_that_fit_a_device(tiny_model, tiny_tokenizer, tmp_path):
    """16 completions a step, 2 learnt from at once, at most 9 written: two turns of 8. The curve
    has a point a step all the same."""
    memory = {"prompts_per_step": 4, "completions_per_device": 2, "written_per_device": 9}
    settings = SETTINGS.model_copy(update=memory)
    rows = named("a", "b", "c", "d")
    seen, record, _ = asked_for(rows, settings, tiny_model, tiny_tokenizer, tmp_path)
    assert seen == [["a", "b"], ["c", "d"]] * 2
    assert len(record["curve"]) == record["steps"] == 2 and record["groups"] == 8


def test_no_room_for_a_group_is_a_mistake(tiny_model, tiny_tokenizer, tmp_path):
    settings = SETTINGS.model_copy(update={"written_per_device": 3})
    with pytest.raises(UserError, match="written_per_device is 3; expected room for"):
        asked_for(named("a"), settings, tiny_model, tiny_tokenizer, tmp_path)


def test_computing_activations_again_changes_no_weight(tiny_model, tiny_tokenizer, tmp_path):
    start = {name: weight.clone() for name, weight in tiny_model.state_dict().items()}
    ends = []
    for again in (False, True):
        tiny_model.load_state_dict(start)
        settings = SETTINGS.model_copy(update={"activation_checkpointing": again, "lora": None})
        *_, trained = asked_for(named("a", "b"), settings, tiny_model, tiny_tokenizer, tmp_path)
        ends.append({name: weight.clone() for name, weight in trained.state_dict().items()})
    assert any((ends[0][name] != start[name]).any() for name in start)
    for name, weight in ends[0].items():
        torch.testing.assert_close(ends[1][name], weight)


@pytest.mark.parametrize("loss", ["grpo", "dapo", "dr_grpo"])
def test_the_loss_is_that_of_the_settings(loss, tiny_model, tiny_tokenizer, tmp_path, monkeypatch):
    made = []

    class Kept(reinforcement.GRPOTrainer):
        def compute_loss(self, *arguments, **keywords):
            made.append((self.loss_type, self.scale_rewards))
            return super().compute_loss(*arguments, **keywords)

    monkeypatch.setattr(reinforcement, "GRPOTrainer", Kept)
    settings = SETTINGS.model_copy(update={"loss": loss})
    asked_for(named("a", "b"), settings, tiny_model, tiny_tokenizer, tmp_path)
    assert set(made) == {(loss, "group")}


def test_two_processes_learn_as_one_does(tmp_path):
    """With the weights sharded, each writes one of a step's two groups, of the same completions: at
    each step the mean of their rewards is that of one process with both, and the weights end as
    the same ones."""
    trained, _ = reinforcing_processes.learn(tmp_path / "one")
    in_two(reinforcing_processes.__file__, tmp_path / "two", "learn")
    one, *parts = (
        read_json(tmp_path / name)
        for name in ("one/curve-0.json", "two/curve-0.json", "two/curve-1.json")
    )
    assert len(one) == 5 and len(set(one)) > 1 and parts[0] != parts[1]
    assert [sum(each) / 2 for each in zip(*parts, strict=True)] == pytest.approx(one, abs=1e-6)
    written = load_file(tmp_path / "two" / "trained" / "model.safetensors")
    start = reinforcing_processes.model(vocabulary("characters", ["abcdefgh"])).state_dict()
    for name, weight in trained.state_dict().items():
        torch.testing.assert_close(written[name], weight, atol=1e-4, rtol=0)
    assert any((written[name] - start[name]).abs().max() > 0.05 for name in written)


def test_of_two_processes_each_waits_for_the_start(tmp_path):
    """The KL term needs the weights of the start, which the first process writes: here slowly."""
    in_two(reinforcing_processes.__file__, tmp_path)
    assert (tmp_path / "seen-0.json").exists() and (tmp_path / "seen-1.json").exists()


def test_vllm_writes_beside_the_training_and_sleeps_while_it_learns(monkeypatch, tmp_path):
    """It is no dependency, so what is seen of it here is what TRL is told."""
    settings = SETTINGS.model_copy(update={"use_vllm": True})
    with pytest.raises(UserError, match="there is no GPU; expected one, or use_vllm: false"):
        reinforcement._written_by(settings, cuda=False)
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda n: None if n == "vllm" else found(n))
    with pytest.raises(UserError, match="vLLM is not installed; expected: pip install vllm"):
        reinforcement._written_by(settings, cuda=True)
    monkeypatch.setattr(importlib.util, "find_spec", lambda n: n == "vllm" or found(n))
    told = GRPOConfig(str(tmp_path), use_cpu=True, **reinforcement._written_by(settings, cuda=True))
    assert (told.use_vllm, told.vllm_mode, told.vllm_enable_sleep_mode) == (True, "colocate", True)
    assert reinforcement._written_by(SETTINGS, cuda=True) == {}


def test_no_prompt_is_a_mistake(tiny_model, tiny_tokenizer, tmp_path):
    with pytest.raises(UserError, match="at least one prompt, found none"):
        reinforce(tiny_model, tiny_tokenizer, [], None, SETTINGS, seed=0, scratch=tmp_path)


def test_the_weights_of_the_best_step_are_kept(tiny_model, tiny_tokenizer, tmp_path):
    """Rewards by call 1, 3, 2: the second step is the best, drawn after one update. A run of one
    step ends with the same weights, and the last weights of three steps are others."""
    scale = {"call": 0, "of": [1.0, 3.0, 2.0]}

    def reward(rows, completions):
        height = scale["of"][scale["call"] % 3]
        scale["call"] += 1
        return [{"r": height + len(set(each)) / 100} for each in completions]

    def run(steps, **changes):
        scale["call"] = 0
        settings = SETTINGS.model_copy(update={"steps": steps, **changes})
        trained, record = reinforce(
            copy.deepcopy(tiny_model), tiny_tokenizer, [{"prompt": "one"}, {"prompt": "two"}],
            reward, settings, seed=0, scratch=tmp_path / "scratch",
        )  # fmt: skip
        named = trained.named_parameters()
        return {name: p.detach().clone() for name, p in named if p.requires_grad}, record

    best, record = run(3, keep_best=True)
    assert record["kept_after_updates"] == 1 and record["steps"] == 3
    one, _ = run(1)
    last, ended = run(3)
    assert ended["kept_after_updates"] == 3 and best
    assert all(torch.equal(best[name], one[name]) for name in best)
    assert not all(torch.equal(best[name], last[name]) for name in best)


def test_a_rate_warms_up(tiny_model, tiny_tokenizer, tmp_path):
    """Adam moves every weight by the whole rate at once; with a warm-up the first rate is 0."""

    def reward(rows, completions):
        return [{"r": len(set(each)) / 100} for each in completions]

    moved = {}
    for warmup in (0, 2):
        model = copy.deepcopy(tiny_model)
        settings = SETTINGS.model_copy(update={"steps": 1, "warmup_steps": warmup, "lora": None})
        trained, _ = reinforce(
            model, tiny_tokenizer, [{"prompt": "one"}, {"prompt": "two"}], reward, settings,
            seed=0, scratch=tmp_path / "scratch",
        )  # fmt: skip
        before = dict(tiny_model.named_parameters())
        changes = [
            (p - before[n].to(p.device)).detach().abs().max() for n, p in trained.named_parameters()
        ]
        moved[warmup] = float(max(changes))
    assert moved[2] == 0 and moved[0] == pytest.approx(SETTINGS.learning_rate, rel=0.01)


def test_the_divergence_is_from_the_adapter_at_the_start(tiny_model, tiny_tokenizer, tmp_path):
    """Training goes on from an adapter: the copy of it that is compared with is gone in the end."""
    model = get_peft_model(copy.deepcopy(tiny_model), lora_config(SETTINGS.lora, tiny_model))
    reward = lambda rows, completions: [{"r": len(each) / 100} for each in completions]  # noqa: E731
    settings = SETTINGS.model_copy(update={"steps": 1, "kl": 0.02, "lora": None})
    rows = [{"prompt": "one"}, {"prompt": "two"}]
    trained, _ = reinforce(
        model, tiny_tokenizer, rows, reward, settings, seed=0, scratch=tmp_path / "scratch"
    )
    assert list(trained.peft_config) == ["default"]
    save(trained, tmp_path / "saved")
    assert [path.name for path in (tmp_path / "saved").iterdir() if path.is_dir()] == []
