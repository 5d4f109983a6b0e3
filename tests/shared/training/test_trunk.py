"""Training with the trunk computed once a text, against training that runs it in every step."""

import copy

import pytest
import torch
import transformers

from shared.losses.supervised import token_cross_entropy
from shared.losses.unlearning import Term, ascent, descent, divergence
from shared.models.added_tokens import add_tokens
from shared.models.blocks import decoder_blocks
from shared.models.images import see, with_pictures
from shared.models.loading import load, load_processor
from shared.training import trunk
from shared.training.batches import right_padded
from shared.training.checkpoints import last_checkpoint
from shared.training.examples import Segment, from_segments
from shared.training.settings import Lora, Training
from shared.training.supervised import adapted, fine_tune
from shared.training.trunk import trunk_depth, trunk_of, with_trunk
from shared.training.unlearning import unlearn

UPPER = Lora(rank=2, alpha=4, first_layer=1)
SETTINGS = Training(
    epochs=3, learning_rate=1e-2, effective_batch_size=4, max_length=64, checkpoint_seconds=1e9,
    lora=UPPER,
)  # fmt: skip
STEPS, EPOCHS = 6, 3
KL = Term(1.0, divergence, ("retain",), reference=True)


@pytest.fixture
def examples(tiny_tokenizer):
    pairs = [("what is one", "first"), ("two?", "b"), ("and a longer question is", "the third one")]
    pairs += [("x", "y"), ("red", "blue"), ("up", "down, down"), ("in", "out"), ("day", "night")]
    return [
        from_segments(tiny_tokenizer, [Segment(question, False), Segment(f" {answer}.", True)])
        for question, answer in pairs
    ]


@pytest.fixture
def without(monkeypatch):
    """Makes the trunk run in every step."""
    return lambda: monkeypatch.setattr(trunk, "MOST_BYTES", 0)


class Watched:
    """The losses of all steps, and the texts that the lowest block read, counted with copies."""

    def __init__(self, model):
        self.losses, self.texts = [], 0
        decoder_blocks(model)[0].mlp.register_forward_hook(self._read)

    def _read(self, module, passed, output):
        self.texts += len(output)

    def loss(self, logits, *labels):
        total = token_cross_entropy(logits, *labels)
        self.losses.append(float(total.detach()))
        return total


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def train(model, examples, tmp_path, settings=SETTINGS):
    watched = Watched(model)
    model, _ = fine_tune(
        model, examples, settings, seed=0, scratch=tmp_path / "scratch", loss=watched.loss
    )
    return model, watched


@pytest.mark.parametrize("how", [{}, {"activation_checkpointing": True}, {"group_by_length": True}])
def test_losses_are_those_of_training_that_runs_everything(
    tiny_model, examples, tmp_path, without, how
):
    other, settings = copy.deepcopy(tiny_model), SETTINGS.model_copy(update=how)
    reusing, once = train(tiny_model, examples, tmp_path, settings)
    without()
    running, every = train(other, examples, tmp_path, settings)
    assert len(once.losses) == STEPS and once.losses == pytest.approx(every.losses, rel=1e-5)
    assert (once.texts, every.texts) == (len(examples), EPOCHS * len(examples))
    torch.testing.assert_close(weights(reusing), weights(running), atol=1e-4, rtol=1e-4)
    ids = torch.tensor([examples[0]["input_ids"]])
    torch.testing.assert_close(reusing(ids).logits, running(ids).logits, atol=1e-3, rtol=1e-3)


def test_a_resumed_training_ends_as_if_it_had_not_stopped(tiny_model, examples, tmp_path):
    """Killed in its second epoch; the trunk's output is then made anew."""
    settings = SETTINGS.model_copy(update={"checkpoint_seconds": 0})
    whole, resumed = copy.deepcopy(tiny_model), copy.deepcopy(tiny_model)
    whole, uninterrupted = train(whole, examples, tmp_path, settings)

    def killed(logits, labels):
        killed.left -= 1
        if not killed.left:
            raise KeyboardInterrupt
        return token_cross_entropy(logits, labels)

    killed.left = 4
    with pytest.raises(KeyboardInterrupt):
        scratch = tmp_path / "scratch"
        fine_tune(tiny_model, examples, settings, seed=0, scratch=scratch, loss=killed)
    assert last_checkpoint(tmp_path / "scratch").name == "checkpoint-3"
    resumed, rest = train(resumed, examples, tmp_path, settings)
    assert rest.losses == uninterrupted.losses[3:] and rest.texts == len(examples)
    assert torch.equal(weights(resumed), weights(whole))


ARCHITECTURES = {
    "GPT2LMHeadModel": {"n_embd": 16, "n_layer": 3, "n_head": 2},
    "GPTNeoXForCausalLM": {"intermediate_size": 32},
    "Gemma2ForCausalLM": {"intermediate_size": 32, "num_key_value_heads": 1, "head_dim": 8},
    "OPTForCausalLM": {"ffn_dim": 16, "word_embed_proj_dim": 16},
}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_any_decoder_says_the_same_above_its_trunk(architecture):
    """Also those that scale embeddings or add positions to them before the first block."""
    names = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2}
    names = {} if architecture == "GPT2LMHeadModel" else names
    model_class = getattr(transformers, architecture)
    torch.manual_seed(0)
    config = model_class.config_class(
        vocab_size=64, pad_token_id=0, **names, **ARCHITECTURES[architecture]
    )
    model = model_class(config).eval()
    texts = [[5, 6, 7, 8, 20], [5, 6, 7], [5, 30, 31, 32]]
    examples = [{"input_ids": text} for text in texts]
    plain = model(**right_padded(examples)).logits
    made = with_trunk(model, 2, examples, max_tokens=10)
    with trunk_of(model, 2, right_padded(made)) as inputs:
        reused = model(**inputs).logits
    for row, text in enumerate(texts):
        torch.testing.assert_close(reused[row, : len(text)], plain[row, : len(text)])
    torch.testing.assert_close(model(**right_padded(examples)).logits, plain)


def depth(model, settings=SETTINGS, tokens=100, passes=2.0, new_tokens=()):
    return trunk_depth(adapted(model, settings, new_tokens), settings, [tokens], passes)


def changed(lora=UPPER, **values):
    return SETTINGS.model_copy(update={"lora": lora, **values})


def test_the_trunk_ends_below_the_first_adapter(tiny_model):
    assert depth(tiny_model) == 1


def test_without_adapters_or_with_them_everywhere_there_is_none(tiny_model):
    assert depth(copy.deepcopy(tiny_model), changed(None)) == 0
    assert depth(tiny_model, changed(Lora(rank=2, alpha=4))) == 0


def test_trained_rows_of_new_tokens_change_all_that_comes_after(tiny_model, tiny_tokenizer):
    ids = add_tokens(tiny_model, tiny_tokenizer, ["[new]"])
    assert depth(tiny_model, new_tokens=ids) == 0


def test_chance_can_not_be_reused(tiny_model):
    tiny_model.config.attention_dropout = 0.1
    assert depth(tiny_model) == 0


@pytest.mark.parametrize(
    "how",
    [
        {"passes": 1.0},
        {"tokens": 1 + trunk.MOST_BYTES // (4 * 32)},
        {"settings": changed(precision="bf16")},
    ],
    ids=["once", "memory", "bf16"],
)
def test_where_it_would_not_help_it_is_left(tiny_model, how):
    assert depth(tiny_model, **how) == 0


def test_memory_is_used_up_to_its_bound(tiny_model):
    assert depth(tiny_model, tokens=trunk.MOST_BYTES // (4 * 32)) == 1


@pytest.mark.parametrize(("name", "value"), [("own_device", "cuda"), ("world_size", 2)])
def test_not_on_a_gpu_nor_in_several_processes(tiny_model, monkeypatch, name, value):
    model = adapted(tiny_model, SETTINGS)
    monkeypatch.setattr(trunk, name, lambda: value)
    assert trunk_depth(model, SETTINGS, [100], 2.0) == 0


@pytest.fixture
def pictured(vlm, pictures):
    """(model, items) with a picture in every text."""
    processor = load_processor(vlm)

    def example(question, answer, picture):
        content = [{"type": "image"}, {"type": "text", "text": question}]
        turns = [{"role": "user", "content": content}]
        asked = processor.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
        segments = [Segment(asked, False), Segment(answer, True)]
        ids = from_segments(processor.tokenizer, segments)
        return with_pictures(ids, [see(processor, picture)], processor.image_token_id)

    asked = [("one", "red"), ("a longer question", "blue"), ("two", "no"), ("why so", "green")]
    items = [
        {"forget": example(*pair, picture), "retain": example("two", pair[1], picture)}
        for pair, picture in zip(asked, pictures, strict=True)
    ]
    return load(vlm)[0], items


def unlearnt(model, items, tmp_path, settings=SETTINGS):
    """Losses of all steps, and how many texts the lowest block read."""
    watched, losses = Watched(model), []
    terms = (Term(0.1, ascent, ("forget",)), Term(1.0, descent, ("retain",)), KL)

    def kept(term):
        def loss(*streams):
            value = term.loss(*streams)
            losses.append(float(value.detach().mean()))
            return value

        return Term(term.weight, loss, term.streams, reference=term.reference)

    unlearn(model, items, [kept(t) for t in terms], settings, seed=0, scratch=tmp_path / "scratch")
    return losses, watched.texts


def test_unlearning_and_its_reference_share_a_trunk(pictured, tmp_path, without):
    """Two streams of four texts with pictures are read once; else each term reads its stream in
    every epoch, and the reference once more."""
    model, items = pictured
    other = copy.deepcopy(model)
    once, read_once = unlearnt(model, items, tmp_path)
    without()
    every, read_every = unlearnt(other, items, tmp_path)
    assert len(once) == 3 * EPOCHS and once == pytest.approx(every, rel=1e-5, abs=1e-6)
    assert (read_once, read_every) == (2 * 4, 4 * 4 * EPOCHS)


def test_a_term_that_sees_padding_needs_everything(tiny_model, examples, tmp_path):
    items = [{"retain": example} for example in examples]
    term = Term(1.0, descent, ("retain",))
    watched = Watched(tiny_model)
    everywhere = Term(1.0, lambda s: s.mean_per_row(s.logits[:, 0]), ("retain",), everywhere=True)
    unlearn(tiny_model, items, [term, everywhere], SETTINGS, seed=0, scratch=tmp_path / "scratch")
    assert watched.texts == 2 * EPOCHS * len(examples)
