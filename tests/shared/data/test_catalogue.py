"""The pinned sources: complete, well formed, and equal to the real files."""

import pytest

from shared.data.catalogue import sources
from shared.data.sources import fetch
from shared.errors import UserError

GOOD = {
    "upstream": "owner/things",
    "revision": "a" * 40,
    "folder": "data",
    "licence": "MIT",
    "note": "none",
    "files": "{things/rows.json: " + "a" * 64 + "}",
}


def catalogue(tmp_path, **changes):
    lines = [f"  {key}: {value}" for key, value in (GOOD | changes).items()]
    path = tmp_path / "sources.yaml"
    path.write_text("things:\n" + "\n".join(lines))
    return path


def test_every_set_of_the_paper_is_pinned():
    count = {name: len(source.files) for name, source in sources().items()}
    assert count == {
        "pararel": 3,
        "mmlu": 4,
        "mmlu_test": 57,
        "wice": 2,
        "hotpotqa": 2,
        "fever": 2,
        "halueval": 1,
        "falseqa": 3,
        "nec": 2,
        "selfaware": 1,
        "coconot": 3,
        "coconot_train": 1,
        "coconot_rubric": 1,
        "refusal_tokens": 1,
        "xstest": 1,
        "wildguard": 1,
        "wildjailbreak": 1,
        "or_bench": 2,
        "sorry_bench": 1,
        "advbench": 1,
        "harmful_qa": 1,
        "do_not_answer": 1,
        "oktest": 1,
        "math500": 1,
        "humaneval": 1,
        "center_bench": 2,
        "forbidden_science": 5,
    }
    hashes = [h for source in sources().values() for h in source.files.values() if h]
    assert len(set(hashes)) == len(hashes)


def test_a_record_is_read(tmp_path):
    source = sources(catalogue(tmp_path))["things"]
    assert (source.id, source.upstream) == ("things", "owner/things")
    assert source.files == {"things/rows.json": "a" * 64}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"license": "MIT"}, "things: unknown key 'license'; did you mean licence"),
        ({"revision": "main"}, "things: revision: .*, found"),
        ({"files": "{things/rows.json: abc}"}, "things: files.things/rows.json: .*, found"),
    ],
)
def test_a_wrong_record_is_named(tmp_path, changes, named):
    with pytest.raises(UserError, match=f"sources.yaml: {named}"):
        sources(catalogue(tmp_path, **changes))


def test_a_catalogue_that_is_not_yaml_is_one_line(tmp_path):
    path = tmp_path / "sources.yaml"
    path.write_text("things:\n  id: [1\nothers: {}\n")
    with pytest.raises(UserError, match=r"sources.yaml:3: not YAML \(.*\)$"):
        sources(path)


@pytest.mark.mirror
def test_every_file_of_the_mirror_has_its_checksum(mirror):
    for source in sources().values():
        for file, digest in () if source.own_copy else source.files.items():
            assert digest is None or fetch(source, file, mirror).route == "mirror"


@pytest.mark.parametrize("change", [{"host": "Hugging Face"}, {"revision": "null"}])
def test_what_can_not_be_fetched_from_a_commit_is_the_users_own_copy(tmp_path, change):
    with pytest.raises(UserError, match="without a revision on GitHub it must be own_copy"):
        sources(catalogue(tmp_path, **change))
    found = sources(catalogue(tmp_path, **change, own_copy="true"))["things"]
    with pytest.raises(UserError, match=rf"sensitive, so never downloaded; .* of {found.host} ow"):
        fetch(found, "things/rows.json", tmp_path)
