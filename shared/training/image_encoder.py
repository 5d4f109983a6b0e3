"""Teaching a vision-language model to see, from the words that are said about pictures.

A small LLaVA with random weights first learns the language and looks at the pictures late: after
300 steps of 16 lessons it spoke in whole sentences and named colours by chance. Large ones begin
with an encoder that has learnt from captions. So does this: the mean of a picture's tokens, as they
come to the language model, must tell which words its text has (as in Joulin et al. 2016, arXiv
1511.02251), read off by the language model's own output layer. Its words and a picture's tokens
then mean the same, before it learns any sentence. That costs a fraction of a step of the whole
model.
"""

import time
from collections.abc import Sequence

import torch
from torch.nn.functional import cross_entropy
from transformers import LlavaForConditionalGeneration

from shared.models.devices import own_device
from shared.runner.progress import bar
from shared.training.settings import EncoderTraining


def train_image_encoder(
    model: LlavaForConditionalGeneration,
    pictures: torch.Tensor,
    texts: Sequence[Sequence[int]],
    settings: EncoderTraining,
    *,
    seed: int,
) -> dict:
    """Train the image encoder, the projector and the words, in place; returns a record.

    Words that are said about most pictures tell none apart and are left out.

    pictures: (n, ...) as the encoder takes them. texts: the tokens that are said about each.
    """
    started = time.perf_counter()
    torch.manual_seed(seed)
    device = own_device()
    model.to(device).train()
    said = torch.zeros(len(texts), model.config.text_config.vocab_size)
    for row, tokens in enumerate(texts):
        said[row, list(tokens)] = 1
    said[:, said.mean(dim=0) > 0.5] = 0
    said /= said.sum(dim=1, keepdim=True)
    layers = (model.model.vision_tower, model.model.multi_modal_projector, model.lm_head)
    weights = [weight for layer in layers for weight in layer.parameters()]
    optimizer = torch.optim.AdamW(weights, lr=settings.learning_rate)
    batches = -(-len(texts) // settings.batch_size)
    steps = settings.epochs * batches
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, settings.learning_rate, total_steps=steps, pct_start=0.1
    )
    losses = []
    for step in bar(range(steps), unit="step"):
        if step % batches == 0:
            order = torch.randperm(len(texts))
        batch = order[step % batches :: batches]
        read = _words_read(model, pictures[batch].to(device))
        loss = cross_entropy(read, said[batch].to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(float(loss.detach()))
    model.eval()
    kept = losses[:: max(1, steps // 20)]
    return {"steps": steps, "seconds": round(time.perf_counter() - started, 1), "losses": kept}


def _words_read(model: LlavaForConditionalGeneration, pictures: torch.Tensor) -> torch.Tensor:
    """(n, words): what the output layer reads in the mean of each picture's tokens."""
    seen = model.get_image_features(pixel_values=pictures).pooler_output
    return model.lm_head(model.model.language_model.norm(torch.stack([*seen]).mean(dim=1)))
