"""Questions about pictures, in batches, must be answered as the model's own code answers each."""

import io

import pytest
import torch

from shared.chat.loading import open_chat
from shared.chat.local import LocalChat
from shared.chat.looks import Looks
from shared.chat.pictures import about_picture, is_plain, urls_of
from shared.chat.replies import Drawing
from shared.chat.settings import Asked
from shared.errors import UserError
from shared.models.loading import load, load_processor, save

WORDS = ["one", "a longer question", "two", "why is it so"]


def file_of(picture):
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def asked(pictures):
    return [
        [about_picture(file_of(picture), words)]
        for picture, words in zip(pictures, WORDS, strict=True)
    ]


def alone(spec, picture, words):
    """What Transformers' own loop writes, and how many tokens it reads."""
    model, processor = load(spec)[0], load_processor(spec)
    turn = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": words}]}
    text = processor.apply_chat_template([turn], add_generation_prompt=True, tokenize=False)
    given = processor(images=[picture], text=[text], return_tensors="pt")
    options = {"max_new_tokens": 6, "do_sample": False, "pad_token_id": 2}
    length = given["input_ids"].shape[1]
    made = model.generate(**given, **options)[0, length:]
    return processor.tokenizer.decode(made, skip_special_tokens=True), length


def test_replies_are_those_of_each_picture_alone(vlm, pictures, asked):
    chat = open_chat(Asked(model=vlm), batch_size=3)
    found = dict(chat.answers(asked, 6))
    said = [(found[number].text, found[number].prompt_tokens) for number in range(len(asked))]
    assert said == [alone(vlm, *each) for each in zip(pictures, WORDS, strict=True)]
    assert len(set(said)) == len(said)


def test_a_reply_may_be_begun_and_is_drawn_by_its_own_numbers(vlm, asked):
    chat = open_chat(Asked(model=vlm))
    drawing = Drawing(temperature=1.0, seeds=[(3, number) for number in range(len(asked))])
    together = dict(chat.answers(asked, 6, start="It is", drawing=drawing))
    assert all(reply.text.startswith("It is") for reply in together.values())
    last = Drawing(temperature=1.0, seeds=drawing.seeds[-1:])
    ((_, reply),) = chat.answers(asked[-1:], 6, start="It is", drawing=last)
    assert reply == together[len(asked) - 1]


def test_a_model_that_sees_also_answers_words_alone(vlm):
    """Its tokenizer has the chat format too."""
    chat = open_chat(Asked(model=vlm))
    chat.tokenizer.chat_template = "{% for m in messages %}{{ m.content }}{% endfor %}"
    ((_, reply),) = chat.answers([[{"role": "user", "content": "why"}]], 4)
    assert reply.prompt_tokens == 3


def test_a_folder_without_a_processor_is_talked_to_alone(vlm, tmp_path, asked):
    """As one that was tuned on text: its architecture sees, and nothing says how."""
    model, tokenizer = load(vlm)
    tokenizer.chat_template = "{% for m in messages %}{{ m.content }}{% endfor %}"
    turns = [[{"role": "user", "content": words}] for words in WORDS]
    whole = LocalChat(model, tokenizer, name="whole", identity="whole")
    save(model, tmp_path / "text", tokenizer)
    chat = open_chat(Asked(model=f"path:{tmp_path / 'text'}"))
    assert dict(chat.answers(turns, 6)) == dict(whole.answers(turns, 6))
    with pytest.raises(UserError, match=r"^text: it sees no pictures; expected a model that does$"):
        list(chat.answers(asked, 1))


def test_a_picture_for_a_model_that_sees_none_is_one_line(tiny_model, tiny_tokenizer, asked):
    chat = LocalChat(tiny_model, tiny_tokenizer, name="tiny", identity="tiny")
    with pytest.raises(UserError, match=r"^tiny: it sees no pictures; expected a model that does$"):
        list(chat.answers(asked, 1))


def test_pictures_are_kept_while_there_is_room(vlm, pictures, asked):
    urls = [url for each in asked for url in urls_of(each)]
    looks = Looks(load_processor(vlm))
    seen = looks(urls[0])
    size = len(urls[0]) + sum(tensor.nbytes for tensor in seen.tensors.values())
    assert looks(urls[0]) is seen
    looks = Looks(load_processor(vlm), room=size)
    first, second = looks(urls[0]), looks(urls[1])
    assert looks(urls[0]) is first and looks(urls[1]) is not second
    torch.testing.assert_close(looks(urls[1]).tensors, second.tensors)
    assert not torch.equal(first.tensors["pixel_values"], second.tensors["pixel_values"])


def test_a_message_about_a_picture_is_not_plain(asked):
    assert not is_plain(asked[0]) and is_plain([{"role": "user", "content": "why"}])
