"""Training and asking: the small model on lines, and the real classes on whole documents."""

import base64
import weakref
from functools import partial

import pandas as pd
import pytest
import torch

from papers.kie_hvqa.data import data
from papers.kie_hvqa.engine import legibility, read
from papers.kie_hvqa.evaluate import ask, evaluate, opened
from papers.kie_hvqa.notation import PIECES, parse_tags, true_answer, write_answer
from papers.kie_hvqa.parts import read_part, read_tests
from papers.kie_hvqa.reading import new_model, open_model
from papers.kie_hvqa.scoring import scores
from papers.kie_hvqa.settings import Variant
from papers.kie_hvqa.train import examples, judged, prompts, reply_to, spelled_out, train
from shared.chat import cache, loading
from shared.chat.local import LocalChat
from shared.chat.replies import Reply
from shared.errors import UserError
from shared.models import images
from shared.models import loading as model_loading
from shared.models.loading import save
from shared.runner.step import Run
from shared.settings import load_settings
from shared.training import vision_language
from shared.training.examples import IGNORED
from shared.training.reinforcement import reinforce
from shared.training.settings import Training
from shared.training.supervised import fine_tune


@pytest.fixture(scope="module")
def smoke():
    return load_settings("kie_hvqa", "smoke")


@pytest.fixture(scope="module")
def rows(smoke, tmp_path_factory):
    out = tmp_path_factory.mktemp("data")
    data(Run(smoke, out))
    return read_part(out, "cold_start")[:4]


@pytest.fixture
def small(smoke, rows):
    return new_model(smoke, [reply_to(row) for row in rows], seed=0)


def test_the_small_model_spells_replies_and_has_a_token_for_each_fixed_part(small, rows):
    tokenizer = small[1].tokenizer
    for row in rows:
        ids = tokenizer(reply_to(row), add_special_tokens=False)["input_ids"]
        assert tokenizer.decode(ids, skip_special_tokens=True) == reply_to(row)
        spelled = reply_to(row)
        for piece in PIECES:
            spelled = spelled.replace(piece, "\0")
        assert len(ids) == len(spelled)


def test_an_example_is_the_picture_and_the_reply_that_is_learnt(small, rows, smoke):
    _, processor = small
    example = examples(rows[:1], processor, smoke, 128)[0]
    assert example["input_ids"][:8] == [processor.image_token_id] * 8
    assert vision_language.prompt(processor, smoke.prompt) == "<image>"
    learnt = [token for token in example["labels"] if token != IGNORED]
    assert processor.tokenizer.decode(learnt[:-1]) == reply_to(rows[0])
    assert learnt[-1] == processor.tokenizer.eos_token_id
    assert example["pixel_values"].shape == (1, 8, 360)


def test_the_small_model_learns_four_lines_by_heart(small, rows, smoke, tmp_path):
    """A hundred steps on four lines: every reply is right, also from a saved copy, and where the
    picture is another's, it is the other's reply."""
    model, processor = small
    training = Training(
        epochs=100, learning_rate=1e-2, effective_batch_size=4, max_length=128, schedule="constant"
    )
    learnt = examples(rows, processor, smoke, 128)
    model, _ = fine_tune(model, learnt, training, seed=0, scratch=tmp_path / "scratch")
    save(model, tmp_path / "model", processor.tokenizer)
    wide = smoke.model_copy(update={"answer_tokens": 60})
    with opened(Run(wide, tmp_path / "out"), tmp_path / "model", None) as (chat, _):
        replies = ask(rows, chat, wide)
    written = sum(token != IGNORED for each in learnt for token in each["labels"])
    assert sum(reply.reply_tokens for reply in replies) == written
    found = scores(rows, [reply.text for reply in replies])
    assert found["in_form"].all() and (found["avg"] == 1).all() and not found["made_up"].any()
    swapped = [row | {"image": other["image"]} for row, other in zip(rows, rows[::-1], strict=True)]
    assert ask(swapped, chat, wide) == replies[::-1]


def test_the_decoder_learns_which_characters_follow_one_another(small, rows, tmp_path):
    """Thirty steps on one value, of which "<think>" alone is given: without a picture, every
    character of it is then what the model expects."""
    model, processor = small
    value = "".join(each.text for each in parse_tags(rows[0]["tags"]))
    example = spelled_out(value, processor.tokenizer)
    assert processor.tokenizer.decode(example["labels"][1:]) == value + "</think>"
    training = Training(epochs=30, learning_rate=1e-2, effective_batch_size=1, max_length=128)
    model, _ = fine_tune(model, [example], training, seed=0, scratch=tmp_path / "scratch")
    with torch.no_grad():
        logits = model.eval()(torch.tensor([example["input_ids"]])).logits[0]
    assert logits[:-1].argmax(-1).tolist() == example["input_ids"][1:]


def on_documents(smoke, vlm, tmp_path):
    settings = smoke.model_copy(
        update={
            "model": vlm,
            "prompt": "{question} Reply with JSON.",
            "variants": {"base": Variant(method="Zero-shot")},
        }
    )
    data(Run(settings, tmp_path / "data"))
    return settings, read_part(tmp_path / "data", "cold_start")[:4]


def test_the_real_classes_are_asked_about_whole_documents(smoke, vlm, tmp_path):
    settings, rows = on_documents(smoke, vlm, tmp_path)
    with opened(Run(settings, tmp_path / "out", key="k"), None, None) as (chat, _):
        replies = [reply.text for reply in ask(rows[:2], chat, settings)]
    assert len(replies) == 2 and not scores(rows[:2], replies)["valid"].any()


def test_a_processor_is_read_once(smoke, vlm, tmp_path, monkeypatch):
    settings, _ = on_documents(smoke, vlm, tmp_path)
    built = []
    build = model_loading.build_processor
    monkeypatch.setattr(
        model_loading, "build_processor", lambda *a: built.append(build(*a)) or built[-1]
    )
    _, processor = open_model(settings, None)
    assert built == [processor]


def test_grpo_trains_the_real_classes(smoke, vlm, tmp_path):
    """One step; babble has no reward, so the groups are flat and are counted as such."""
    settings, rows = on_documents(smoke, vlm, tmp_path)
    model, processor = open_model(settings, None)
    variant = smoke.variants["rl"]
    reward = partial(judged, reward=variant.reward)
    few = variant.reinforcement.model_copy(update={"steps": 1})
    fit = {"seed": 0, "scratch": tmp_path / "scratch"}
    _, record = reinforce(model, processor, prompts(rows, settings, 0), reward, few, **fit)
    assert record["completions"] == 4 and record["flat_groups"] == record["groups"] == 2
    assert record["curve"][0]["reward"] == 0


def test_grpo_moves_the_small_model_towards_reward(small, rows, smoke, tmp_path):
    """A reward for brevity: after twenty steps the replies are shorter."""
    model, processor = small

    def brief(rows, completions):
        return [{"brief": -len(completion) / 100} for completion in completions]

    more = smoke.variants["rl"].reinforcement.model_copy(
        update={"steps": 20, "generations": 8, "learning_rate": 1e-2}
    )
    fit = {"seed": 0, "scratch": tmp_path / "scratch"}
    _, record = reinforce(model, processor, prompts(rows, smoke, 0), brief, more, **fit)
    curve = [step["reward"] for step in record["curve"]]
    assert sum(curve[-5:]) > sum(curve[:5])


def test_the_engine_reads_lines_and_says_what_of_each_character(rows):
    clean = [row for row in rows if not any(row["kinds"])]
    row = rows[0] | {"tags": "1<part_occluded>[2]<occluded>[3]", "kinds": ["", "noise", "noise"]}
    row["strengths"] = [0, 0.3, 0.9]
    found = pd.DataFrame(legibility(row, "12"))
    assert found["read"].tolist() == [True, True, False]
    assert found["dataset"].tolist() == ["Clear", "Partly occluded", "Occluded"]
    for row, text in zip(clean, read(clean), strict=True):
        assert write_answer(true_answer(parse_tags(row["tags"]))).count(text)


def test_grpo_is_asked_about_mixed_subsets(smoke, rows):
    """The parts of the data are in the order of the subsets, and steps take prompts in order."""
    many = [rows[i % 4] | {"answer": str(i)} for i in range(40)]
    asked = [int(each["answer"]) for each in prompts(many, smoke, seed=0)]
    assert sorted(asked) == list(range(40)) != asked
    assert asked == [int(each["answer"]) for each in prompts(many, smoke, seed=0)]


def test_a_variant_without_training_is_not_trained(smoke, tmp_path):
    run = Run(smoke, tmp_path / "out", Variant(method="Zero-shot"))
    with pytest.raises(UserError, match="variant base is the model as it is"):
        train(run, tmp_path, "base", 0)


def test_a_step_writes_the_scores_of_all_test_rows(smoke, small, rows, tmp_path):
    model, processor = small
    save(model, tmp_path / "model", processor.tokenizer)
    data(Run(smoke, tmp_path / "data"))
    out = tmp_path / "scores.parquet"
    record = evaluate(Run(smoke, out), tmp_path / "data", "base", 0, trained=tmp_path / "model")
    found = pd.read_parquet(out)
    assert record["replies"] == len(found) == 16 + 8
    assert record["unreadable"] == (~found["valid"]).sum()


def test_a_model_behind_an_endpoint_is_shown_each_picture(smoke, tmp_path, monkeypatch, capsys):
    """One reply is right, one says nothing of use, the third never comes: it is not scored."""
    settings = load_settings("kie_hvqa", "paper", "api:maker/seer")
    settings = settings.model_copy(update={"sizes": smoke.sizes, "official": None, "scans": {}})
    settings = settings.model_copy(update={"ocrbench": None, "prices": (2.5, 10.0)})
    data(Run(settings, tmp_path / "data"))
    tested = {
        (row["image"], settings.prompt.format(question=row["question"])): row
        for row in read_tests(tmp_path / "data")
    }
    asked_for = []

    class Scripted:
        name, identity, extra_tokens = "seer", "maker/seer", 0

        def answers(self, conversations, max_new_tokens, **ignored):
            for number, (message,) in enumerate(conversations):
                seen, said = message["content"]
                picture = base64.b64decode(seen["image_url"]["url"].partition("base64,")[2])
                row = tested[picture, said["text"]]
                asked_for.append((row["id"], max_new_tokens))
                text = [row["answer"], "I see nothing.", None][min(number, 2)]
                yield number, Reply(text, reply_tokens=3)

    monkeypatch.setattr(loading, "open_chat", lambda asked, **_: Scripted())
    monkeypatch.setattr(cache, "BOUGHT", tmp_path / "bought")
    out = tmp_path / "scores.parquet"
    record = evaluate(Run(settings, out, key="k"), tmp_path / "data", "base", 0)
    found = pd.read_parquet(out)
    assert len(asked_for) == len(found) == record["replies"] == 16 + 8
    assert {limit for _, limit in asked_for} == {2048}
    assert found["valid"].tolist()[:2] == [True, False] and found["valid"][2:].isna().all()
    assert found["avg"].tolist()[:2] == [1, 0] and found["avg"][2:].isna().all()
    assert "24 calls, about 4" in capsys.readouterr().out  # 1,600 tokens a picture

    def open_chat(asked, *, trained, whole, batch_size, **sizes):
        assert (asked.engine, trained, whole, batch_size) == ("vllm", tmp_path, True, 7)
        return Scripted()

    monkeypatch.setattr(loading, "open_chat", open_chat)
    here = {"model": f"path:{tmp_path}", "engine": "vllm", "batch_size": 7}
    settings = settings.model_copy(update=here)
    run = Run(settings, tmp_path / "again.parquet", key="k")
    evaluate(run, tmp_path / "data", "base", 0, trained=tmp_path)
    pd.testing.assert_frame_equal(pd.read_parquet(run.out), found)
    assert "calls" not in capsys.readouterr().out


def test_pictures_are_prepared_when_it_is_their_turn(smoke, vlm, tmp_path, monkeypatch):
    """Asking and training: at no time are there more prepared pictures than in two batches."""
    settings, rows = on_documents(smoke, vlm, tmp_path)
    rows = [row | {"id": f"{i}"} for i, row in enumerate(rows * 3)]
    model, processor = open_model(settings, None)
    chat = LocalChat(model, processor.tokenizer, processor=processor, name="", identity="")
    chat.batch_size, chat.looks.room = 2, 0
    alive, most = weakref.WeakSet(), [0]

    def see(processor, picture):
        seen = images.see(processor, picture)
        alive.add(seen.tensors["pixel_values"])
        most[0] = max(most[0], len(alive))
        return seen

    monkeypatch.setattr("shared.chat.looks.see", see)
    monkeypatch.setattr("papers.kie_hvqa.train.see", see)
    assert len(ask(rows, chat, settings)) == len(rows)
    assert 0 < most[0] <= 4
    most[0] = 0
    training = Training(epochs=1, learning_rate=1e-3, effective_batch_size=2, max_length=4096)
    made = examples(rows, processor, settings, 4096)
    fine_tune(model, made, training, seed=0, scratch=tmp_path / "scratch")
    assert 0 < most[0] <= 4


def test_an_example_that_is_too_long_is_left_out(small, rows, smoke):
    """8 image tokens and the reply; a limit at the length of the shortest leaves that alone."""
    _, processor = small
    lengths = [len(each["input_ids"]) for each in examples(rows, processor, smoke, 128)]
    assert len(lengths) == 4
    kept = examples(rows, processor, smoke, min(lengths))
    assert [len(each["input_ids"]) for each in kept] == [min(lengths)] * lengths.count(min(lengths))
    with pytest.raises(UserError, match="max_length is 8; all 4 examples are longer"):
        examples(rows, processor, smoke, 8)
