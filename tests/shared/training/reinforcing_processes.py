"""The reinforcements of test_reinforcement.py in several processes: to be started by torchrun."""

import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from shared.files import write_json
from shared.models.devices import is_first, leave_the_others
from shared.models.loading import save
from shared.models.small_vlm import vocabulary
from shared.training import reinforcement, supervised
from shared.training.settings import Reinforcement
from tests.shared.training.in_processes import pretend_gpus

SETTINGS = Reinforcement(
    steps=1, prompts_per_step=2, generations=2, max_new_tokens=2, learning_rate=1e-3, kl=0.01
)


class Drawing(LlamaForCausalLM):
    """Draws a completion with random numbers that belong to its prompt, its place in the group and
    the step, whichever process writes it."""

    calls = 0

    @torch.no_grad()
    def generate(self, input_ids, attention_mask, generation_config, **_) -> torch.Tensor:
        self.calls += 1
        seen, draws = Counter(), []
        for row, mask in zip(input_ids.tolist(), attention_mask.tolist(), strict=True):
            prompt = tuple(token for token, real in zip(row, mask, strict=True) if real)
            random = np.random.default_rng([self.calls, seen[prompt], *prompt])
            draws.append(random.random(generation_config.max_new_tokens))
            seen[prompt] += 1
        for drawn in torch.tensor(np.array(draws)).T:
            chances = self(input_ids, attention_mask=attention_mask).logits[:, -1].double()
            below = chances.softmax(-1).cumsum(-1) < drawn[:, None]
            ids = below.sum(-1, keepdim=True).clamp(max=chances.shape[-1] - 1)
            input_ids = torch.cat([input_ids, ids], dim=1)
            attention_mask = torch.cat([attention_mask, torch.ones_like(ids)], dim=1)
        return input_ids


def model(tokenizer: PreTrainedTokenizerFast, kind: type = LlamaForCausalLM) -> LlamaForCausalLM:
    shape = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 2}
    ends = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    config = LlamaConfig(vocab_size=len(tokenizer), **shape, **heads, **ends)
    torch.manual_seed(0)
    return kind(config)


def slowly(save):
    """The first process takes its time to write."""

    def late(*arguments, **keywords):
        if is_first():
            time.sleep(3)
        save(*arguments, **keywords)

    return late


def learn(folder: Path) -> tuple[torch.nn.Module, dict]:
    """Five steps of two prompts that reward the letter a, a step's two groups one for each of two
    processes; the curve is written by each."""
    tokenizer = vocabulary("characters", ["abcdefgh"])
    settings = SETTINGS.model_copy(
        update={"steps": 5, "generations": 8, "max_new_tokens": 6, "learning_rate": 3e-2, "kl": 0.0}
    )

    def reward(rows: list[dict], completions: list[str]) -> list[dict[str, float]]:
        return [{"a": each.count("a") / 6} for each in completions]

    rows = [{"prompt": letter} for letter in "cdefgh"]
    fit = {"seed": 0, "scratch": folder / "scratch"}
    made = model(tokenizer, Drawing)
    trained, record = reinforcement.reinforce(made, tokenizer, rows, reward, settings, **fit)
    curve = [step["reward"] for step in record["curve"]]
    write_json(folder / f"curve-{0 if is_first() else 1}.json", curve)
    save(trained, folder / "trained")
    return trained, record


def main() -> None:
    folder = Path(sys.argv[1])
    if sys.argv[2:] == ["learn"]:
        pretend_gpus(supervised, reinforcement)
        learn(folder)
        leave_the_others()
        return
    reinforcement.save = slowly(reinforcement.save)
    tokenizer = vocabulary("characters", ["ab"])
    seen = []

    def reward(rows: list[dict], completions: list[str]) -> list[dict[str, float]]:
        seen.extend(row["prompt"] for row in rows)
        return [{"r": float(len(each))} for each in completions]

    rows = [{"prompt": "a"}, {"prompt": "b"}]
    fit = {"seed": 0, "scratch": folder / "scratch"}
    reinforcement.reinforce(model(tokenizer), tokenizer, rows, reward, SETTINGS, **fit)
    write_json(folder / f"seen-{0 if is_first() else 1}.json", seen)
    leave_the_others()


if __name__ == "__main__":
    main()
