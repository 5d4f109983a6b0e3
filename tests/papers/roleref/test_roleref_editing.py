"""Vectors of roles, training texts, settings and what a player does with them."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from papers.roleref import ask, train
from papers.roleref.editing import role_vectors, vectors_of_roles
from papers.roleref.settings import PROMPTING, Edit, Settings, Variant
from shared.errors import UserError
from shared.settings import load_settings
from shared.steering.states import save_states


def rows_of(role, *types):
    return [{"role": role, "type": t, "split": "train", "id": f"{role}/{t}"} for t in types]


ROWS = [
    *rows_of("a", "answerable", "out_series", "fake"),
    {"role": "a", "type": "answerable", "split": "test", "id": "a/test"},
    *rows_of("a", "answerable"),
]


@pytest.fixture
def states():
    """(5 queries, 3 layers, 2): one pair, as there is one out_series; layer l differs by
    (l, 2 l)."""
    base = np.zeros((5, 3, 2), np.float32)
    base[0] = [[0, 0], [1, 2], [2, 4]]  # the first answerable one
    base[3] = base[4] = 99  # a test question, and an answerable one without a partner
    return base


def test_official_vectors_are_of_a_blocks_input_and_corrected_of_its_output(states):
    official = role_vectors(states, ROWS, Edit(keep=1), "official")
    assert {block: v.tolist() for block, v in official.items()} == {0: [0, 0], 1: [1, 2]}
    corrected = role_vectors(states, ROWS, Edit(keep=1), "corrected")
    # hidden_states[2] is only seen after the final norm: the last block is left alone
    assert {block: v.tolist() for block, v in corrected.items()} == {0: [1, 2]}


def test_a_range_of_blocks(states):
    assert list(role_vectors(states, ROWS, Edit(blocks=(1, 1)), "official")) == [1]
    for blocks in ((0, 2), (1, 0), (-1, 0)):
        with pytest.raises(UserError, match=r"expected a range within 0 to 1"):
            role_vectors(states, ROWS, Edit(blocks=blocks), "official")


def test_the_official_code_edits_every_role_with_the_first_ones_vectors(states):
    rows = [*ROWS, *rows_of("b", "answerable", "out_series")]
    by_role = {"a": torch.from_numpy(states), "b": torch.from_numpy(7 * states[:2])}
    official = vectors_of_roles(by_role, rows, Edit(keep=1), "official")
    assert official["b"] is official["a"]
    corrected = vectors_of_roles(by_role, rows, Edit(keep=1), "corrected")
    assert corrected["b"][0].tolist() == [7, 14]


ROLES = {"a": {"name": "Alice", "profile": "Name: Alice."}}
TEMPLATE = (
    "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}"
    "{{ '</s>' if m['role'] == 'assistant' else '' }}{{ ' ' }}{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


@pytest.fixture
def templated(tiny_tokenizer):
    tiny_tokenizer.chat_template = TEMPLATE
    return tiny_tokenizer


def test_training_text_is_the_chat_templates_and_replies_are_learnt(templated):
    rows = [
        {"question": "Who?", "target": "I am."},
        {"question": "Where?", "target": "Here."},
    ]
    made = train.segments(templated, ROLES["a"], rows, whole=False)
    messages = []
    for row in rows:
        first = not messages
        lead = train.prompts.before_question("Alice", "Name: Alice.") if first else ""
        messages += [
            {"role": "user", "content": lead + row["question"]},
            {"role": "assistant", "content": row["target"]},
        ]
    wanted = templated.apply_chat_template(messages, tokenize=False)
    assert "".join(text for text, _ in made) + " " == wanted
    assert [text for text, learnt in made if learnt] == ["I am.</s>", "Here.</s>"]
    assert all(learnt for _, learnt in train.segments(templated, ROLES["a"], rows, whole=True))


def test_the_mixture_takes_as_many_of_each_type_and_mixes_them():
    rows = [
        {"role": role, "type": t, "split": split, "id": f"{role}/{t}/{split}/{n:03d}"}
        for role in "ab"
        for t in ("answerable", "fake", "out_series")
        for split in ("train", "test")
        for n in range(3)
    ]
    chosen = train.mixture(rows, 2)
    assert len(chosen) == 12 and all(row["split"] == "train" for row in chosen)
    assert len(train.mixture(rows, None)) == 18
    groups = train.conversations(chosen, 3)
    assert [len(group) for group in groups] == [3, 3, 3, 3]
    assert [[row["type"] for row in group] for group in groups] == [
        ["answerable", "fake", "out_series"]
    ] * 4
    assert all(len({row["role"] for row in group}) == 1 for group in groups)


@pytest.fixture
def player(tiny_model, templated):
    chat = ask.LocalChat(tiny_model, templated, name="tiny", identity="tiny")
    settings = load_settings("roleref", "smoke")
    return ask.Player(chat, ROLES, settings)


def test_an_edited_player_differs_and_strength_0_does_not(player, tmp_path):
    rows = [
        row | {"question": f"Who are you, number {n}?", "split": "train"}
        for n, row in enumerate(ROWS)
    ]
    before = player.states("a", rows)
    save_states({"a": before}, tmp_path / "base.safetensors", "tiny")
    none = ask.edited(player, tmp_path / "base.safetensors", rows, Edit(strength=0), "corrected")
    torch.testing.assert_close(none.states("a", rows), before)
    assert none.replies("a", rows) == player.replies("a", rows)
    some = ask.edited(
        player, tmp_path / "base.safetensors", rows, Edit(strength=5, keep=1), "corrected"
    )
    # the output of block 0 moves by 5 times the mean difference of what comes out of it
    pairs = before[[0]] - before[[1]]
    torch.testing.assert_close(some.states("a", rows)[:, 1], before[:, 1] + 5 * pairs[:, 1])
    assert some.ordinary("a") != player.ordinary("a")
    assert some.stored() == 32 and player.stored() == 0


def test_vectors_of_another_model_are_refused(player, tmp_path):
    save_states({"a": torch.zeros(5, 3, 32)}, tmp_path / "base.safetensors", "other")
    with pytest.raises(UserError, match="of other; expected those of tiny"):
        ask.edited(player, tmp_path / "base.safetensors", ROWS, Edit(), "corrected")


def test_questions_that_are_answered_in_words():
    rows = [
        {"type": t, "split": s} for t in ("answerable", "fake") for s in ("train", "test", "test")
    ]
    assert [row["type"] for row in ask.answered(rows, 1)] == ["answerable", "fake"]
    assert len(ask.answered(rows, None)) == 4


def test_parameters_are_counted_in_files(tmp_path, tiny_model):
    tiny_model.save_pretrained(tmp_path)
    # as stored: embeddings and output layer are two matrices here
    assert ask.trained_parameters(tmp_path) == sum(p.numel() for p in tiny_model.parameters())
    assert ask.trained_parameters(None) == 0


def test_variants_have_what_their_method_needs():
    training = load_settings("roleref", "smoke").variants["lora-official"].training
    for bad in (
        {"method": "editing"},
        {"method": "prompting", "edit": {}},
        {"method": "lora"},
        {"method": "lora", "training": training.model_copy(update={"lora": None})},
        {"method": "full", "training": training},
    ):
        with pytest.raises(ValidationError, match="expected `"):
            Variant.model_validate(bad)


@pytest.mark.parametrize("scale", ["smoke", "cpu", "gpu", "paper"])
def test_every_scale_has_its_settings(scale):
    settings = load_settings("roleref", scale)
    assert isinstance(settings, Settings) and settings.variants[PROMPTING].method == PROMPTING
    methods = {variant.method for variant in settings.variants.values()}
    # a job costs seconds: full fine-tuning is left to the tests of training
    assert methods == {"prompting", "lora", "editing"} | ({"full"} if scale != "smoke" else set())
    assert settings.sweep.all_edits()[0].strength == 0


def test_labels_of_edits():
    assert Edit(strength=0).label == "no edit"
    assert Edit().label == "c = -0.1, 30 % of dimensions, all blocks"
    assert Edit(strength=0.3, keep=1, blocks=(15, 29)).label == (
        "c = 0.3, 100 % of dimensions, blocks 15 to 29"
    )
