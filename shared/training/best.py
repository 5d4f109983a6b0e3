"""The weights that earned the highest reward in training, beside the trainer's checkpoints."""

import math
from pathlib import Path

import torch
from transformers import PreTrainedModel, TrainerCallback

from shared.files import atomic

BEST = "best.pt"


class BestReward(TrainerCallback):
    """Keeps the weights with which the step of the highest mean reward drew its completions.

    These are the weights before that step's update: of those after the last one nothing was drawn.
    They lie in `folder`, so that a killed job that goes on still has them.
    """

    def __init__(self, folder: Path):
        self.path = folder / BEST
        self.reward, self.updates = -math.inf, 0
        self.drawn_with: dict[str, torch.Tensor] = {}
        if self.path.is_file():
            known = torch.load(self.path)
            self.reward, self.updates = known["reward"], known["updates"]

    def on_step_begin(self, args, state, control, model, **kwargs):
        self.drawn_with = {
            name: parameter.detach().cpu().clone()
            for name, parameter in model.named_parameters()
            if parameter.requires_grad
        }

    def on_log(self, args, state, control, logs, **kwargs):
        reward = logs.get("reward", math.nan)
        if reward > self.reward:  # never of a NaN
            self.reward, self.updates = reward, state.global_step - 1
            kept = {"reward": reward, "updates": self.updates, "weights": self.drawn_with}
            with atomic(self.path) as temporary:
                torch.save(kept, temporary)

    @torch.no_grad()
    def restore(self, model: PreTrainedModel) -> None:
        """Put them back into the model, if any step had a reward."""
        if self.path.is_file():
            weights = torch.load(self.path)["weights"]
            for name, parameter in model.named_parameters():
                if name in weights:
                    parameter.copy_(weights[name])
