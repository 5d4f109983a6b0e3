"""Teaching an image encoder to see, from the words that are said about pictures.

A small LLaVA with random weights first learns the language and looks at the pictures late: after
300 steps of 16 lessons it spoke in whole sentences and named colours by chance. Large ones begin
with an encoder that has learnt from captions. So does this: from a picture, its features' mean
must tell which words its text has (as in Joulin et al. 2016, arXiv 1511.02251). That costs a
fraction of a step of the whole model.
"""

import time
from collections.abc import Sequence

import torch
from torch.nn.functional import binary_cross_entropy_with_logits
from tqdm import trange
from transformers import LlavaForConditionalGeneration

from shared.training.settings import Seeing


def learn_to_see(
    model: LlavaForConditionalGeneration,
    pictures: torch.Tensor,
    texts: Sequence[Sequence[int]],
    settings: Seeing,
    *,
    seed: int,
) -> dict:
    """Train the model's image encoder, in place; returns a record of the training.

    Its features are then let into the projector with mean 0 and variance 1 in every direction:
    what all pictures have in common would otherwise drown what tells them apart.

    pictures: (n, ...) as the encoder takes them. texts: the tokens that are said about each.
    """
    started = time.perf_counter()
    torch.manual_seed(seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    tower, config = model.to(device).model.vision_tower, model.config
    said = torch.zeros(len(texts), config.text_config.vocab_size)
    for row, tokens in enumerate(texts):
        said[row, list(tokens)] = 1
    head = torch.nn.Linear(config.vision_config.hidden_size, said.shape[1]).to(device)
    weights = [*tower.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(weights, lr=settings.learning_rate)
    batches = -(-len(texts) // settings.batch_size)
    steps = settings.epochs * batches
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, settings.learning_rate, total_steps=steps, pct_start=0.1
    )
    tower.train()
    losses = []
    for step in trange(steps, unit="step", disable=None):
        if step % batches == 0:
            order = torch.randperm(len(texts))
        batch = order[step % batches :: batches]
        features = tower(pictures[batch].to(device), output_hidden_states=True).hidden_states
        pooled = features[config.vision_feature_layer][:, 1:].mean(dim=1)  # not the first: LLaVA
        loss = binary_cross_entropy_with_logits(head(pooled), said[batch].to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(float(loss.detach()))
    tower.eval()
    _let_in(model, pictures[: 8 * settings.batch_size].to(device))
    kept = losses[:: max(1, steps // 20)]
    return {"steps": steps, "seconds": round(time.perf_counter() - started, 1), "losses": kept}


@torch.no_grad()
def _let_in(model: LlavaForConditionalGeneration, pictures: torch.Tensor) -> None:
    """Initial weights of the projector for features of these pictures (Krähenbühl et al. 2016)."""
    features = model.model.vision_tower(pictures, output_hidden_states=True).hidden_states
    tokens = features[model.config.vision_feature_layer][:, 1:].flatten(0, 1)
    std, mean = torch.std_mean(tokens, dim=0)
    first, second = (getattr(model.model.multi_modal_projector, f"linear_{n}") for n in (1, 2))
    for layer in (first, second):
        torch.nn.init.normal_(layer.weight, std=layer.in_features**-0.5)
    first.weight /= std
    first.bias.copy_(-first.weight @ mean)
