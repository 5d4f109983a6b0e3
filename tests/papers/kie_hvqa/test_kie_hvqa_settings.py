"""Variants and models as data, and which models of a user's own fit."""

import pytest
from pydantic import ValidationError

from papers.kie_hvqa import analyze, evaluate
from papers.kie_hvqa.settings import Reward, Variant
from shared.data.fetch.wanted import ByHand
from shared.errors import UserError
from shared.runner import declared
from shared.settings import load_models, load_paper, load_settings
from shared.training.settings import Reinforcement

GRPO = Reinforcement(
    steps=1, prompts_per_step=1, generations=2, max_new_tokens=1, learning_rate=1e-3
)
OWN = f"hub:someone/a-vlm@{'0' * 40}"


def test_the_evaluation_may_read_all_that_a_model_is_asked_with():
    for settings in load_models("kie_hvqa", "paper"):
        view = declared.Declared(settings, evaluate.READS, "papers.kie_hvqa.evaluate")
        assert view.asked() == settings.asked()


def test_of_the_models_of_tables_1_and_2_one_is_trained_and_the_others_are_asked():
    trained, *asked = load_models("kie_hvqa", "paper")
    assert trained.name == "Qwen2.5-VL-7B" and len(trained.runs()) == 6
    assert trained.start_of("sft") is None and trained.start_of("rl-eq3") == "sft"
    assert len(asked) == 9 and all(each.runs() == [("base", 0)] for each in asked)
    assert all(each.scores() == ["base-s0"] for each in asked)


def test_methods_have_a_row_in_the_tables():
    for scale in ("smoke", "cpu", "gpu", "paper"):
        for settings in load_models("kie_hvqa", scale):
            methods = {variant.method for variant in settings.variants.values()}
            assert methods <= {*analyze.METHODS, *analyze.ABLATIONS}


def test_a_small_model_is_trained_for_every_seed_and_starts_from_its_own():
    settings = load_settings("kie_hvqa", "gpu")
    assert [run for run in settings.runs() if run[0] == "base"] == [("base", s) for s in (0, 1, 2)]
    assert settings.start_of("base") is None and settings.start_of("sft") == "base"
    assert settings.variants["base"].features == "clean"
    assert settings.variants["rl"].features == "degraded"


def test_at_cpu_all_seeds_start_from_one_reader():
    settings = load_settings("kie_hvqa", "cpu")
    assert settings.seeds_of("base") == [0] and settings.seeds_of("sft") == [*range(8)]
    assert len(settings.scores()) == 1 + 8 * 5


@pytest.mark.parametrize(
    "fields, message",
    [
        ({"reinforcement": GRPO, "part": "clean"}, "reward and reinforcement"),
        ({"reward": Reward()}, "reward and reinforcement"),
        ({"part": "clean"}, "part: expected with a training"),
        ({"reinforcement": GRPO, "reward": Reward()}, "part: expected with a training"),
    ],
)
def test_a_variant_is_one_training_or_none(fields, message):
    with pytest.raises(ValidationError, match=message):
        Variant(method="SFT", **fields)


def test_a_variant_starts_from_one_that_is_there():
    settings = load_settings("kie_hvqa", "smoke")
    variants = settings.variants | {
        "sft": settings.variants["sft"].model_copy(update={"starts_from": "bsae"})
    }
    dump = settings.model_dump() | {"variants": {k: v.model_dump() for k, v in variants.items()}}
    with pytest.raises(ValidationError, match="variant sft starts from 'bsae'; variants: base"):
        type(settings).model_validate(dump)


@pytest.mark.parametrize(
    "scale, model, said",
    [
        ("cpu", OWN, "prompt: '' asks nothing; expected one with {question}"),
        ("cpu", "api:some-model", "model: it is behind an endpoint"),
    ],
)
def test_a_model_of_ones_own_that_does_not_fit_is_refused(scale, model, said):
    with pytest.raises(UserError, match="does not fit") as error:
        load_settings("kie_hvqa", scale, model)
    assert said in str(error.value)


def test_a_limit_made_for_characters_does_not_fit_either():
    settings = load_settings("kie_hvqa", "paper", OWN)
    assert settings.misfit() is None and settings.stands_in_for == "Qwen2.5-VL-7B"
    short = settings.model_copy(update={"answer_tokens": 60})
    assert short.misfit() == "answer_tokens: 60, made for characters; expected at least 100"


def test_a_model_behind_an_endpoint_is_asked_and_not_trained():
    settings = load_settings("kie_hvqa", "paper", "api:someone/seer")
    assert settings.misfit() is None and settings.runs() == [("base", 0)]
    gemini = load_settings("kie_hvqa", "paper", "Gemini 2.5 Pro")
    assert [each.most for each in gemini.calls()] == [429 + 600]
    assert load_settings("kie_hvqa", "paper").calls() == []
    assert gemini.asked().thinking and gemini.asked().model == "api:google/gemini-2.5-pro"


def test_what_is_put_there_by_hand_is_planned():
    paper, cpu = (load_settings("kie_hvqa", scale).downloads() for scale in ("paper", "cpu"))
    by_hand = {each.what: each.do.split()[-1] for each in paper if isinstance(each, ByHand)}
    assert by_hand == {
        "WildReceipt": "resources/wildreceipt",
        "FUNSD": "resources/funsd/dataset",
        "OCRBench": "resources/ocrbench",
    }
    assert {each.id for each in load_paper("kie_hvqa").artefacts} >= set(by_hand)
    assert cpu == []


def test_a_step_of_grpo_at_scale_paper_fits_its_gpus():
    """512 prompts of 5 on 8 GPUs: 320 completions each, 5 learnt from and 40 written at once."""
    settings = load_settings("kie_hvqa", "paper")
    for name in ("rl", "rl-eq3", "rl-clear", "rl-final"):
        grpo = settings.variants[name].reinforcement
        each = grpo.prompts_per_step * grpo.generations // settings.training_resources.gpu
        assert (each, grpo.completions_per_device, grpo.written_per_device) == (320, 5, 40)
        assert grpo.activation_checkpointing and grpo.loss == "dr_grpo"
        assert 2000 % grpo.prompts_per_step  # so that TRL would drop the rest of each round
