"""A setting changed on the command line, in a run of its own."""

import pytest

from shared.errors import UserError
from shared.settings import load_models, load_settings
from shared.settings.changes import VARIABLE, laid_over, wanted
from shared.workflow.setup import checked


@pytest.fixture
def changed(monkeypatch):
    """The settings of R-Tuning at smoke with a text of `set=…`."""

    def of(text, model=None, scale="smoke"):
        monkeypatch.setenv(VARIABLE, text)
        return load_settings("r_tuning", scale, model)

    return of


def test_it_changes_what_it_names_and_nothing_else(changed):
    before = load_settings("r_tuning", "smoke")
    after = changed("r_tuning.training.learning_rate=3e-4")
    assert (before.training.learning_rate, after.training.learning_rate) == (1e-3, 3e-4)
    same = after.training.model_copy(update={"learning_rate": 1e-3})
    assert after.model_copy(update={"training": same}) == before
    assert changed("resa.batch_size=3") == changed("") == before


def test_several_with_lists_and_names_that_have_dashes(changed):
    after = changed("r_tuning.variants.r-tuning.seeds=[3, 4], r_tuning.batch_size=5")
    assert (after.variants["r-tuning"].seeds, after.batch_size) == ([3, 4], 5)
    assert after.variants["vanilla"].seeds == [0, 1]
    assert wanted() == {
        "r_tuning": (("variants.r-tuning.seeds", "[3, 4]"), ("batch_size", "5")),
    }


def test_every_model_of_a_scale_has_it_also_one_with_a_value_of_its_own(monkeypatch):
    own = {each.training.learning_rate for each in load_models("r_tuning", "cpu")}
    monkeypatch.setenv(VARIABLE, "r_tuning.training.learning_rate=0.5")
    models = load_models("r_tuning", "cpu")
    assert {each.training.learning_rate for each in models} == {0.5} and 0.5 not in own


def test_a_setting_that_is_nowhere_written_is_laid_beside_those_that_are():
    known = {"training": {"rate": 1.0, "decay": 0.0}, "models": {"A-1.5": {"n": 1}}}
    written = {"training": {"rate": 2.0}, "models": {}}
    changes = [("training.decay", "0.1"), ("models.A-1.5.n", "2")]
    assert laid_over(written, known, changes, "p") == {
        "training": {"rate": 2.0, "decay": 0.1},
        "models": {"A-1.5": {"n": 2}},
    }
    assert written == {"training": {"rate": 2.0}, "models": {}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "r_tuning.training.learning_rat=3e-4",
            r"^set: no setting r_tuning\.training\.learning_rat; did you mean "
            r"r_tuning\.training\.learning_rate\?$",
        ),
        ("r_tuning.trainng.epochs=1", r"no setting .*; did you mean r_tuning\.training\?"),
        ("r_tuning.variants.xyz.seeds=[1]", r"variants\.xyz\.seeds; there are vanilla, r-tuning"),
        ("r_tuning.batch_size.x=1", r"^set: r_tuning\.batch_size is 64, without settings of"),
        ("r_tuning.batch_size=many", r"as set=… changes it, .*batch_size: .*, found 'many'$"),
        ("r_tuning.batch_size=[1", r"^set: batch_size: found '\[1'; expected a value in YAML"),
        ("r_tuning.model=hub:a", r"r_tuning\.model is not changed so; expected model=… for"),
        ("batch_size=1", r"^set: found 'batch_size=1'; expected PAPER\.SETTING=VALUE, such as"),
        ("r_tuning.batch_size", r"^set: found 'r_tuning\.batch_size'; expected PAPER"),
        (
            "r_tuning.prompt='{question} {x}'",
            r"prompt: .*found {question} and {x}; expected {question} and no other braces",
        ),
        ("r_tuning.prompt='no field'", r"prompt: .*found none; expected {question}"),
        ("r_tuning.prompt='{question} {'", r"prompt: Single '{' encountered"),
    ],
)
def test_a_mistake_is_one_line(changed, text, message):
    with pytest.raises(UserError, match=message) as error:
        changed(text)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("value", ["5", "[a]", "abc"])
def test_a_mistake_in_what_an_item_cuts_is_one_line_too(changed, monkeypatch, value):
    monkeypatch.setenv("REPLICATIONS_ITEMS", "table1")
    with pytest.raises(UserError, match=r"as set=… changes it, .*variants: ") as error:
        changed(f"r_tuning.variants={value}")
    assert "\n" not in str(error.value)


def test_the_run_is_of_its_papers_and_in_a_folder_of_its_own(tmp_path, hollow_model):
    config = {"set": "r_tuning.training.learning_rate=5e-4", "name": "lr5e-4"}
    setup = checked(config)
    assert (setup.run_name, setup.papers) == ("cpu+lr5e-4", ["r_tuning"])
    assert {each.training.learning_rate for each in setup.each("r_tuning")} == {5e-4}
    assert setup.config == "scale=cpu set=r_tuning.training.learning_rate=5e-4 name=lr5e-4"
    assert "changes none of its settings" in setup.left_out["resa"]
    alone = checked({"name": "second"})
    assert (alone.run_name, "resa" in alone.papers) == ("cpu+second", True)
    assert alone.settings("r_tuning").training.learning_rate != 5e-4
    hollow_model(tmp_path)
    with_model = checked({"scale": "gpu", "model": f"path:{tmp_path}", **config})
    assert with_model.run_name.startswith("gpu+") and with_model.run_name.endswith("+lr5e-4")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"set": "resa.batch_size=1"},
            "set: expected together with name=NAME, for results/cpu.NAME",
        ),
        ({"set": "rtuning.x=1", "name": "a"}, "set: no paper 'rtuning'; papers: center_bench, "),
        ({"name": "a/b"}, "name: found 'a/b', expected letters, digits and ._- alone"),
        ({"name": 3}, "name: expected a text, found 3"),
        ({"scale": "paper", "rehearse": True, "name": "a"}, "rehearse: .*, found name=a"),
    ],
)
def test_a_bad_config_ends_in_one_line(config, message):
    with pytest.raises(SystemExit, match=f"error: {message}") as found:
        checked(config)
    assert "\n" not in str(found.value)
