import pytest

from shared.data.fetch.wanted import Repository, downloads
from shared.errors import UserError
from shared.judges.harm import HarmBench, StrongReject
from shared.models.checkpoint import read_model, read_processor, read_tokenizer
from shared.models.loading import load
from shared.planning.rehearsal.rows import PLACES, THINGS
from shared.planning.rehearsal.tokenizers import TEMPLATES
from shared.planning.rehearsal.weights import kind_of, kinds
from shared.settings import load_models, paper_ids


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The folder of a kind, written once."""
    made = {}

    def of(name):
        if name not in made:
            made[name] = tmp_path_factory.mktemp("models") / name
            kinds()[name].write(made[name])
        return made[name]

    return of


@pytest.mark.parametrize("name", [name for name, kind in kinds().items() if not kind.adapter])
def test_a_model_is_read_as_the_released_one_is(written, name):
    """Of the class that its config names, all weights there, a vocabulary as large as its words."""
    import torch

    folder, kind = written(name), kinds()[name]
    model, tokenizer = read_model(folder, torch.float32), read_tokenizer(folder)
    assert type(model).__name__ == kind.architecture
    assert model.get_input_embeddings().num_embeddings == len(tokenizer)
    text = "What is the bridge of Cork made of?"
    ids = tokenizer(text).input_ids
    assert len(ids) < len(text) / 2 and tokenizer.decode(ids, skip_special_tokens=True) == text
    written_on = model.generate(torch.tensor([ids]), max_new_tokens=4, do_sample=False)
    assert written_on.shape[1] > len(ids)


def test_a_repository_with_a_sentencepiece_model_alone_is_rehearsed_with_that(written):
    folder = written("llama-one-file")
    assert not (folder / "tokenizer.json").exists()
    tokenizer = read_tokenizer(folder)  # alone a text begins with a space, further on it does not
    assert tokenizer.tokenize(". Are")[:2] == ["▁", "."]
    assert tokenizer.tokenize("a. Are")[:2] == ["▁a", "."]


def test_a_text_begins_as_the_models_do(written):
    begins = {"llama-3": "<|begin_of_text|>", "gemma-3": "<bos>", "mistral": "<s>"}
    for name, token in begins.items():
        tokenizer = read_tokenizer(written(name))
        assert tokenizer.convert_ids_to_tokens(tokenizer("word").input_ids)[0] == token
    qwen = read_tokenizer(written("qwen-2"))
    assert qwen.bos_token is None and len(qwen("").input_ids) == 0


@pytest.mark.parametrize("name", [n for n, kind in kinds().items() if kind.tokenizer.template])
def test_a_conversation_has_its_own_tokens(written, name):
    """No special token of a template falls apart into letters."""
    tokenizer = read_tokenizer(written(name))
    asked = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
    if name not in ("qwen-2.5-vl", "internvl-3"):  # these have a processor's template
        text = tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
        for token in [*tokenizer.extra_special_tokens, tokenizer.bos_token or ""]:
            if token and token in text:
                assert len(tokenizer.encode(token, add_special_tokens=False)) == 1
        assert "Be brief." in text and "Hello" in text


@pytest.mark.parametrize("name", ["llava", "qwen-2.5-vl", "internvl-3"])
def test_a_model_that_sees_has_a_processor(written, name):
    assert read_processor(written(name)).chat_template


def test_an_adapter_is_one_of_its_model(written):
    """It fits what stands in for its model, and changes what that says."""
    judges = [
        StrongReject(
            *load(f"path:{written('gemma')}", trained=adapter), "{forbidden_prompt} {response}"
        )
        for adapter in (None, written("strongreject"))
    ]
    asked = ["What is the bridge of Cork made of?"], ["Of stone."]
    one, other = (judge.goodness(*asked)[0] for judge in judges)
    assert 0 < one < 1 and 0 < other < 1 and one != pytest.approx(other, abs=1e-6)


def test_a_classifier_says_one_of_its_two_words(written):
    """And both of them, of different replies."""
    judge = HarmBench(*load(f"path:{written('harmbench')}"), "{behavior} {generation}")
    replies = [f"{thing} {place}." for thing in THINGS for place in PLACES]
    assert {*judge.harmful(["What is it made of?"] * len(replies), replies)} == {True, False}


def test_every_model_of_scale_paper_has_a_stand_in():
    wanted = [each for p in paper_ids() for s in load_models(p, "paper") for each in downloads(s)]
    models = {w.id for w in wanted if isinstance(w, Repository) and w.kind == "model"}
    assert models and all(kind_of(model) for model in models)
    with pytest.raises(UserError, match=r"org/new: no stand-in for the rehearsal in models\.yaml"):
        kind_of("org/new")


def test_templates_are_all_used():
    assert {kind.tokenizer.template for kind in kinds().values()} - {None} == set(TEMPLATES)
