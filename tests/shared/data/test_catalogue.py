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
        "falseqa": 3,
        "nec": 2,
        "selfaware": 1,
        "coconot": 3,
        "coconot_train": 1,
        "refusal_tokens": 1,
        "xstest": 1,
        "oktest": 1,
        "center_bench": 2,
        "forbidden_science": 5,
    }
    hashes = [digest for source in sources().values() for digest in source.files.values()]
    assert len(set(hashes)) == len(hashes)


def test_a_record_is_read(tmp_path):
    source = sources(catalogue(tmp_path))["things"]
    assert (source.id, source.upstream, source.hub) == ("things", "owner/things", None)
    assert source.files == {"things/rows.json": "a" * 64}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"license": "MIT"}, "things.license"),
        ({"revision": "main"}, "things.revision"),
        ({"files": "{things/rows.json: abc}"}, "things.files.things/rows.json"),
    ],
)
def test_a_wrong_record_is_named(tmp_path, changes, named):
    with pytest.raises(UserError, match=f"sources.yaml: {named}: .*, found "):
        sources(catalogue(tmp_path, **changes))


@pytest.mark.mirror
def test_every_file_of_the_mirror_has_its_checksum(mirror):
    for source in sources().values():
        for file, digest in () if source.own_copy else source.files.items():
            assert digest is None or fetch(source, file, mirror).route == "mirror"
