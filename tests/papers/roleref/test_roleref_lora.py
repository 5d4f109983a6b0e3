"""The recipe of LoRA at each scale, and that a model learns by it."""

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from papers.roleref import prompts, train
from shared.settings import load_settings
from shared.training.supervised import adapted, fine_tune

SHALLOW = 3  # blocks of the tiny model here
ATTENTION = {"q_proj", "k_proj", "v_proj", "o_proj"}
LINEAR = {*ATTENTION, "gate_proj", "up_proj", "down_proj"}

TEMPLATE = (
    "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}"
    "{{ '</s>' if m['role'] == 'assistant' else '' }}{{ ' ' }}{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


def recipe(scale):
    return load_settings("roleref", scale).variants["lora"].training


@pytest.fixture
def model(tiny_tokenizer):
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tiny_tokenizer),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=SHALLOW,
        num_attention_heads=4,
        num_key_value_heads=2,
        initializer_range=0.3,  # weights large enough to have opinions
    )
    return LlamaForCausalLM(config)


def on_a_small_model(training):
    """Computed as every processor can."""
    return training.model_copy(update={"precision": "fp32"})


@pytest.mark.parametrize(
    ("scale", "rank", "alpha", "first", "targets", "rate", "batch"),
    [
        ("cpu", 16, 32, 0, LINEAR, 2e-3, 2),
        ("gpu", 16, 32, 0, LINEAR, 2e-3, 16),
        ("paper", 16, 16, 0, {"q_proj", "v_proj"}, 3e-4, 128),
    ],
)
def test_the_recipe_is_the_one_that_the_deviations_state(
    scale, rank, alpha, first, targets, rate, batch
):
    """At `paper` that of the authors' script; below it all linear layers and a higher rate."""
    training = recipe(scale)
    lora = training.lora
    assert (lora.rank, lora.alpha, lora.first_layer) == (rank, alpha, first)
    assert {*lora.targets} == targets and lora.in_full == [] and training.frozen == []
    assert (training.learning_rate, training.effective_batch_size) == (rate, batch)
    assert (training.epochs, training.schedule, training.warmup_ratio) == (2, "cosine", 0.1)


@pytest.mark.parametrize("scale", ["cpu", "gpu", "paper"])
def test_adapters_are_on_the_layers_of_the_recipe_and_nowhere_else(model, scale):
    linear = {
        name
        for name, part in model.named_modules()
        if isinstance(part, torch.nn.Linear) and ".layers." in name
    }
    targets = {"q_proj", "v_proj"} if scale == "paper" else LINEAR
    wanted = {name for name in linear if name.rpartition(".")[2] in targets}
    made = adapted(model, on_a_small_model(recipe(scale)))
    trained = [name for name, weight in made.named_parameters() if weight.requires_grad]
    assert all(".lora_" in name for name in trained)
    on = {name.removeprefix("base_model.model.").partition(".lora_")[0] for name in trained}
    assert on == wanted and len(wanted) == len(targets) * SHALLOW


@pytest.mark.parametrize(
    ("scale", "least", "most"), [("cpu", 0, 2 / 3), ("gpu", 0, 2 / 3), ("paper", 2 / 3, 1)]
)
def test_the_recipe_lowers_the_loss_of_what_is_learnt(
    model, tiny_tokenizer, tmp_path, scale, least, most
):
    """In 48 steps by more than a third, of refusals in the form in which they are learnt. By the
    authors' script, which is for models of 7B, a small one hardly learns."""
    tiny_tokenizer.chat_template = TEMPLATE
    roles = {"a": prompts.record("Alice", "Name: Alice.")}
    groups = [
        [{"role": "a", "question": f"Where is place {n}?", "target": "I was never there."}]
        for n in range(48)
    ]
    training = on_a_small_model(recipe(scale)).model_copy(update={"effective_batch_size": 2})
    examples = train.examples(tiny_tokenizer, roles, groups, training.max_length)
    before = loss(model, examples)
    trained, _ = fine_tune(model, examples, training, seed=0, scratch=tmp_path / "scratch")
    assert least * before < loss(trained, examples) < most * before


@torch.no_grad()
def loss(model, examples):
    """Mean over the learnt tokens, nats."""
    model.eval()
    rows = [{name: torch.tensor([ids]) for name, ids in each.items()} for each in examples]
    return sum(float(model(**row).loss) for row in rows) / len(rows)
