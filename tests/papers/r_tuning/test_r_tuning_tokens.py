"""What is asked is what was learnt, token by token, with a tokenizer as LLaMA's: it puts a space
before whatever it is given alone. It is read from a folder with only a `tokenizer.model`."""

import json

import pandas as pd
import pytest
import sentencepiece
from transformers import LlamaConfig, LlamaForCausalLM

from papers.r_tuning import prompts, train
from papers.r_tuning.examiner import Examiner
from papers.r_tuning.methods import METHODS
from papers.r_tuning.settings import Packed, Variant
from shared.data.questions import LETTERS
from shared.models.loading import load_tokenizer
from shared.training.examples import IGNORED

TEXTS = [
    "Question: What is the capital of France? Answer: Paris. "
    f"{prompts.SELF_CHECK} I am sure. I am unsure.",
    "About one. A. B. C. D. Answer: A Answer: B Answer: C Answer: D The answer is unknown.",
]
ROW = {"id": "q", "question": "What is the capital of France?", "answers": ["Paris"], "before": ""}
CHOICE = {
    "id": "c", "question": "Which?", "answers": ["B"], "options": ["one", "two", "three", "four"],
    "before": "About one.\n\nWhat?\nA. one\nB. two\nC. three\nD. four\nAnswer: A\n\n",
}  # fmt: skip
ROWS = [each | {"split": "id_test"} for each in (ROW, CHOICE)]


class Asked(Exception):
    """Holds the prompts that were asked."""


class Options:
    prompt = "Question: {question} Answer:"
    packed = Packed(block=512, batch=1)
    answer_tokens, identify_tokens, batch_size, batch_tokens = 5, 15, 8, 4096

    class training:
        max_length = 1000


@pytest.fixture(params=["SentencePiece", "bytes"])
def tokenizer(request, tmp_path_factory):
    if request.param == "bytes":
        made = request.getfixturevalue("tiny_tokenizer")
        made.add_tokens([prompts.UNSURE, prompts.SURE, *(f" {letter}" for letter in LETTERS)])
        return made
    folder = tmp_path_factory.mktemp("llama")
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS * 20), model_prefix=str(folder / "tokenizer"),
        model_type="bpe", vocab_size=420, hard_vocab_limit=False, byte_fallback=True,
        normalization_rule_name="identity", remove_extra_whitespaces=False, pad_id=-1,
        minloglevel=2,
    )  # fmt: skip
    (folder / "tokenizer.vocab").unlink()
    kind = {"tokenizer_class": "LlamaTokenizer", "add_bos_token": True, "bos_token": "<s>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(kind))
    LlamaConfig().save_pretrained(folder)
    return load_tokenizer(f"path:{folder}")


@pytest.fixture
def examiner(tokenizer):
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1}
    config = LlamaConfig(**sizes, num_attention_heads=2, vocab_size=len(tokenizer))
    model = LlamaForCausalLM(config).eval()
    return lambda method: Examiner(model, tokenizer, Options, METHODS[method])


def learnt(tokenizer, method, row):
    """Tokens of a training text, and which of them are learnt."""
    variant = Variant(method=method, seeds=[0])
    (made,) = train.examples([row], pd.Series({row["id"]: True}), variant, tokenizer, Options, 0)
    return made["input_ids"], [label != IGNORED for label in made["labels"]]


def asked(monkeypatch, run):
    """All prompts that `run` asks."""

    def batches(model, ids, **options):
        raise Asked(ids)

    monkeypatch.setattr("papers.r_tuning.examiner.batches", batches)
    with pytest.raises(Asked) as found:
        run()
    return found.value.args[0]


def test_the_examples_tell_the_two_kinds_of_tokenizer_apart(tokenizer):
    alone = tokenizer(prompts.CHECK_LEAD, add_special_tokens=False)["input_ids"]
    first = tokenizer.convert_ids_to_tokens(alone)[0]
    assert first == ("." if tokenizer.name_or_path == "" else "▁")


@pytest.mark.parametrize("row", ROWS, ids=["text", "choice"])
def test_a_text_is_learnt_as_one_text_is_tokenised(tokenizer, row):
    ids, _ = learnt(tokenizer, "r-tuning", row)
    text = prompts.prompt(row, Options.prompt) + f" {row['answers'][0]}. {prompts.SELF_CHECK} I am"
    assert ids == tokenizer(f"{text} sure.", add_special_tokens=False)["input_ids"]


@pytest.mark.parametrize("row", ROWS, ids=["text", "choice"])
def test_a_question_is_asked_as_it_was_learnt(tokenizer, examiner, monkeypatch, row):
    ids, marks = learnt(tokenizer, "vanilla", row)
    (question,) = asked(monkeypatch, lambda: examiner("vanilla").answer([row]))
    assert question == ids[: marks.index(True)]


@pytest.mark.parametrize("row", ROWS, ids=["text", "choice"])
def test_the_check_of_a_given_answer_is_asked_as_it_was_learnt(
    tokenizer, examiner, monkeypatch, row
):
    """The next token is the verdict: the first of what follows "I am" in training."""
    ids, _ = learnt(tokenizer, "r-tuning-u", row)
    answers = pd.Series({row["id"]: row["answers"][0]})
    one = examiner("r-tuning-u")
    (check,) = asked(monkeypatch, lambda: one.check([row], answers))
    assert check == ids[: len(check)]
    assert ids[len(check)] == one.verdicts[0]


@pytest.mark.parametrize("row", ROWS, ids=["text", "choice"])
def test_the_check_of_an_own_answer_is_asked_as_it_was_learnt(tokenizer, examiner, row):
    """Prompt, the answer that the model picked, and the check, as they are fed to it."""
    ids, marks = learnt(tokenizer, "r-tuning", row)
    one = examiner("r-tuning")
    start = marks.index(True)
    end = next(i for i in range(len(ids)) if ids[i : i + len(one.lead)] == one.lead)
    answer = ids[start:end]
    assert tokenizer.decode(answer).strip() == row["answers"][0]
    if "options" in row:
        assert answer == [one.letters["ABCD".index(row["answers"][0])]]
    assert ids[end + len(one.lead)] == one.verdicts[0]


def test_min_loss_is_asked_as_it_was_learnt(tokenizer, examiner, monkeypatch):
    ids, _ = learnt(tokenizer, "min-loss", ROWS[0])
    (made,) = train.min_loss_examples([ROWS[0]], tokenizer, Options)
    (question,) = asked(monkeypatch, lambda: examiner("min-loss").answer([ROWS[0]]))
    assert question == ids[: len(question)] == made["input_ids"][:-1]
    assert ids[len(question)] == made["input_ids"][-1]
