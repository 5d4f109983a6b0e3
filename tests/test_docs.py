"""What the Markdown files say can be followed: links lead to files, commands name what is there."""

import re

import pytest

from shared.settings import PAPERS, ROOT, load_paper, paper_ids

PAGES = sorted(
    page
    for place in ("*.md", "docs/*.md", "papers/*/*.md", "results/*/*.md")
    for page in ROOT.glob(place)
)
PLACEHOLDERS = {"ID", "<id>", "my_paper"}  # of a paper that is not there
CODE = re.compile(r"^```\w*\n(.*?)^```|`([^`\n]+)`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


def named(page):
    return str(page.relative_to(ROOT))


def commands(page):
    """(program, words) of each command line, without the remark that follows two spaces or `#`."""
    for block, span in CODE.findall(page.read_text(encoding="utf-8")):
        for line in re.sub(r"\s*\\\n\s*", " ", block or span).splitlines():
            first, *words = re.split(r"  |#", line)[0].split() or [""]
            if first in ("make", "pytest", "python", "snakemake"):
                yield first, words


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_to_files(page):
    links = LINK.findall(page.read_text(encoding="utf-8"))
    local = [link for link in links if not link.startswith(("http:", "https:", "mailto:"))]
    assert [link for link in local if not (page.parent / link).exists()] == []


def test_one_number_is_followed_through_what_is_there():
    """Each function stands in the file beside it; each row of a CSV and of a README is in one."""
    text = read(ROOT / "docs" / "one-number.md")
    stops = re.findall(r"\]\(\.\./([\w/]+\.py)\)\s+`(\w+)`", text)
    assert len(stops) > 15
    for path, name in stops:
        defined = rf"^(def|class) {name}\b|^{name}(: .*)? = "
        assert re.search(defined, read(ROOT / path), re.MULTILINE), (path, name)
    files = [ROOT / "papers/r_tuning" / name for name in ("reported.csv", "README.md")]
    there = "".join(map(read, [*files, ROOT / "results/cpu/r_tuning/cells.csv"]))
    quoted = re.findall(r"^```\n(.+)\n```", text, re.MULTILINE)
    assert len(quoted) == 3 and all(f"{row}\n" in there for row in quoted)


@pytest.mark.parametrize("paper_id", paper_ids())
def test_a_papers_readme_leads_to_its_deviations(paper_id):
    text = read(PAPERS / paper_id / "README.md")
    differs = text.partition("## What differs from the paper")[2].partition("\n## ")[0]
    assert "`deviations`" in differs and "paper.yaml" in differs
    assert load_paper(paper_id).deviations


@pytest.fixture(scope="module")
def targets():
    """What can be asked of each program."""
    files = [ROOT / "Snakefile", *ROOT.glob("shared/workflow/*.smk"), *ROOT.glob("papers/*/*.smk")]
    rules = re.findall(r"^(?:use rule \w+ as|rule) (\w+)", "".join(map(read, files)), re.MULTILINE)
    made = re.findall(r"^([\w./]+):", read(ROOT / "Makefile"), re.MULTILINE)
    return {"snakemake": {*rules, *paper_ids(), *PLACEHOLDERS}, "make": set(made)}


def read(path):
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_commands_name_what_is_there(page, targets):
    for program, words in commands(page):
        line = " ".join([program, *words])
        plain = [word for word in words if not word.startswith("-") and "=" not in word]
        if program == "python" and words[:1] == ["-m"]:
            assert is_module(words[1]), line
        elif program in targets:
            paths = {word for word in plain if word.startswith(("results/", "resources/"))}
            assert set(plain) - paths <= targets[program], line
        elif program == "pytest":
            missing = [word for word in plain if not (ROOT / word).exists()]
            assert all(PLACEHOLDERS & set(word.split("/")) for word in missing), line
        for setting in words:
            key, _, value = setting.partition("=")
            rule, colon, _ = key.partition(":")  # as of --set-resources
            assert not colon or rule in targets["snakemake"], line
            assert key != "scale" or value in load_paper("r_tuning").scales or value == "…", line


def is_module(name):
    """One of this repository that can be run, or another's."""
    path = ROOT.joinpath(*name.split("."))
    ours = name.startswith(("shared", "papers", "tools"))
    return not ours or path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()
