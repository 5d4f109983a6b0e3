"""LLaVA, InternVL and Qwen2.5-VL through load, collate, train, generate, save and load again."""

import copy

import pytest
import torch

from shared.errors import UserError
from shared.generation.decode import decode
from shared.generation.rows import Rows
from shared.models import devices, loading
from shared.models.images import see, with_pictures
from shared.models.loading import load, load_processor, load_tokenizer, save
from shared.models.spec import RandomModel
from shared.training.batches import right_padded
from shared.training.examples import Segment, from_segments
from shared.training.settings import Lora, Training
from shared.training.supervised import fine_tune, load_to_train

SETTINGS = Training(
    epochs=30, learning_rate=1e-2, effective_batch_size=4, max_length=512, checkpoint_seconds=1e9
)
WORDS = ["one", "a longer question", "two", "why is it so"]
ANSWERS = ["red", "blue", "no", "green"]


@pytest.fixture
def processor(vlm):
    return load_processor(vlm)


@pytest.fixture
def model(vlm):
    return load(vlm)[0]


@pytest.fixture
def examples(processor, pictures):
    made = []
    for word, answer, picture in zip(WORDS, ANSWERS, pictures, strict=True):
        segments = [Segment(prompt(processor, word), False), Segment(answer, True)]
        ids = from_segments(processor.tokenizer, segments, eos=True)
        made.append(with_pictures(ids, [see(processor, picture)], processor.image_token_id))
    return made


def prompt(processor, words):
    content = [{"type": "image"}, {"type": "text", "text": words}]
    turns = [{"role": "user", "content": content}]
    return processor.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)


def prompts(processor, pictures):
    tokens = [processor.tokenizer(prompt(processor, word)) for word in WORDS]
    return [
        with_pictures(
            {"input_ids": ids["input_ids"]}, [see(processor, picture)], processor.image_token_id
        )
        for ids, picture in zip(tokens, pictures, strict=True)
    ]


def rows_of(model, asked):
    tensors = {
        name: torch.cat([each[name] for each in asked])
        for name in ("pixel_values", "image_grid_thw")
        if name in asked[0]
    }
    return Rows(model, [each["input_ids"] for each in asked], pictures=tensors)


def logits_of(model, batch):
    inputs = {name: value for name, value in batch.items() if name != "labels"}
    with torch.inference_mode():
        return model(**inputs).logits


def test_an_example_is_what_the_processor_makes(processor, pictures):
    """Our expansion of the picture's token against the processor's own, on prompt and tensors."""
    text = prompt(processor, WORDS[1])
    theirs = processor(images=[pictures[1]], text=[text], return_tensors="pt")
    ours = prompts(processor, pictures)[1]
    assert ours["input_ids"] == theirs["input_ids"][0].tolist()
    for name in ("pixel_values", "image_grid_thw"):
        if name in theirs:
            torch.testing.assert_close(ours[name], theirs[name])
    if "mm_token_type_ids" in theirs:
        assert ours.get("mm_token_type_ids", theirs["mm_token_type_ids"][0].tolist()) == (
            theirs["mm_token_type_ids"][0].tolist()
        )


def test_padding_does_not_change_what_a_row_says(model, examples):
    together = logits_of(model, right_padded(examples))
    for row, example in enumerate(examples):
        alone = logits_of(model, right_padded([example]))[0]
        torch.testing.assert_close(together[row, : len(alone)], alone, atol=1e-4, rtol=1e-4)


def test_batched_decoding_is_what_generate_gives_alone(model, processor, pictures):
    """Left-padded rows with our cache against Transformers' own loop, one prompt at a time."""
    asked = prompts(processor, pictures)
    decoded = decode(rows_of(model, asked), 6, stop={-1})
    for row, (word, picture) in enumerate(zip(WORDS, pictures, strict=True)):
        inputs = processor(images=[picture], text=[prompt(processor, word)], return_tensors="pt")
        made = model.generate(
            **inputs, max_new_tokens=6, do_sample=False, eos_token_id=-1, pad_token_id=2
        )
        assert decoded.ids[row] == made[0, inputs["input_ids"].shape[1] :].tolist()


def test_rows_can_be_selected_and_repeated(model, processor, pictures):
    """After a picture, Qwen's positions are shifted; the shift goes with its row."""
    asked = prompts(processor, pictures)
    plain = decode(rows_of(model, asked), 4, stop={-1}).ids
    rows = rows_of(model, asked)
    rows.select(torch.tensor([2, 0]))
    rows.repeat(2)
    assert decode(rows, 4, stop={-1}).ids == [plain[2], plain[2], plain[0], plain[0]]


def test_it_looks_at_the_picture(model, examples, pictures, processor):
    other = copy.deepcopy(examples[0])
    other["pixel_values"] = see(processor, pictures[2]).tensors["pixel_values"]
    first, second = (logits_of(model, right_padded([e]))[0, -1] for e in (examples[0], other))
    assert not torch.allclose(first, second)


def test_trained_saved_and_loaded_again(vlm, model, processor, examples, pictures, tmp_path):
    model, record = fine_tune(model, examples, SETTINGS, seed=0, scratch=tmp_path / "scratch")
    assert record["losses"][-1][1] < 0.2 * record["losses"][0][1]
    save(model, tmp_path / "trained")
    again, tokenizer = load(vlm, trained=tmp_path / "trained")
    batch = right_padded(examples)
    torch.testing.assert_close(logits_of(again, batch), logits_of(model.eval(), batch))
    rows = rows_of(again, prompts(processor, pictures))
    answers = tokenizer.batch_decode(decode(rows, 8, {tokenizer.eos_token_id}).ids)
    assert answers == ANSWERS


def test_accumulation_changes_nothing(model, examples, tmp_path):
    """Compared by what the models say: a bias of attention keys has no gradient but rounding, of
    which Adam makes steps."""
    other = copy.deepcopy(model)
    few = SETTINGS.model_copy(update={"epochs": 2, "learning_rate": 1e-3})
    fine_tune(model, examples, few, seed=0, scratch=tmp_path / "a")
    narrow = few.model_copy(update={"max_tokens_per_device": 1})
    _, record = fine_tune(other, examples, narrow, seed=0, scratch=tmp_path / "b")
    assert record["accumulation"] == 4
    batch = right_padded(examples)
    torch.testing.assert_close(
        logits_of(model, batch), logits_of(other, batch), atol=2e-3, rtol=1e-3
    )


def test_adapters_are_for_the_language_model(vlm, model, examples, tmp_path):
    """The image encoder has projections of the same names; a projector can be trained in full."""
    projector = "merger" if "Qwen" in vlm.architecture else "multi_modal_projector"
    lora = Lora(rank=2, alpha=4, first_layer=1, in_full=[projector])
    settings = SETTINGS.model_copy(update={"epochs": 2, "lora": lora})
    before = copy.deepcopy(model.state_dict())
    tuned, _ = fine_tune(model, examples, settings, seed=0, scratch=tmp_path / "s")
    save(tuned, tmp_path / "adapter")
    after = load(vlm, trained=tmp_path / "adapter")[0].state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert any(projector in name for name in changed)
    rest = {name for name in changed if projector not in name}
    assert rest and all("language_model.layers.1." in name for name in rest)


def test_what_adapters_leave_frozen_is_as_coarse_as_the_precision(
    vlm, examples, processor, pictures, tmp_path, monkeypatch
):
    """Half the memory; what is trained stays float32, also a projector that is trained in full."""
    projector = "merger" if "Qwen" in vlm.architecture else "multi_modal_projector"
    monkeypatch.setattr(devices, "multiplies_bf16", lambda: True)
    lora = Lora(rank=4, alpha=8, in_full=[projector])
    settings = SETTINGS.model_copy(update={"lora": lora, "precision": "bf16"})
    model, tokenizer = load_to_train(vlm, settings)
    assert {weight.dtype for weight in model.parameters()} == {torch.bfloat16}
    tuned, record = fine_tune(model, examples, settings, seed=0, scratch=tmp_path / "s")
    kinds = {(weight.requires_grad, weight.dtype) for weight in tuned.parameters()}
    assert kinds == {(True, torch.float32), (False, torch.bfloat16)}
    assert record["losses"][-1][1] < 0.7 * record["losses"][0][1]
    save(tuned, tmp_path / "adapter")
    again, _ = load(vlm, trained=tmp_path / "adapter", precision="bf16", tokenizer=tokenizer)
    assert {weight.dtype for weight in again.parameters()} == {torch.bfloat16}
    rows = rows_of(again, prompts(processor, pictures))
    assert len(decode(rows, 4, {tokenizer.eos_token_id}).ids) == len(pictures)


def test_a_tokenizer_that_is_there_is_not_read_again(vlm, processor, monkeypatch):
    monkeypatch.setattr(loading, "load_tokenizer", None)
    assert load(vlm, tokenizer=processor.tokenizer)[1] is processor.tokenizer


def test_frozen_weights_stay(model, examples, tmp_path):
    frozen = SETTINGS.model_copy(update={"epochs": 2, "frozen": ["vision_tower", "visual"]})
    before = copy.deepcopy(model.state_dict())
    fine_tune(model, examples, frozen, seed=0, scratch=tmp_path / "s")
    changed = {n for n, w in model.state_dict().items() if not torch.equal(w, before[n])}
    assert changed and not any("vision_tower" in n or "visual" in n for n in changed)


def test_the_tokenizer_knows_the_token_of_a_picture(vlm, processor):
    assert processor.image_token_id in load_tokenizer(vlm).all_special_ids


def test_another_architecture_has_no_processor(vlm):
    text = RandomModel(**vlm.model_dump() | {"architecture": "LlamaForCausalLM"})
    with pytest.raises(UserError, match="no processor for LlamaForCausalLM; vision-language"):
        load_processor(text)
