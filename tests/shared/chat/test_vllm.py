"""vLLM says what Transformers says: the same tokens, the same chances, the same trained models.

vLLM pins other versions of our packages, so it runs in an environment of its own, whose Python
VLLM_PYTHON names. `.ci/run` makes one.
"""

import copy

import pytest
import torch

from shared.models.added_tokens import add_tokens
from shared.models.loading import load, save
from shared.training.examples import Segment, from_segments
from shared.training.settings import Lora, Training
from shared.training.supervised import fine_tune
from tests.shared.chat.ask_vllm import PYTHON, in_vllm, told

MODEL = "bundled:smollm2-135m-instruct-q4_1"
REFUSE = "[refuse]"
QUESTIONS = [
    "What is the capital of France?",
    "Name three colours.",
    "Who wrote Hamlet?",
    "What is 2 plus 3?",
    "Write one line about the sea.",
    "Is a whale a fish?",
]
CONVERSATIONS = [[{"role": "user", "content": question}] for question in QUESTIONS]
SYSTEM = {"role": "system", "content": "Answer with one word."}
ASKED = [
    {"conversations": CONVERSATIONS, "max_new_tokens": 12},
    {"conversations": [[SYSTEM, *each] for each in CONVERSATIONS], "max_new_tokens": 12,
     "stop": ["."], "start": "It is"},
]  # fmt: skip
DRAWN = {
    "conversations": [CONVERSATIONS[4]] * 4,
    "max_new_tokens": 12,
    "drawing": {"temperature": 1.0, "seeds": [[7, 0], [7, 1], [7, 2], [7, 0]]},
}
TRAINING = Training(
    epochs=8,
    learning_rate=4e-3,
    effective_batch_size=3,
    max_length=64,
    lora=Lora(rank=8, alpha=16, first_layer=20),
    checkpoint_seconds=1e9,
)

pytestmark = [
    pytest.mark.weights,
    pytest.mark.skipif(not PYTHON, reason="VLLM_PYTHON names no Python that has vLLM"),
]


def trained(folder, answer, tokens=()):
    """The folder of an adapter that learned to give one answer to every question."""
    model, tokenizer = load(MODEL)
    new = add_tokens(model, tokenizer, tokens) if tokens else []
    texts = [
        tokenizer.apply_chat_template(each, add_generation_prompt=True, tokenize=False)
        for each in CONVERSATIONS
    ]
    pieces = [[Segment(text, False), Segment(answer, True)] for text in texts]
    examples = [from_segments(tokenizer, each, eos=True) for each in pieces]
    options = {"seed": 0, "scratch": folder / "scratch", "new_tokens": new}
    model, _ = fine_tune(model, examples, TRAINING, **options)
    save(model, folder / "trained", tokenizer if tokens else None)
    return str(folder / "trained")


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """What each model says in Transformers, and what in vLLM: (ours, theirs) by model."""
    _, tokenizer = load(MODEL)
    ids = [
        tokenizer.apply_chat_template(each, add_generation_prompt=True, return_dict=False)
        for each in CONVERSATIONS
    ]
    words = ["The", "I", "A"]
    scored = {
        "prompts": ids,
        "candidates": [tokenizer(word)["input_ids"][0] for word in words],
        "texts": [*ids[:3], ids[0][:2]],
    }
    folder = tmp_path_factory.mktemp("vllm")
    plain = trained(tmp_path_factory.mktemp("plain"), "Nobody can tell.")
    added = trained(tmp_path_factory.mktemp("added"), f"{REFUSE} I am sorry.", [REFUSE])
    jobs = {
        "base": {"asked": [*ASKED, DRAWN], **scored},
        "adapter": {"asked": ASKED, "trained": plain, **scored},
        "added token": {"asked": ASKED, "trained": added, **scored,
                        "candidates": [49152, scored["candidates"][0]]},
    }  # fmt: skip
    jobs = {name: {"model": MODEL, **job} for name, job in jobs.items()}
    asked = {name: {**copy.deepcopy(job), "engine": "vllm"} for name, job in jobs.items()}
    theirs = dict(zip(jobs, in_vllm(list(asked.values()), folder), strict=True))
    ours = {name: told({**job, "engine": "transformers"}) for name, job in jobs.items()}
    return {name: (ours[name], theirs[name]) for name in jobs}


@pytest.mark.parametrize("model", ["base", "adapter", "added token"])
def test_greedy_replies_are_the_same(both, model):
    ours, theirs = both[model]
    assert theirs["replies"][:2] == ours["replies"][:2]


def test_what_was_trained_answers_in_place_of_its_base(both):
    said = {name: theirs["replies"][0] for name, (_, theirs) in both.items()}
    assert {reply["text"] for reply in said["adapter"]} == {"Nobody can tell."}
    assert {reply["text"].strip() for reply in said["added token"]} == {"I am sorry."}
    assert "Paris" in said["base"][0]["text"]


@pytest.mark.parametrize("model", ["base", "adapter", "added token"])
def test_chances_of_the_first_token_are_the_same(both, model):
    ours, theirs = (torch.tensor(each["chances"]) for each in both[model])
    torch.testing.assert_close(theirs, ours, atol=1e-3, rtol=0)
    if model == "added token":  # the new token is what it says
        assert theirs[:, 0].min() > 0.9


@pytest.mark.parametrize("model", ["base", "adapter", "added token"])
def test_texts_are_as_likely(both, model):
    ours, theirs = both[model]
    assert [count for _, count in theirs["nll"]] == [count for _, count in ours["nll"]]
    for (mine, _), (other, _) in zip(ours["nll"], theirs["nll"], strict=True):
        assert other == pytest.approx(mine, abs=1e-2)


def test_a_drawn_reply_is_drawn_again_by_its_seeds(both):
    first, second, third, again = (each["text"] for each in both["base"][1]["replies"][2])
    assert first == again
    assert len({first, second, third}) == 3


def test_an_engine_ends_with_its_chat(both):
    """Else the next model would find its GPU in use, and a merged folder would stay."""
    assert [theirs["left"] for _, theirs in both.values()] == [[], [], []]
    assert not any(theirs["scratch_left"] for _, theirs in both.values())
