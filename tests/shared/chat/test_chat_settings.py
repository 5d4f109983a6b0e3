import pytest
from pydantic import ValidationError

from shared.chat.settings import Panel
from shared.errors import UserError

RESOURCES = {"mem_mb": 1, "disk_mb": 1, "runtime": 1}
MODELS = {"large": {"model": "api:org/name", "thinking": False, "prices": [1, 2]}}


def panel(**changes):
    return Panel.model_validate({"resources": RESOURCES, "models": MODELS} | changes)


def test_the_users_own_model_takes_the_place_of_the_panel():
    assert list(panel().runs()) == ["large"]
    runs = panel(model="path:weights").runs()
    assert list(runs) == ["own"] and runs["own"].model == "path:weights"


def test_a_run_by_its_name():
    assert panel().run("large").prices == (1, 2)
    with pytest.raises(UserError, match="unknown run 'small'; runs of this scale: large"):
        panel().run("small")


@pytest.mark.parametrize(
    ("models", "message"),
    [
        ({"own": MODELS["large"]}, "models.own: this name is for the setting `model`"),
        ({"a/b": MODELS["large"]}, "should match pattern"),
        ({"a": {"model": "gpt2"}}, "a model is bundled:NAME"),
    ],
)
def test_names_that_cannot_be(models, message):
    with pytest.raises(ValidationError, match=message):
        panel(models=models)
