"""Batched replies with shared beginnings must be what each conversation gets alone."""

import pytest
import torch

from shared.chat.local import LocalChat
from shared.chat.replies import UNBEGUN, Drawing
from shared.errors import UserError

TEMPLATE = (
    "{% for message in messages %}<{{ message.role }}>{{ message.content }}{% endfor %}"
    "{% if enable_thinking is defined %}[{{ enable_thinking }}]{% endif %}"
    "{% if add_generation_prompt %}<a>{% endif %}"
)
SYSTEM = {"role": "system", "content": "Say something about it."}
TEXTS = [
    "The cat that the dog chased meowed. Who?",
    "The cat that the dog chased meowed. What?",
    "The boat sank. Who?",
    "x",
    "The cat that the dog chased meowed. Who?",
]


@pytest.fixture
def chat(tiny_model, tiny_tokenizer):
    tiny_tokenizer.chat_template = TEMPLATE

    def of(**options):
        return LocalChat(tiny_model, tiny_tokenizer, name="tiny", identity="tiny", **options)

    return of


def conversation(text):
    return [SYSTEM, {"role": "user", "content": text}]


@pytest.mark.parametrize(
    ("template", "why"),
    [(None, "chat_template is not set"), ("{{ raise_exception('no system') }}", "no system")],
)
def test_a_template_that_is_none_or_refuses_is_one_line(chat, template, why):
    model = chat()
    model.tokenizer.chat_template = template
    with pytest.raises(UserError, match=f"^tiny: its chat template can't be used .*{why}") as error:
        list(model.answers([conversation("x")], 1))
    assert "\n" not in str(error.value)


def slowly(model, tokenizer, text, limit, start=""):
    prompt = tokenizer.apply_chat_template(
        conversation(text), add_generation_prompt=True, tokenize=False
    )
    ids = tokenizer(prompt + start, add_special_tokens=False)["input_ids"]
    made = []
    for _ in range(limit):
        with torch.inference_mode():
            made.append(int(model(torch.tensor([ids + made])).logits[0, -1].argmax()))
        if made[-1] == tokenizer.eos_token_id:
            break
    return start + tokenizer.decode(made, skip_special_tokens=True), len(ids), len(made)


@pytest.mark.parametrize("options", [{}, {"batch_size": 2}, {"batch_tokens": 60}])
def test_replies_are_those_of_each_conversation_alone(chat, tiny_model, tiny_tokenizer, options):
    found = dict(chat(**options).answers([conversation(text) for text in TEXTS], 7))
    assert sorted(found) == list(range(len(TEXTS)))
    for index, text in enumerate(TEXTS):
        expected = slowly(tiny_model, tiny_tokenizer, text, 7)
        reply = found[index]
        assert (reply.text, reply.prompt_tokens, reply.reply_tokens) == expected


def test_a_reply_begins_with_the_given_start(chat, tiny_model, tiny_tokenizer):
    found = dict(chat().answers([conversation("x")], 5, start='{"yes": '))
    assert found[0].text == slowly(tiny_model, tiny_tokenizer, "x", 5, '{"yes": ')[0]
    assert found[0].text.startswith('{"yes": ')


def test_a_reply_ends_before_a_stop_string(chat):
    free = dict(chat().answers([conversation(text) for text in TEXTS], 12))[0].text
    mark = free[5]
    stopped = dict(chat().answers([conversation(text) for text in TEXTS], 12, stop=[mark]))
    assert stopped[0].text == free.partition(mark)[0]
    assert all(mark not in reply.text for reply in stopped.values())
    assert not stopped[0].cut_off


def test_a_reply_that_the_limit_ends_is_cut_off(chat):
    (reply,) = dict(chat().answers([conversation("x")], 3)).values()
    assert reply.cut_off and reply.reply_tokens == 3


def test_thoughts_up_to_the_limit_are_no_answer(chat):
    """The template opens the thoughts (`start` in its place here), and nothing ends them."""
    (reply,) = dict(chat().answers([conversation("x")], 3, start="<think>")).values()
    assert (reply.text, reply.reason, reply.cut_off) == (None, UNBEGUN, True)
    assert reply.thoughts


def test_thoughts_that_the_template_opens_are_no_answer(chat, tiny_tokenizer):
    """As DeepSeek-R1's does; what is written shows only their end."""
    asked = chat()
    tiny_tokenizer.chat_template = f"{TEMPLATE}<think>\n"
    (reply,) = dict(asked.answers([conversation("x")], 3)).values()
    assert (reply.text, reply.reason, reply.cut_off) == (None, UNBEGUN, True)
    mark = reply.thoughts[-1]
    (reply,) = dict(asked.answers([conversation("x")], 3, start=f"{mark}</think>Yes")).values()
    assert reply.thoughts == mark and reply.text.startswith("Yes")


@pytest.mark.parametrize("opened", ["", "<think>"])
def test_of_a_model_that_was_taught_to_think_aloud_all_is_the_reply(chat, tiny_tokenizer, opened):
    """Also thoughts that the limit cut off, which are no answer of another model's."""
    tiny_tokenizer.chat_template = TEMPLATE + opened
    start = "so" if opened else "<think>so"
    for end in ("", "</think>Yes"):
        asked = chat(whole=True).answers([conversation("x")], 3, start=start + end)
        (reply,) = dict(asked).values()
        assert reply.text.startswith(f"<think>so{end}") and reply.thoughts == ""


def test_thinking_is_asked_of_the_template(chat, tiny_tokenizer):
    """The template writes [True]: six more prompt tokens of one byte each."""
    plain = dict(chat().answers([conversation("x")], 1))[0]
    thinking = dict(chat(thinking=True, thinking_tokens=3).answers([conversation("x")], 1))[0]
    assert thinking.prompt_tokens == plain.prompt_tokens + len("[True]")
    assert 1 <= thinking.reply_tokens <= 4


def test_nothing_asked_nothing_answered(chat):
    assert dict(chat().answers([], 5)) == {}


def test_chances_are_those_of_the_next_token_among_the_candidates(chat, tiny_model):
    prompts, candidates = [[5, 9, 7], [8, 4]], [3, 6, 11]
    found = chat(batch_size=1).chances(prompts, candidates)
    for prompt, row in zip(prompts, found, strict=True):
        with torch.inference_mode():
            logits = tiny_model(torch.tensor([prompt])).logits[0, -1]
        torch.testing.assert_close(row, logits[candidates].softmax(-1))


def test_a_drawn_reply_depends_on_its_own_seeds_alone(chat):
    """Not on what is asked beside it; and greedy ones are no draw."""
    asked = [conversation("x")] * 3
    drawing = Drawing(temperature=1.0, seeds=[(1, 0), (1, 1), (1, 0)])
    said = dict(chat().answers(asked, 8, drawing=drawing))
    alone = dict(chat().answers(asked[:1], 8, drawing=Drawing(1.0, [(1, 1)])))
    assert said[0].text == said[2].text != said[1].text == alone[0].text
