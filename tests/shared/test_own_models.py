"""Several models of the user's own, from the file that an environment variable names."""

import pytest

from shared.settings import _load_settings, load_models
from shared.settings.own_models import VARIABLE
from shared.workflow.setup import checked

FILE = """
center_bench:
  Deep-1:
    model: api:maker/deep-1
    prices: [1, 5]
    most_dollars: 20
    variants: {thinking: {thinking: true, body: {reasoning: {max_tokens: 16000}}}}
  Small-2: {model: "api:maker/small-2", prices: [0.1, 0.5]}
forbidden_science:
  Small-2: {model: "api:maker/small-2", thinking: false}
"""


@pytest.fixture
def named(monkeypatch, tmp_path):
    """Write the file and name it."""
    path = tmp_path / "mine.yaml"

    def named(text=FILE):
        path.write_text(text)
        monkeypatch.setenv(VARIABLE, str(path))
        _load_settings.cache_clear()
        return path

    yield named
    _load_settings.cache_clear()


def test_models_of_a_file_take_the_place_of_those_of_the_scale(named):
    named()
    deep, small = load_models("center_bench", "gpu")
    assert (deep.name, deep.most_dollars, small.name) == ("Deep-1", 20, "Small-2")
    asked = deep.asked_as(deep.variants["thinking"])
    assert (asked.model, asked.thinking, asked.prices) == ("api:maker/deep-1", True, (1, 5))
    assert asked.body == {"reasoning": {"max_tokens": 16000}} and asked.most_dollars == 20
    assert list(deep.variants) == ["plain", "thinking"] and list(small.variants) == ["plain"]
    assert deep.max_new_tokens == 96  # of the scale


def test_a_run_is_of_these_models_and_has_a_folder_of_its_own(named):
    named()
    setup = checked({"scale": "gpu"})
    assert setup.columns == {
        "center_bench": ("Deep-1", "Small-2"), "forbidden_science": ("Small-2",)
    }  # fmt: skip
    assert setup.run_name.startswith("gpu+mine-")
    scores = setup.scores("center_bench")
    assert f"results/{setup.run_name}/center_bench/scores/Deep-1/thinking.parquet" in scores
    assert "r_tuning has none of these models" in setup.left_out["r_tuning"]
    assert checked({"models": "Small-2"}).columns["center_bench"] == ("Small-2",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("center_bench: [", "expected a file of models in YAML"),
        ("api:maker/deep-1", "expected paper: {MODEL: {model: …}}"),
        ("center_bench: {Deep: api:x}", "under center_bench; expected paper"),
        ("center_bench: {maker/deep: {model: api:x}}", "expected no / or : in it"),
        ("other: {Deep: {model: api:x}}", "found paper 'other'; expected one of: center_bench"),
        (
            "center_bench: {Deep: {model: api:x, price: [1, 2]}}",
            "unknown key 'price'; did you mean prices?",
        ),
        ("center_bench: {Deep: {prices: [1, 2]}}", "model Deep: model: found nothing"),
        ("kie_hvqa: {Deep: {model: api:x, variants: 5}}", "Deep: variants: expected NAME: VALUE"),
        (
            "kie_hvqa: {Deep: {model: api:x, variants: {plain: null}}}",
            "variants.plain: expected NAME",
        ),
    ],
)
def test_a_wrong_file_ends_in_one_line(named, text, message):
    path = named(text)
    with pytest.raises(SystemExit) as ended:
        checked({})
    assert message in str(ended.value) and "\n" not in str(ended.value)
    path.unlink()
    with pytest.raises(SystemExit, match=f"{VARIABLE} .*mine.yaml: .*No such file"):
        checked({})


def test_one_model_of_the_command_line_and_a_file_are_too_many(named):
    named()
    with pytest.raises(SystemExit, match=f"expected without {VARIABLE}"):
        checked({"model": "api:maker/deep-1"})


def test_without_the_variable_nothing_changes(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert checked({}).run_name == "cpu"
