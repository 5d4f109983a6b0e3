"""The training loop against Transformers' own loss, and against itself split differently."""

import copy

import pytest
import torch

from shared.errors import UserError
from shared.losses.supervised import minimum_cross_entropy, token_cross_entropy
from shared.training.batches import right_padded
from shared.training.checkpoints import last_checkpoint
from shared.training.examples import IGNORED, Segment, from_segments
from shared.training.settings import Lora, Training
from shared.training.supervised import fine_tune, split_batch

SETTINGS = Training(
    epochs=2, learning_rate=1e-2, effective_batch_size=4, max_length=64, checkpoint_seconds=1e9
)


@pytest.fixture
def examples(tiny_tokenizer):
    pairs = [("what is one", "first"), ("two?", "b"), ("and a longer question is", "the third one")]
    pairs += [("x", "y"), ("red", "blue"), ("up", "down, down"), ("in", "out"), ("day", "night")]
    return [
        from_segments(tiny_tokenizer, [Segment(question, False), Segment(f" {answer}.", True)])
        for question, answer in pairs
    ]


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def train(model, examples, tmp_path, settings=SETTINGS, **keywords):
    return fine_tune(model, examples, settings, seed=0, scratch=tmp_path / "scratch", **keywords)


def test_first_loss_is_the_mean_over_labelled_tokens(tiny_model, examples, tmp_path):
    """The loss of the first step, before any change, against Transformers on full logits."""
    batch = right_padded(examples)
    with torch.inference_mode():
        logits = tiny_model(**{k: v for k, v in batch.items() if k != "labels"}).logits[:, :-1]
    expected = torch.nn.functional.cross_entropy(
        logits.reshape(-1, logits.shape[-1]), batch["labels"][:, 1:].reshape(-1)
    )
    whole = SETTINGS.model_copy(update={"effective_batch_size": len(examples), "epochs": 1})
    _, record = train(tiny_model, examples, tmp_path, whole)
    assert record["losses"][0][1] == pytest.approx(float(expected), rel=1e-5)


def test_padding_does_not_change_what_a_row_says(tiny_model, examples):
    together = right_padded(examples)
    inputs = {k: v for k, v in together.items() if k != "labels"}
    with torch.inference_mode():
        batched = tiny_model(**inputs).logits
        for row, example in enumerate(examples):
            single = tiny_model(torch.tensor([example["input_ids"]])).logits[0]
            torch.testing.assert_close(batched[row, : len(single)], single, atol=1e-4, rtol=1e-4)


def test_accumulation_changes_nothing(tiny_model, examples, tmp_path):
    """4 sequences at once, and one by one with 4 accumulation steps, give the same weights."""
    other = copy.deepcopy(tiny_model)
    _, together = train(tiny_model, examples, tmp_path)
    narrow = SETTINGS.model_copy(update={"max_tokens_per_device": 1})
    _, one_by_one = train(other, examples, tmp_path, narrow)
    assert (together["per_device_batch"], together["accumulation"]) == (4, 1)
    assert (one_by_one["per_device_batch"], one_by_one["accumulation"]) == (1, 4)
    torch.testing.assert_close(weights(tiny_model), weights(other), atol=2e-5, rtol=1e-3)


@pytest.mark.parametrize("lora", [None, Lora(rank=2, alpha=4, first_layer=1)])
@pytest.mark.parametrize("frozen", [[], ["embed_tokens"]])
def test_computing_activations_again_changes_nothing(
    tiny_model, examples, tmp_path, lora, frozen, monkeypatch
):
    """The same losses and gradients at each of four steps, and layers that are run again."""
    same = {"lora": lora, "frozen": frozen, "max_tokens_per_device": 80}
    runs, step = [], torch.optim.AdamW.step

    def noted(self, *arguments, **keywords):
        held = [p.grad for group in self.param_groups for p in group["params"]]
        gradients.append(torch.cat([gradient.flatten() for gradient in held]))
        return step(self, *arguments, **keywords)

    monkeypatch.setattr(torch.optim.AdamW, "step", noted)
    for again in (False, True):
        gradients, passes = [], []
        model = copy.deepcopy(tiny_model)
        model.model.layers[1].mlp.register_forward_pre_hook(lambda *_, n=passes: n.append(1))
        settings = SETTINGS.model_copy(update={**same, "activation_checkpointing": again})
        _, record = train(model, examples, tmp_path, settings)
        runs.append((torch.tensor(record["losses"]), torch.stack(gradients), len(passes)))
    (losses, gradients, once), (losses_again, gradients_again, twice) = runs
    assert len(gradients) == 4 and twice == 2 * once
    torch.testing.assert_close(losses_again, losses, atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(gradients_again, gradients, atol=1e-6, rtol=1e-6)


def test_batches_of_about_one_length(tiny_model, examples, tmp_path):
    """64 examples of eight lengths: each epoch has them all, in another order, in batches whose
    lengths differ by less than half of what they do in random ones. The split changes nothing."""
    lengths = [len(example["input_ids"]) for example in examples]
    seen = []

    class Noted(list):
        def __getitem__(self, place):
            seen.append(place)
            return super().__getitem__(place)

    def epochs(**changes):
        settings = SETTINGS.model_copy(update={"epochs": 2, **changes})
        train(copy.deepcopy(tiny_model), noted := Noted(examples * 8), tmp_path, settings)
        assert len(noted) == 64
        return seen[-128:-64], seen[-64:]

    def spread(epoch):
        batches = [[lengths[i % 8] for i in epoch[at : at + 4]] for at in range(0, 64, 4)]
        return sum(max(batch) - min(batch) for batch in batches)

    plain, grouped = epochs(), epochs(group_by_length=True)
    for epoch in (*plain, *grouped):
        assert sorted(epoch) == list(range(64))
    assert max(map(spread, grouped)) < min(map(spread, plain)) / 2
    assert grouped[0] != grouped[1]
    assert epochs(group_by_length=True, max_tokens_per_device=1) == grouped


def test_training_learns_the_answers(tiny_model, examples, tmp_path):
    settings = SETTINGS.model_copy(update={"epochs": 20})
    _, record = train(tiny_model, examples, tmp_path, settings)
    assert record["losses"][-1][1] < 0.3 * record["losses"][0][1]
    assert record["steps"] == 40


def test_an_interrupted_training_ends_as_if_it_had_not_been(tiny_model, examples, tmp_path):
    settings = SETTINGS.model_copy(update={"checkpoint_seconds": 0, "epochs": 4})
    uninterrupted, original = copy.deepcopy(tiny_model), copy.deepcopy(tiny_model)
    train(uninterrupted, examples, tmp_path, settings)

    calls = []

    def failing(logits, labels):
        calls.append(1)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return token_cross_entropy(logits, labels)

    with pytest.raises(KeyboardInterrupt):
        train(tiny_model, examples, tmp_path, settings, loss=failing)
    scratch = tmp_path / "scratch"
    assert last_checkpoint(scratch).name == "checkpoint-5"
    (scratch / "checkpoint-6").mkdir()  # what a kill during the next checkpoint leaves
    (scratch / "checkpoint-6" / "trainer_state.json").write_text('{"epoch": 3')
    _, record = train(original, examples, tmp_path, settings)
    assert record["resumed_from_step"] == 5
    torch.testing.assert_close(weights(original), weights(uninterrupted), atol=0, rtol=0)
    assert not scratch.exists()


def test_seeds_repeat_and_differ(tiny_model, examples, tmp_path):
    models = [copy.deepcopy(tiny_model) for _ in range(3)]
    lora = SETTINGS.model_copy(update={"lora": Lora(rank=2, alpha=4)})
    for model, seed in zip(models, (1, 1, 2), strict=True):
        tuned, _ = fine_tune(model, examples, lora, seed=seed, scratch=tmp_path / "s")
        tuned.merge_and_unload()
    first, same, other = map(weights, models)
    assert torch.equal(first, same)
    assert not torch.allclose(first, other)


def test_lora_leaves_the_layers_below_as_they_were(tiny_model, examples, tmp_path):
    before = copy.deepcopy(tiny_model.state_dict())
    lora = SETTINGS.model_copy(update={"lora": Lora(rank=2, alpha=4, first_layer=1)})
    tuned, _ = train(tiny_model, examples, tmp_path, lora)
    after = tuned.merge_and_unload().state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed and all(name.startswith("model.layers.1.") for name in changed)


def test_min_loss_trains_towards_the_cheaper_label(tiny_model, tiny_tokenizer, tmp_path):
    ids = tiny_tokenizer("question answer")["input_ids"]
    with torch.inference_mode():
        order = tiny_model(torch.tensor([ids[:-1]])).logits[0, -1].argsort()
    likely, unlikely = int(order[-3]), int(order[0])
    unlabelled = [IGNORED] * (len(ids) - 1)
    example = {
        "input_ids": ids,
        "labels": [*unlabelled, unlikely],
        "others": [*unlabelled, likely],
    }
    settings = SETTINGS.model_copy(update={"epochs": 10})
    train(tiny_model, [example] * 4, tmp_path, settings, loss=minimum_cross_entropy)
    with torch.inference_mode():
        assert int(tiny_model(torch.tensor([ids[:-1]])).logits[0, -1].argmax()) == likely


@pytest.mark.parametrize(
    ("effective", "devices", "longest", "most", "expected"),
    [
        (16, 1, 40, 4096, (16, 1)),  # 16 * 40 tokens fit
        (16, 1, 600, 4096, (4, 4)),  # 6 fit; the largest divisor of 16 up to 6 is 4
        (16, 4, 600, 4096, (4, 1)),
        (6, 1, 5000, 4096, (1, 6)),  # not even one fits: one at a time
    ],
)
def test_split_batch(effective, devices, longest, most, expected):
    assert split_batch(effective, devices, longest, most) == expected


def test_a_batch_that_can_not_be_shared_out_is_refused():
    with pytest.raises(UserError, match="16 can't be shared out over 3 devices"):
        split_batch(16, 3, 10, 100)


def test_no_examples_is_an_error(tiny_model, tmp_path):
    with pytest.raises(UserError, match="at least one example"):
        train(tiny_model, [], tmp_path)


def test_lora_on_a_layer_that_is_not_there(tiny_model, examples, tmp_path):
    settings = SETTINGS.model_copy(update={"lora": Lora(rank=2, alpha=4, first_layer=2)})
    with pytest.raises(UserError, match=r"first_layer is 2, the model has 2 layers"):
        train(tiny_model, examples, tmp_path, settings)
