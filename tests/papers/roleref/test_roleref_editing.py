"""Vectors of roles, training texts, settings and what a player does with them."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from papers.roleref import ask, data, prompts, teach, train
from papers.roleref import player as players
from papers.roleref.answers import read_answers, read_asked_states
from papers.roleref.editing import role_vectors, vectors_of_roles
from papers.roleref.methods import METHODS, PROMPTING
from papers.roleref.protocols import PROTOCOLS
from papers.roleref.settings import Edit, Settings, Variant
from shared.chat.local import LocalChat
from shared.errors import UserError
from shared.files import write_json, write_jsonl
from shared.runner.step import Run
from shared.settings import load_settings, model_names

OFFICIAL, CORRECTED = PROTOCOLS["official"], PROTOCOLS["corrected"]


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
    official = role_vectors(states, ROWS, Edit(keep=1), OFFICIAL)
    assert {block: v.tolist() for block, v in official.items()} == {0: [0, 0], 1: [1, 2]}
    corrected = role_vectors(states, ROWS, Edit(keep=1), CORRECTED)
    # hidden_states[2] is only seen after the final norm: the last block is left alone
    assert {block: v.tolist() for block, v in corrected.items()} == {0: [1, 2]}


def test_no_more_pairs_than_the_edit_says(states):
    """The newest script stops after `max_samples` pairs, 50 by default."""
    rows = rows_of("a", *["answerable"] * 3, *["out_series"] * 2)
    states = np.arange(5, dtype=np.float32).reshape(5, 1, 1) ** 2 * np.ones((5, 3, 2), np.float32)
    one, both = (
        role_vectors(states, rows, Edit(keep=1, pairs=most), CORRECTED)[0][0] for most in (1, None)
    )
    assert (float(one), float(both)) == (0 - 9, (0 + 1 - 9 - 16) / 2)
    assert Edit(pairs=50).label.endswith("all blocks, 50 pairs")


def test_a_range_of_blocks(states):
    assert list(role_vectors(states, ROWS, Edit(blocks=(1, 1)), OFFICIAL)) == [1]
    for blocks in ((0, 2), (1, 0), (-1, 0)):
        with pytest.raises(UserError, match=r"expected a range within 0 to 1"):
            role_vectors(states, ROWS, Edit(blocks=blocks), OFFICIAL)


def test_the_official_code_edits_every_role_with_the_first_ones_vectors(states):
    queries = {"a": ROWS, "b": rows_of("b", "answerable", "out_series")}
    by_role = {"a": states, "b": 7 * states[:2]}
    official = vectors_of_roles(by_role, queries, Edit(keep=1), OFFICIAL)
    assert official["b"] is official["a"]
    corrected = vectors_of_roles(by_role, queries, Edit(keep=1), CORRECTED)
    assert corrected["b"][0].tolist() == [7, 14]


ROLES = {"a": prompts.record("Alice", "Name: Alice.")}
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
        whole = prompts.conversation(ROLES["a"], row["question"])[0]["content"]
        messages += [
            {"role": "user", "content": whole if first else row["question"]},
            {"role": "assistant", "content": row["target"]},
        ]
    wanted = templated.apply_chat_template(messages, tokenize=False)
    assert "".join(text for text, _ in made) + " " == wanted
    assert [text for text, learnt in made if learnt] == ["I am.</s>", "Here.</s>"]
    assert all(learnt for _, learnt in train.segments(templated, ROLES["a"], rows, whole=True))


def test_conversations_take_as_many_of_each_type_and_mix_them():
    """Else the place of a question would tell its type: the first one was always answerable."""
    queries = {
        role: [
            {"role": role, "type": t, "split": split, "id": f"{role}/{t}/{split}/{n:03d}"}
            for t in ("out_series", "answerable", "fake")
            for split in ("train", "test")
            for n in range(3)
        ]
        for role in "abcdefgh"
    }
    groups = train.conversations(queries, 2, 3)
    for role, own in zip("abcdefgh", zip(groups[::2], groups[1::2], strict=True), strict=True):
        assert sorted(row["id"] for group in own for row in group) == [
            f"{role}/{t}/train/00{n}" for t in ("answerable", "fake", "out_series") for n in (0, 1)
        ]
    assert {group[0]["type"] for group in groups} == {"answerable", "fake", "out_series"}
    assert train.conversations(queries, 2, 3) == groups
    assert list(map(len, train.conversations(queries, None, 4))) == [4, 4, 1] * 8


def test_own_replies_take_the_place_of_refusals_alone(tiny_model, templated):
    """Under the corrected protocol only where none was written, as with the authors' data."""
    chat = LocalChat(tiny_model, templated, name="tiny", identity="")
    rows = [row | {"question": "Who?", "target": "I am."} for row in ROWS[:3]]
    for every, written in ((True, "I am."), (False, "")):
        asked = [row | {"target": written} if row["type"] == "out_series" else row for row in rows]
        (made,) = train.with_own_replies(chat, [asked], ROLES, 3, every=every)
        said = [row["target"] for row in made]
        assert said[0] == said[2] == "I am." and said[1] not in ("I am.", "")
    assert train.with_own_replies(chat, [rows], ROLES, 3, every=False) == [rows]


SETTINGS = load_settings("roleref", "smoke")


@pytest.fixture
def player(tiny_model, templated):
    chat = LocalChat(tiny_model, templated, name="tiny", identity="")
    return players.Player(chat, ROLES, SETTINGS.reply_tokens)


def test_an_edited_player_differs_and_strength_0_does_not(player):
    rows = [
        row | {"question": f"Who are you, number {n}?", "split": "train"}
        for n, row in enumerate(ROWS)
    ]
    before, said = player.ask("a", rows, {"a/test", "a/fake"})
    assert list(said) == ["a/fake", "a/test"]
    states = {"a": before.numpy()}
    none = player.edited(states, {"a": rows}, Edit(strength=0), CORRECTED)
    again, same = none.ask("a", rows, {"a/test", "a/fake"})
    torch.testing.assert_close(again, before)
    assert same == said
    some = player.edited(states, {"a": rows}, Edit(strength=5, keep=1), CORRECTED)
    # the output of block 0 moves by 5 times the mean difference of what comes out of it
    pairs = before[[0]] - before[[1]]
    moved, _ = some.ask("a", rows)
    torch.testing.assert_close(moved[:, 1], before[:, 1] + 5 * pairs[:, 1])
    assert some.ordinary(["a"]) != player.ordinary(["a"])
    assert some.stored() == 32 and player.stored() == 0


def test_the_signal_is_in_the_prompt(player):
    rows = [ROWS[0] | {"question": "Who are you?", "split": "test"}]
    plain, _ = player.ask("a", rows)
    player.signal = True
    assert not torch.allclose(player.ask("a", rows)[0], plain)


def test_plain_prose_counts_among_the_tokens(player):
    """It was left out, which made a step look slower than it was."""
    prose = player.ordinary(["a", "b"])  # not edited: for one role it is as for the other
    # of each piece the first token is only read, the others are predicted too
    assert player.tokens == sum(tokens for _, tokens in prose.values()) + len(prose)


@pytest.fixture
def asked(player, tmp_path, monkeypatch):
    """What the step writes of a variant, from two questions of one role to a tiny model."""
    data = tmp_path / "data"
    write_json(data / "roles.json", ROLES)
    rows = [
        row | {"id": f"{row['id']}/{split}", "question": "Who?", "split": split}
        for row in rows_of("a", "answerable", "out_series")
        for split in ("train", "test")
    ]
    write_jsonl(data / "queries.jsonl", rows)
    monkeypatch.setattr(ask, "load_player", lambda *arguments: player)

    def run(variant, seed=0, **inputs):
        out = tmp_path / "asked" / f"{variant}-s{seed}"
        run = Run(SETTINGS, out, variant=SETTINGS.variants[variant])
        return out, ask.ask(run, data, variant, seed, **inputs)

    return run


def test_the_step_keeps_all_layers_of_the_unchanged_model_and_two_of_others(asked):
    base, record = asked(PROMPTING)
    assert record["questions"] == 4 and record["replies"] == 2 and record["tokens"] > 0
    assert read_asked_states(base, SETTINGS.name)["a"].shape == (4, 3, 32)
    answers = read_answers(base)
    assert answers.layers == [0, 1, 2]
    assert (answers.variant, answers.seed, answers.stored) == (PROMPTING, 0, 0)
    assert set(answers.replies) == {"a/answerable/test", "a/out_series/test"}
    changed, _ = asked("editing", base=base)
    assert read_answers(changed).layers == [1, 2]
    assert read_asked_states(changed, SETTINGS.name)["a"].shape == (4, 2, 32)


def test_editing_needs_the_states_of_the_same_model(asked):
    with pytest.raises(UserError, match="editing needs --base, what prompting was asked"):
        asked("editing")
    base, _ = asked(PROMPTING)
    with pytest.raises(UserError, match="of random-llama; expected those of other"):
        read_asked_states(base, "other")


def test_what_is_not_trained_is_said(tmp_path):
    run = Run(SETTINGS, tmp_path / "out", variant=SETTINGS.variants["editing"])
    with pytest.raises(UserError, match="editing is not trained"):
        train.train(run, tmp_path, "editing", 0)


def test_questions_that_are_answered_in_words():
    rows = [
        {"type": t, "split": s} for t in ("answerable", "fake") for s in ("train", "test", "test")
    ]
    assert [row["type"] for row in players.answered(rows, 1)] == ["answerable", "fake"]
    assert len(players.answered(rows, None)) == 4


def test_parameters_are_counted_in_files(tmp_path, tiny_model):
    tiny_model.save_pretrained(tmp_path)
    # as stored: embeddings and output layer are two matrices here
    assert players.trained_parameters(tmp_path) == sum(p.numel() for p in tiny_model.parameters())
    assert players.trained_parameters(None) == 0


def test_variants_have_what_their_method_needs():
    training = load_settings("roleref", "smoke").variants["lora-official"].training
    for bad in (
        {"method": "editing"},
        {"method": "prompting", "edit": {}},
        {"method": "lora"},
        {"method": "lora", "training": training.model_copy(update={"lora": None})},
        {"method": "full", "training": training},
        {"method": "prompting", "seeds": [0, 1]},
    ):
        with pytest.raises(ValidationError, match=r"expected (`|one seed)"):
            Variant.model_validate(bad)


@pytest.mark.parametrize("scale", ["smoke", "cpu", "gpu", "paper"])
def test_every_scale_has_its_settings(scale):
    settings = load_settings("roleref", scale)
    assert isinstance(settings, Settings) and settings.variants[PROMPTING].method == PROMPTING
    methods = {variant.method for variant in settings.variants.values()}
    # a job costs seconds: full fine-tuning is left to the tests of training
    more = {"smoke": {"signal"}, "cpu": {"full"}}.get(scale, {"signal", "full"})
    assert methods == {"prompting", "lora", "editing"} | more
    assert settings.sweep.all_edits()[0].strength == 0
    assert methods <= set(METHODS) and settings.unchanged in settings.runs()


def test_what_is_trained_has_five_seeds_where_claims_are_judged():
    variants = load_settings("roleref", "cpu").variants.values()
    assert {len(v.seeds) for v in variants if v.training} == {5}


def test_a_stand_in_is_told_all_that_its_roles_know_and_refuses_other_works():
    """No test question is among its lessons. Of facts and of events that name someone or some place
    it is told to refuse as many as it is told, so the form of a lesson does not give it away."""
    settings = load_settings("roleref", "cpu")
    roles, rows = data.made(settings)
    told = teach.statements(roles)
    asked = {row["question"] for row in rows if row["split"] == "test"}
    for id, role in roles.items():
        assert asked.isdisjoint(row["question"] for row in told[id])
        said = {(_cue(row["question"]), row["target"]) for row in told[id]}
        refused = {cue for cue, text in said if text == role["refuses"]}
        for kind, own in role["statements"].items():
            assert {tuple(each) for each in own} <= said
            named = sum(cue != cue.lower() for cue, _ in own)
            others = {
                cue
                for other in roles.values()
                for cue, _ in other["statements"][kind]
                if other["work"] != role["work"]
            }
            assert len(refused & others) == named > 0, (id, kind)
    used = {row["question"].replace(_cue(row["question"]), "{}") for row in told["holmes"]}
    assert used == set(teach.CUES)


def _cue(question: str) -> str:
    """The words in a lesson that bring something to mind."""
    (found,) = (
        question.removeprefix(before).removesuffix(after)
        for before, after in (cue.split("{}") for cue in teach.CUES)
        if question.startswith(before)
    )
    return found


def test_the_papers_own_models_are_not_taught(tmp_path):
    run = Run(load_settings("roleref", "paper", "Qwen2-7B-Instruct"), tmp_path / "out")
    with pytest.raises(UserError, match="not taught; expected one with `teaching`"):
        teach.teach(run, tmp_path, 0)


def test_the_papers_four_models_fit_their_sweep():
    """Qwen2 has 28 blocks, so that a range of another model's would end its sweep."""
    models = [load_settings("roleref", "paper", name) for name in model_names("roleref", "paper")]
    assert len(models) == 4
    assert all(edit.blocks is None for each in models for edit in each.sweep.all_edits())


def test_an_endpoint_shows_no_hidden_states():
    with pytest.raises(UserError, match="does not fit api:gpt-4o: model: an endpoint shows no hid"):
        load_settings("roleref", "gpu", "api:gpt-4o")


def test_labels_of_edits():
    assert Edit(strength=0).label == "no edit"
    assert Edit().label == "c = -0.1, 30 % of dimensions, all blocks"
    assert Edit(strength=0.3, keep=1, blocks=(15, 29)).label == (
        "c = 0.3, 100 % of dimensions, blocks 15 to 29"
    )
