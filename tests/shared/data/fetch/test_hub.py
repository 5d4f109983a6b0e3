"""The way in from the hub, against a server on localhost that can fail in each of its ways."""

import hashlib
import multiprocessing
import shutil

import pytest
from huggingface_hub import constants, snapshot_download

from shared.data.fetch import hub as door
from shared.data.fetch.transfer import TRIES
from shared.data.fetch.wanted import Repository
from shared.errors import UserError
from tests.hub import TOKEN, Served

WEIGHTS = bytes(range(256)) * 4096  # 1 MiB
FILES = {
    "config.json": b'{"model_type": "llama"}\n',
    "model.safetensors": WEIGHTS,
    "tokenizer.json": b"{}\n",
    "pytorch_model.bin": b"the same in another format",
    "README.md": b"# A model\n",
    "original/consolidated.bin": b"the same in yet another",
}
NEEDED = {"config.json", "model.safetensors", "tokenizer.json"}
REVISION = Served({}).revision
MODEL = Repository("model", "org/model", REVISION)
BLOB = hashlib.sha256(WEIGHTS).hexdigest()


@pytest.fixture
def served(hub):
    hub.repositories["models/org/model"] = Served(dict(FILES))
    return hub.repositories["models/org/model"]


def partial(tmp_path):
    return tmp_path / "cache" / "models--org--model" / "blobs" / f"{BLOB}.incomplete"


def fails(repository=MODEL, saying=""):
    with pytest.raises(UserError, match=saying) as raised:
        door.fetch(repository)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_the_server_is_one_that_huggingface_hub_takes_for_the_hub(hub, served, tmp_path):
    folder = snapshot_download("org/model", revision=REVISION, cache_dir=tmp_path / "theirs")
    for name, content in FILES.items():
        assert (tmp_path / "theirs" / folder / name).read_bytes() == content


def test_what_a_model_is_loaded_from_comes_in_once(hub, served):
    fetched = door.fetch(MODEL)
    assert set(fetched.files) == NEEDED
    assert (fetched.new, fetched.size) == (sum(len(FILES[name]) for name in NEEDED),) * 2
    assert {path.name for path in fetched.folder.iterdir()} == NEEDED
    assert (fetched.folder / "model.safetensors").read_bytes() == WEIGHTS
    hub.asked.clear()
    again = door.fetch(MODEL)
    assert (again.folder, again.new) == (fetched.folder, 0)
    assert [path for _, path, _ in hub.asked if "resolve" in path or "storage" in path] == []


def test_afterwards_the_hub_may_be_off(hub, served, monkeypatch):
    folder = door.local_folder(MODEL)
    hub.asked.clear()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert door.local_folder(MODEL) == folder
    assert hub.asked == []


def test_what_was_not_fetched_before_the_hub_was_off_says_so(hub, served, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(UserError, match=r"^org/model@0123456: .*HF_HUB_OFFLINE.*snakemake fetch"):
        door.local_folder(MODEL)
    assert hub.asked == []


def test_what_huggingface_hub_downloaded_before_is_used(hub, served):
    snapshot_download("org/model", revision=REVISION)
    assert door.here(MODEL) is None  # nobody has checked it
    assert door.fetch(MODEL).new == 0
    assert door.here(MODEL)


def test_huggingface_hub_finds_what_was_fetched(hub, monkeypatch):
    """As KIE-HVQA's data step looks for the authors' test set."""
    hub.repositories["datasets/org/rows"] = Served({"rows.jsonl": b"{}", "images/1.png": b"png"})
    rows = Repository("dataset", "org/rows", REVISION)
    folder = door.fetch(rows).folder
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert snapshot_download("org/rows", repo_type="dataset", revision=REVISION) == str(folder)


def test_weights_that_are_only_there_in_the_old_format(hub, served):
    del served.files["model.safetensors"]
    assert set(door.fetch(MODEL).files) == {"config.json", "pytorch_model.bin", "tokenizer.json"}


def test_a_data_set_comes_whole_or_by_pattern(hub):
    files = {"data/train-0.parquet": b"one", "data/test-0.parquet": b"two", "README.md": b"#"}
    hub.repositories["datasets/org/rows"] = Served(files)
    part = Repository("dataset", "org/rows", REVISION, ("data/train-*",))
    assert set(door.fetch(part).files) == {"data/train-0.parquet"}
    whole = Repository("dataset", "org/rows", REVISION)
    assert door.here(whole) is None
    assert set(door.fetch(whole).files) == set(files)
    assert door.here(part) == door.here(whole)
    fails(Repository("dataset", "org/rows", REVISION, ("*.csv",)), r"holds no \*\.csv")


def test_a_transfer_that_breaks_goes_on_where_it_broke(hub, served):
    served.cut["model.safetensors"] = [300_000, 200_000]
    folder = door.fetch(MODEL).folder
    assert hub.ranges("model.safetensors") == [None, "bytes=300000-", "bytes=500000-"]
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS


def test_the_next_process_goes_on_where_a_killed_one_was(hub, served, tmp_path):
    served.cut["model.safetensors"] = [300_000] + [0] * TRIES
    message = fails(saying="model.safetensors broke off after 300,000 of 1,048,576 bytes")
    assert "run the same command again" in message
    assert partial(tmp_path).read_bytes() == WEIGHTS[:300_000]
    hub.asked.clear()
    fetched = door.fetch(MODEL)
    assert hub.ranges("model.safetensors") == ["bytes=300000-"]
    assert (fetched.folder / "model.safetensors").read_bytes() == WEIGHTS
    assert not partial(tmp_path).exists()


def test_jobs_that_want_the_same_file_wait_for_each_other(hub, served):
    served.cut["model.safetensors"] = [300_000]
    fork = multiprocessing.get_context("fork")
    jobs = [fork.Process(target=door.local_folder, args=(MODEL,)) for _ in range(3)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert [job.exitcode for job in jobs] == [0, 0, 0]
    assert hub.ranges("model.safetensors") == [None, "bytes=300000-"]


def test_a_server_without_ranges_sends_all_of_it_again(hub, served):
    hub.knows_ranges = False
    served.cut["model.safetensors"] = [300_000]
    assert (door.fetch(MODEL).folder / "model.safetensors").read_bytes() == WEIGHTS


def test_a_truncated_file_is_no_file(hub, served, tmp_path):
    served.short["model.safetensors"] = 1_000_000
    fails(saying="model.safetensors broke off after 1,000,000 of 1,048,576 bytes .*no more")
    assert door.here(MODEL) is None
    served.short.clear()
    assert door.fetch(MODEL).new > 0


@pytest.mark.parametrize(
    ("name", "kind"), [("model.safetensors", "sha256"), ("config.json", "git's blob id")]
)
def test_other_bytes_are_named_by_their_hash_and_not_kept(hub, served, tmp_path, name, kind):
    served.wrong[name] = FILES[name][::-1]
    message = fails(saying=f"{name}: {kind} is [0-9a-f]+, expected [0-9a-f]+; it was removed")
    if kind == "sha256":
        assert hashlib.sha256(WEIGHTS[::-1]).hexdigest() in message
        assert BLOB in message
    assert door.here(MODEL) is None
    assert not list((tmp_path / "cache").rglob("*.incomplete"))
    served.wrong.clear()
    assert (door.fetch(MODEL).folder / name).read_bytes() == FILES[name]


def test_a_checksum_known_beforehand_outranks_the_hub(hub, served, monkeypatch):
    facts = {f"org/model@{REVISION}": {"model.safetensors": {"sha256": "a" * 64}}}
    monkeypatch.setattr(door, "known", lambda: facts)
    fails(saying=f"model.safetensors: the hub's sha256 is {BLOB}, expected {'a' * 64}")
    assert hub.ranges("model.safetensors") == []
    facts[f"org/model@{REVISION}"] = {"config.json": {"sha256": "b" * 64}}
    fails(saying=f"config.json: sha256 is [0-9a-f]+, expected {'b' * 64}; it was removed")


def test_a_file_that_changed_is_checked_again(hub, served, monkeypatch):
    path = door.fetch(MODEL).folder / "model.safetensors"
    path.resolve().chmod(0o644)
    path.resolve().write_bytes(b"x" * len(WEIGHTS))
    assert door.here(MODEL) is None
    fails(saying=f"model.safetensors: sha256 is .*expected {BLOB}; it was removed: run again")
    assert door.fetch(MODEL).new == len(WEIGHTS)
    assert path.read_bytes() == WEIGHTS


@pytest.mark.parametrize("token", [None, "hf_of_someone_else"])
def test_a_gated_repository_says_where_its_licence_is(hub, served, monkeypatch, token):
    served.gated = True
    if token:
        monkeypatch.setenv("HF_TOKEN", token)
    assert f"gated; accept its licence at {hub.url}/org/model" in fails(saying="HF_TOKEN")
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert set(door.fetch(MODEL).files) == NEEDED


def test_what_is_not_on_the_hub(hub, served):
    fails(Repository("model", "org/nothing", REVISION), f"{hub.url}/org/nothing is not there")
    fails(Repository("model", "org/model", "f" * 40), f"has no revision {'f' * 40}")


def test_a_hub_that_does_not_answer(hub, served):
    hub.close()
    fails(saying="^org/model@0123456: ")


def test_a_disk_that_is_too_small(hub, served, monkeypatch):
    usage = shutil.disk_usage("/")._replace(free=1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    fails(saying=r"0\.0 GB to download, and 0\.0 GB free in .*HF_HOME")
    assert hub.ranges("model.safetensors") == []
