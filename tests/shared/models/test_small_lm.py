"""The small language models: their vocabulary, their sizes, their folder, and that they learn."""

import pytest
import torch

from shared.chat.loading import open_chat
from shared.chat.settings import Asked
from shared.models.loading import load, save
from shared.models.small_lm import SIZES, TEMPLATE, assemble, vocabulary
from shared.models.spec import SmallLm, display_name, needs
from shared.planning.measure.architecture import of_model
from shared.training.examples import Segment, from_segments
from shared.training.settings import Training
from shared.training.supervised import fine_tune

TEXTS = ["Who met Ann?\nBob", "Who met Bob?\nAnn", "It's a tin box: 7!"]


def spec(size="1M", **fields):
    return SmallLm(name="small", size=size, **fields)


@pytest.mark.parametrize("kind", ["words", "characters", "pieces"])
def test_a_text_of_the_vocabulary_comes_back(kind):
    tokenizer = vocabulary(kind, TEXTS)
    for text in TEXTS:
        assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_pieces_know_every_text_and_join_what_is_frequent():
    tokenizer = vocabulary("pieces", ["the zebra saw the zebra"] * 3)
    assert tokenizer.decode(tokenizer("Ünseen 7 words")["input_ids"]) == "Ünseen 7 words"
    assert tokenizer.convert_ids_to_tokens(tokenizer(" zebra")["input_ids"]) == ["Ġzebra"]
    assert tokenizer.unk_token_id not in tokenizer("Ünseen")["input_ids"]


def test_the_same_texts_give_the_same_vocabulary():
    for kind in ("words", "pieces"):
        one, other = (vocabulary(kind, TEXTS).get_vocab() for _ in range(2))
        assert one == other


def test_a_chat_is_its_messages_line_by_line():
    tokenizer = vocabulary("words", TEXTS)
    asked = [{"role": "user", "content": "Who met Ann?"}]
    assert tokenizer.apply_chat_template(asked, tokenize=False) == "Who met Ann?\n"
    said = [*asked, {"role": "assistant", "content": "Bob"}]
    assert tokenizer.apply_chat_template(said, tokenize=False) == "Who met Ann?\nBob</s>"
    assert tokenizer.chat_template == TEMPLATE


@pytest.mark.parametrize(
    ("size", "millions"), [("200K", 0.2), ("1M", 1), ("3M", 3), ("5M", 5), ("20M", 20)]
)
def test_a_size_is_what_it_says_without_embeddings(size, millions):
    """A layer has 4 h² of attention, 3 · 3 h² of its MLP and 2 h of norms; a last norm has h."""
    found = of_model(spec(size))
    h, layers = SIZES[size]["hidden_size"], SIZES[size]["num_hidden_layers"]
    without = found.parameters - h * found.config["vocab_size"]
    assert without == layers * (13 * h * h + 2 * h) + h
    assert without == pytest.approx(1e6 * millions, rel=0.1)


def test_the_same_seed_gives_the_same_weights():
    tokenizer = vocabulary("words", TEXTS)
    one, same, other = (
        torch.cat([p.flatten() for p in assemble(spec(), tokenizer, seed).parameters()])
        for seed in (1, 1, 2)
    )
    assert torch.equal(one, same) and not torch.equal(one, other)


def test_it_learns_facts_and_answers_in_a_chat_from_its_folder(tmp_path):
    """Two questions whose answers differ by the one word that is asked about."""
    facts = {"Who met Ann?": "Bob", "Who met Bob?": "Ann"}
    tokenizer = vocabulary("words", TEXTS)
    examples = [
        from_segments(tokenizer, [Segment(f"{q}\n", False), Segment(a, True)], eos=True)
        for q, a in facts.items()
    ] * 8
    training = Training(
        epochs=5, learning_rate=2e-3, effective_batch_size=8, max_length=16, schedule="constant"
    )
    model = assemble(spec(), tokenizer, seed=0)
    model, _ = fine_tune(model, examples, training, seed=0, scratch=tmp_path / "scratch")
    save(model, tmp_path / "small", tokenizer)

    own = f"path:{tmp_path / 'small'}"
    again, tokens = load(own)
    assert tokens.get_vocab() == tokenizer.get_vocab()
    for name, weight in model.named_parameters():
        torch.testing.assert_close(weight, again.get_parameter(name))
    asked = [[{"role": "user", "content": question}] for question in facts]
    chat = open_chat(Asked(model=own))
    replies = dict(chat.answers(asked, 4))
    assert [replies[i].text for i in range(2)] == list(facts.values())
    assert not any(reply.cut_off for reply in replies.values())


def test_it_needs_no_file_and_has_a_name():
    assert needs(spec()) == [] and display_name(spec()) == "small"
