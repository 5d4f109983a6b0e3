"""The reinforcement of test_reinforcement.py in several processes: to be started by torchrun."""

import sys
import time
from pathlib import Path

from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from shared.devices import is_first
from shared.files import write_json
from shared.models.small_vlm import vocabulary
from shared.training import reinforcement
from shared.training.settings import Reinforcement

SETTINGS = Reinforcement(
    steps=1, prompts_per_step=2, generations=2, max_new_tokens=2, learning_rate=1e-3, kl=0.01
)


def model(tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    shape = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 2}
    ends = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    config = LlamaConfig(vocab_size=len(tokenizer), **shape, **heads, **ends)
    return LlamaForCausalLM(config)


def slowly(save):
    """The first process takes its time to write."""

    def late(*arguments, **keywords):
        if is_first():
            time.sleep(3)
        save(*arguments, **keywords)

    return late


def main() -> None:
    folder = Path(sys.argv[1])
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


if __name__ == "__main__":
    main()
