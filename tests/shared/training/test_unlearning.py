"""The unlearning loop: what its terms do to a tiny model, and that splitting changes nothing."""

import copy
import weakref

import pytest
import torch

from shared.errors import UserError
from shared.losses.unlearning import (
    Stream,
    Term,
    ascent,
    descent,
    divergence,
    joint_descent,
)
from shared.training import unlearning
from shared.training.batches import right_padded
from shared.training.checkpoints import last_checkpoint
from shared.training.examples import IGNORED, Segment, from_segments
from shared.training.settings import Lora, Training
from shared.training.unlearning import UnlearningTrainer, unlearn

SETTINGS = Training(
    epochs=2, learning_rate=1e-2, effective_batch_size=4, max_length=64, checkpoint_seconds=1e9
)
GA = Term(1.0, ascent, ("forget",))
GD = (GA, Term(1.0, descent, ("retain",)))
KL = Term(1.0, divergence, ("retain",), reference=True)


@pytest.fixture
def items(tiny_tokenizer):
    def example(question, answer):
        segments = [Segment(question, False), Segment(f" {answer}.", True)]
        return from_segments(tiny_tokenizer, segments)

    return [
        {"forget": example(f"secret {i}?", "a" * (i + 1)), "retain": example("two?", f"b{i}")}
        for i in range(8)
    ]


def nll(model, examples):
    """Mean over examples of the mean cross-entropy of their learnt tokens, by full logits."""
    losses = []
    for example in examples:
        batch = right_padded([example])
        with torch.no_grad():
            logits = model(batch["input_ids"]).logits[0, :-1]
        labels = batch["labels"][0, 1:]
        losses.append(torch.nn.functional.cross_entropy(logits, labels, ignore_index=IGNORED))
    return float(torch.stack(losses).mean())


def run(model, items, terms, tmp_path, settings=SETTINGS, **keywords):
    return unlearn(model, items, terms, settings, seed=0, scratch=tmp_path / "scratch", **keywords)


def test_the_first_loss_is_the_weighted_sum_of_means_over_items(tiny_model, items, tmp_path):
    forget, retain = (nll(tiny_model, [item[name] for item in items]) for name in items[0])
    terms = (Term(1.0, ascent, ("forget",)), Term(0.5, descent, ("retain",)))
    whole = SETTINGS.model_copy(update={"effective_batch_size": 8, "epochs": 1})
    _, record = run(tiny_model, items, terms, tmp_path, whole)
    assert record["losses"][0][1] == pytest.approx(-forget + 0.5 * retain, rel=1e-5)


def test_forgetting_with_and_without_something_to_keep(tiny_model, items, tmp_path):
    """Ascent raises the loss of the answers; descent beside it lowers that of the others."""
    settings = SETTINGS.model_copy(update={"epochs": 5, "learning_rate": 3e-3})
    before = {name: nll(tiny_model, [item[name] for item in items]) for name in items[0]}
    other = copy.deepcopy(tiny_model)
    run(tiny_model, items, [GA], tmp_path, settings)
    run(other, items, GD, tmp_path, settings)
    assert nll(tiny_model, [item["forget"] for item in items]) > 2 * before["forget"]
    assert nll(other, [item["forget"] for item in items]) > 1.5 * before["forget"]
    assert nll(tiny_model, [item["retain"] for item in items]) > before["retain"]
    assert nll(other, [item["retain"] for item in items]) < before["retain"]


@pytest.mark.parametrize("terms", [GD, (GA, KL)], ids=["gd", "kl"])
def test_accumulation_changes_nothing(tiny_model, items, tmp_path, terms):
    other = copy.deepcopy(tiny_model)
    _, together = run(tiny_model, items, terms, tmp_path)
    narrow = SETTINGS.model_copy(update={"max_tokens_per_device": 1})
    _, apart = run(other, items, terms, tmp_path, narrow)
    assert (together["accumulation"], apart["accumulation"]) == (1, 4)
    for name, weight in tiny_model.named_parameters():
        torch.testing.assert_close(weight, other.get_parameter(name), atol=2e-5, rtol=1e-3)


def test_what_a_device_holds_is_all_streams_of_an_item(tiny_model, items, tmp_path):
    """Both streams together have up to so many tokens: twice that is room for two items."""
    longest = max(sum(len(example["input_ids"]) for example in item.values()) for item in items)
    held = SETTINGS.model_copy(update={"max_tokens_per_device": 2 * longest})
    _, record = run(tiny_model, items, GD, tmp_path, held)
    assert (record["per_device_batch"], record["accumulation"]) == (2, 2)


def test_a_stream_that_is_compared_is_held_twice(tiny_model, items, tmp_path):
    """Of padded items: the longest answer to forget, the longest to keep, and that again."""
    items = [*items[:7], {"forget": items[0]["forget"], "retain": items[7]["forget"]}]
    forget, retain = (max(len(i[n]["input_ids"]) for i in items) for n in ("forget", "retain"))
    for tokens, expected in ((forget + 2 * retain, 2), (forget + 2 * retain - 1, 1)):
        held = SETTINGS.model_copy(update={"max_tokens_per_device": 2 * tokens})
        _, record = run(copy.deepcopy(tiny_model), items, (GA, KL), tmp_path, held)
        assert record["per_device_batch"] == expected


@pytest.mark.parametrize("lora", [None, Lora(rank=2, alpha=4)])
def test_terms_one_by_one_give_the_gradients_of_their_sum(
    tiny_model, items, tmp_path, lora, monkeypatch
):
    """At each of two steps of four batches, with terms of one stream, of two and with reference."""
    terms = (Term(0.5, ascent, ("forget",)), Term(2.0, joint_descent, ("retain", "forget")), KL)
    held = {"lora": lora, "max_tokens_per_device": 1, "epochs": 1}
    settings, step = SETTINGS.model_copy(update=held), torch.optim.AdamW.step

    def together(self, model, inputs, *_, **__):
        return sum(
            t.weight * t.loss(*(self._stream(model, inputs[name], t) for name in t.streams))
            for t in self.terms
        ).mean()

    def noted(self, *arguments, **keywords):
        held = [p.grad for group in self.param_groups for p in group["params"]]
        gradients.append(torch.cat([gradient.flatten() for gradient in held]))
        return step(self, *arguments, **keywords)

    monkeypatch.setattr(torch.optim.AdamW, "step", noted)
    runs = []
    for compute_loss in (UnlearningTrainer.compute_loss, together):
        gradients = []
        monkeypatch.setattr(UnlearningTrainer, "compute_loss", compute_loss)
        _, record = run(copy.deepcopy(tiny_model), items, terms, tmp_path, settings)
        assert record["accumulation"] > 1 and len(gradients) == 2
        runs.append((torch.tensor(record["losses"]), torch.stack(gradients)))
    (losses, gradients), (summed_losses, summed_gradients) = runs
    torch.testing.assert_close(losses, summed_losses, atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(gradients, summed_gradients, atol=1e-6, rtol=1e-6)


def test_no_term_is_held_beside_another(tiny_model, items, tmp_path):
    """What the model said for one term is gone when the next one is computed."""
    said = []

    def watched(stream: Stream) -> torch.Tensor:
        assert [kept() for kept in said] == [None] * len(said)
        said.append(weakref.ref(stream.logits))
        return descent(stream)

    terms = [Term(1.0, watched, (name,)) for name in ("forget", "retain", "forget")]
    run(tiny_model, items, terms, tmp_path)
    assert len(said) == 12


def test_a_reference_that_would_be_a_part_is_refused(tiny_model, items, tmp_path, monkeypatch):
    monkeypatch.setattr(unlearning, "sharding", lambda cuda: {"fsdp": True})
    with pytest.raises(UserError, match="beside a reference: found 1 processes that share"):
        run(tiny_model, items, [KL], tmp_path)


def test_divergence_starts_at_zero_and_holds_the_model(tiny_model, items, tmp_path):
    before = copy.deepcopy(tiny_model.state_dict())
    _, record = run(tiny_model, items, [KL], tmp_path)
    assert record["losses"][0][1] == pytest.approx(0, abs=1e-6)
    for name, weight in tiny_model.state_dict().items():
        torch.testing.assert_close(weight, before[name], atol=5e-2, rtol=0)


def test_everywhere_counts_every_position(tiny_model, items, tmp_path):
    """A loss that counts the positions it is given, learnt ones or all of the padded batch."""
    seen = []

    def counting(stream: Stream) -> torch.Tensor:
        seen.append(stream.per_row(torch.ones_like(stream.labels)).tolist())
        return stream.mean_per_row(stream.logits[:, 0])

    whole = SETTINGS.model_copy(update={"effective_batch_size": 8, "epochs": 1})
    for everywhere in (False, True):
        term = Term(1.0, counting, ("forget",), everywhere=everywhere)
        run(copy.deepcopy(tiny_model), items, [term], tmp_path, whole)
    longest = max(len(item["forget"]["input_ids"]) for item in items)
    assert sorted(seen[0]) == [3, 4, 5, 6, 7, 8, 9, 10]  # space, letters, full stop
    assert seen[1] == [longest - 1] * 8


def test_a_further_loss_is_one_function(tiny_model, items, tmp_path):
    """NPO (Zhang et al. 2024): -2/beta log sigmoid(-beta log(p/p_ref)); 2/beta ln 2 at first."""

    def negative_preference(stream: Stream, beta: float = 0.1) -> torch.Tensor:
        own, reference = (
            -torch.nn.functional.cross_entropy(logits, stream.labels, reduction="none")
            for logits in (stream.logits, stream.reference)
        )
        ratio = stream.per_row(own - reference)
        return -2 / beta * torch.nn.functional.logsigmoid(-beta * ratio)

    before = nll(tiny_model, [item["forget"] for item in items])
    npo = Term(1.0, negative_preference, ("forget",), reference=True)
    _, record = run(tiny_model, items, [npo], tmp_path)
    assert record["losses"][0][1] == pytest.approx(20 * 0.693147, rel=1e-4)
    assert nll(tiny_model, [item["forget"] for item in items]) > before


def test_the_reference_of_an_adapter_is_the_model_without_it(tiny_model, items, tmp_path):
    lora = SETTINGS.model_copy(update={"lora": Lora(rank=2, alpha=4)})
    _, record = run(copy.deepcopy(tiny_model), items, [KL], tmp_path, lora)
    assert record["losses"][0][1] == pytest.approx(0, abs=1e-6)
    _, record = run(tiny_model, items, [GA, KL], tmp_path, lora)
    assert record["losses"][-1][1] < record["losses"][0][1] < 0


def test_snapshots_are_taken_after_their_steps(tiny_model, items, tmp_path):
    taken = {}

    def snapshot(step, model):
        taken[step] = nll(model, [item["forget"] for item in items])

    run(tiny_model, items, [GA], tmp_path, snapshot=snapshot, at=[1, 4])
    assert list(taken) == [1, 4] and taken[4] > taken[1]
    assert taken[4] == pytest.approx(nll(tiny_model, [item["forget"] for item in items]), rel=1e-5)


def test_an_interrupted_run_ends_as_if_it_had_not_been(tiny_model, items, tmp_path):
    settings = SETTINGS.model_copy(update={"checkpoint_seconds": 0})
    uninterrupted, original = copy.deepcopy(tiny_model), copy.deepcopy(tiny_model)
    run(uninterrupted, items, (GA, KL), tmp_path, settings)
    calls = []

    def failing(stream: Stream) -> torch.Tensor:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return ascent(stream)

    with pytest.raises(KeyboardInterrupt):
        run(tiny_model, items, (Term(1.0, failing, ("forget",)), KL), tmp_path, settings)
    assert last_checkpoint(tmp_path / "scratch").name == "checkpoint-2"
    _, record = run(original, items, (GA, KL), tmp_path, settings)
    assert record["resumed_from_step"] == 2
    for name, weight in uninterrupted.named_parameters():
        torch.testing.assert_close(weight, original.get_parameter(name), atol=1e-6, rtol=0)


def test_a_loss_that_is_no_number_ends_in_one_line(tiny_model, items, tmp_path):
    def broken(stream: Stream) -> torch.Tensor:
        return ascent(stream) * float("nan")

    with pytest.raises(UserError, match=r"the loss is nan at step 1 \(terms: nan\); expected"):
        run(tiny_model, items, [Term(1.0, broken, ("forget",))], tmp_path)


def test_no_items_is_an_error(tiny_model, tmp_path):
    with pytest.raises(UserError, match="at least one example"):
        run(tiny_model, [], [GA], tmp_path)
