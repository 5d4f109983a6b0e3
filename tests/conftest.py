"""What tests share. Those marked `mirror` run where a mirror folder is found, and nowhere else."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from shared.data.sources import VARIABLE, mirror_folder
from shared.errors import UserError
from shared.settings import ROOT
from tests.needs import pytest_runtest_makereport, without_network  # noqa: F401

BIN = Path(sys.executable).parent
LEFT_OUT = (".*", "resources", "results", "__pycache__", "*.egg-info")

# Configurations of vision-language models of the real classes, a few thousand parameters each.
TEXT = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "initializer_range": 0.3,  # weights large enough to have opinions
    "pad_token_id": 2,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
LLAVA = {
    "text_config": {"model_type": "llama", **TEXT},
    "vision_config": {
        "model_type": "clip_vision_model",
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 16,
        "patch_size": 8,
        "initializer_range": 0.3,
    },
}
QWEN = {
    "text_config": {
        "model_type": "qwen2_5_vl_text",
        **TEXT,
        "rope_parameters": {
            "rope_type": "default",
            "mrope_section": [1, 1, 2],
            "rope_theta": 10000.0,
        },
    },
    "vision_config": {
        "depth": 2,
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_heads": 2,
        "patch_size": 14,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "window_size": 56,
        "fullatt_block_indexes": [1],
        "out_hidden_size": 32,
    },
}
CONFIGS = {
    "LlavaForConditionalGeneration": LLAVA,
    "Qwen2_5_VLForConditionalGeneration": QWEN,
}


@pytest.fixture(autouse=True)
def _environment():
    """What a test leaves in the environment (programs say there which items or devices are asked
    for) is gone after it."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def mirror() -> Path:
    """The mirror folder; only for tests marked `mirror`."""
    return mirror_folder()


def pytest_report_header() -> str | None:
    if not _has_mirror():
        return f"no mirror folder: tests on real benchmark rows are left out; set {VARIABLE}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what needs a mirror; the longest tests come first."""
    if not _has_mirror():
        left_out = [item for item in items if item.get_closest_marker("mirror")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    items.sort(key=lambda item: item.get_closest_marker("workflow") is None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Shares out the tests to processes by file, and all that look at the run of `smoke` to one."""
    from xdist.scheduler import LoadFileScheduling

    class Sharing(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            smoke = "/test_smoke" in file or file.endswith("_smoke.py")
            return "smoke" if smoke else super()._split_scope(nodeid)

    return Sharing(config, log)


def _has_mirror() -> bool:
    try:
        return bool(mirror_folder())
    except UserError as error:
        raise pytest.UsageError(str(error)) from None


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A hub on localhost in place of the real one, and an empty cache (`tmp_path`/cache)."""
    from huggingface_hub import constants

    from shared.data.fetch import transfer
    from tests.hub import Hub

    server = Hub()
    template = server.url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "ENDPOINT", server.url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(transfer, "PAUSE_S", 0)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    yield server
    server.close()


@pytest.fixture(autouse=True)
def close_figures():
    yield
    if plt := sys.modules.get("matplotlib.pyplot"):
        plt.close("all")


class Paid:
    """A model behind an endpoint that says `said`. After `left` replies the step is killed."""

    name = identity = "paid"

    def __init__(self):
        self.said, self.left, self.calls = "full_refusal", None, 0

    def answers(self, conversations, max_new_tokens, *, stop=(), start=""):
        from shared.chat.replies import Reply

        for place in range(len(conversations)):
            if self.left == self.calls:
                raise KeyboardInterrupt
            self.calls += 1
            yield place, Reply(self.said)


@pytest.fixture
def paid(monkeypatch, tmp_path):
    """Every `api:` model is this one, and what is kept of it lies below `tmp_path`."""
    from shared.chat import cache, loading

    chat = Paid()
    monkeypatch.setattr(loading, "Endpoint", lambda *_, **__: chat)
    monkeypatch.setattr(cache, "SCRATCH", tmp_path / "scratch")
    monkeypatch.setattr(cache, "BOUGHT", tmp_path / "bought")
    return chat


@pytest.fixture
def tiny_tokenizer():
    """A byte-level tokenizer made here: every byte a token, after three special ones. Each test has
    its own, since some add tokens or a template."""
    from tests.tokens import byte_tokenizer

    return byte_tokenizer()


@pytest.fixture(scope="session")
def hollow_model():
    """Write a folder that has all files of a model, and nothing in them."""

    def write(folder):
        folder.mkdir(exist_ok=True)
        for name in ("config.json", "tokenizer.json"):
            (folder / name).write_text("{}")
        (folder / "chat_template.jinja").write_text("{{ messages }}")
        (folder / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
        return folder

    return write


@pytest.fixture
def tiny_model(tiny_tokenizer):
    """A two-layer Llama with random weights, the same in every test, large enough in its
    weights to have opinions: initial weights of 0.02 would make every token about as likely."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tiny_tokenizer),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        initializer_range=0.3,
        pad_token_id=2,
        bos_token_id=1,
        eos_token_id=2,
    )
    return LlamaForCausalLM(config).eval()


@pytest.fixture(params=CONFIGS)
def vlm(request, tiny_tokenizer, tmp_path):
    """The spec of a tiny model of each class, on a byte-level tokenizer in a folder."""
    from shared.models.spec import RandomModel

    tiny_tokenizer.save_pretrained(tmp_path / "tokenizer")
    return RandomModel(
        name="tiny",
        architecture=request.param,
        config=CONFIGS[request.param],
        tokenizer=f"path:{tmp_path / 'tokenizer'}",
    )


@pytest.fixture
def pictures():
    """Four pictures, each half in one colour and half in another."""
    from PIL import Image

    made = []
    for upper, lower in (("red", "blue"), ("blue", "red"), ("white", "black"), ("green", "red")):
        picture = Image.new("RGB", (56, 56), upper)
        picture.paste(lower, (0, 28, 56, 56))
        made.append(picture)
    return made


# A copy of the working tree to run Snakemake in, and the programs in it.


@pytest.fixture(scope="session")
def snakemake():
    def run(folder, *arguments, sandbox=(), **environment):
        return subprocess.run(
            [*sandbox, BIN / "snakemake", *arguments],
            cwd=folder,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
        )

    return run


@pytest.fixture(scope="session")
def program():
    """Run `python -m ...` without a mirror, and without downloading what one would hold."""

    def run(folder, *arguments):
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=folder,
            env={k: v for k, v in os.environ.items() if k != "REPLICATIONS_MIRROR"}
            | {"HF_HUB_OFFLINE": "1"},
            capture_output=True,
            text=True,
        )

    return run


@pytest.fixture(scope="session")
def last_line():
    """What a program that ended with an error said at last, without a traceback."""

    def of(run):
        assert run.returncode != 0
        assert "Traceback" not in run.stderr
        return run.stderr.strip().splitlines()[-1]

    return of


@pytest.fixture(scope="session")
def copy_of_repository():
    """Copy the working tree, without results, into a new folder; it shares the converted model."""

    def copy(folder):
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
        (ROOT / "resources" / "models").mkdir(parents=True, exist_ok=True)
        (folder / "resources").mkdir()
        os.symlink(ROOT / "resources" / "models", folder / "resources" / "models")
        return folder

    return copy


@pytest.fixture(scope="session")
def repository(tmp_path_factory, copy_of_repository, snakemake):
    """A copy in which `smoke` was run once, of all papers; a test that edits it takes that back."""
    folder = copy_of_repository(tmp_path_factory.mktemp("clone") / "repository")
    run = snakemake(folder, "--config", "scale=smoke")
    assert run.returncode == 0, run.stderr[-3000:]
    return folder


@pytest.fixture(scope="module")
def gpu_on_few_rows(tmp_path_factory, copy_of_repository, snakemake):
    """Run a paper's scale `gpu` on rows of the mirror, with the model and machine of `smoke`.

    `cut_down(gpu, smoke)` edits the settings of the scale, as they stand in paper.yaml; gives the
    folder of the results.
    """

    def run(paper, cut_down):
        folder = copy_of_repository(tmp_path_factory.mktemp("gpu") / "repository")
        path = folder / "papers" / paper / "paper.yaml"
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
        gpu, smoke = values["scales"]["gpu"], values["scales"]["smoke"]
        gpu["models"], gpu["resources"] = smoke["models"], smoke["resources"]
        gpu["precision"] = "fp32"
        cut_down(gpu, smoke)
        path.write_text(yaml.safe_dump(values), encoding="utf-8")
        mirror = str(mirror_folder())
        done = snakemake(folder, paper, "--config", "scale=gpu", REPLICATIONS_MIRROR=mirror)
        assert done.returncode == 0, done.stderr[-3000:]
        return folder / "results" / "gpu" / paper

    return run
