"""A small made-up results folder with one paper, and the program that reports on it."""

import json
import struct
import sys
import zlib
from html.parser import HTMLParser

import pytest
import yaml

from shared import settings
from shared.report.__main__ import main

PAPER = {
    "name": "Demo",
    "title": "An <invented> paper",
    "kind": "method",
    "summary": "New & improved against Old.",
    "citation": {
        "authors": "N. N.",
        "year": 2024,
        "venue": "nowhere",
        "arxiv": "0000.00000",
        "code": "https://example.org/code",
    },
    "artefacts": [],
    "claims": [
        {
            "id": "c1",
            "text": "New is better than Old | by far.",
            "source": "Table 1",
            "item": "table1",
            "holds": 'ap["New", d] > ap["Old", d]',
        },
        {
            "id": "c2",
            "text": "New is better calibrated.",
            "source": "Table 2",
            "holds": 'ece["New", d] < ece["Old", d]',
        },
        {
            "id": "c3",
            "text": "The gap grows with size.",
            "source": "Figure 1",
            "blocked": "needs Huge",
        },
    ],
    "replicated": {"cpu": "New did better & was <no> better calibrated."},
    "figures": {"figure3": ["c1"]},
    "names": {"Facts A": "invented facts"},
    "deviations": [
        {"scales": ["cpu"], "what": "Fewer `rows`.", "why": "The budget.", "effect": "Wide."},
        {"scales": ["paper"], "what": "Of another scale.", "why": "None."},
    ],
    "scales": {"cpu": {}, "gpu": {}},
}
COMPARISON = """\
item,model,method,dataset,metric,reported,unit,source,protocol,our_model,our_dataset,value,ci_low,ci_high,n,verdict,reason
table1,Big,New,Set A,ap,93.23,%,paper,corrected,tiny,Facts A,61.2345,50.1,70.9,40,stand-in,tiny for Big
table1,Big,New,Set A,ap,93.23,%,paper,official,tiny,Facts A,58.5,48,69,40,stand-in,tiny for Big
table1,Big,Old,Set A,ap,92.89,%,paper,corrected,tiny,Facts A,55,44,66,40,stand-in,tiny for Big
table1,Big,New,Set B,ap,69.41,%,paper,,,,,,,,not attempted,too long for this scale
table1,Big,Old,Set B,ap,68.42,%,paper,,,,,,,,not attempted,too long for this scale
table1,Huge,New,Set A,ap,94.44,%,paper,,,,,,,,blocked,needs weights of Huge
table1,Huge,Old,Set A,ap,94.00,%,paper,,,,,,,,blocked,needs weights of Huge
table1,Huge,New,Set B,ap,77.30,%,paper,,,,,,,,blocked,needs weights of Huge
table1,Huge,Old,Set B,ap,64.12,%,paper,,,,,,,,blocked,needs weights of Huge
table2,Big,New,Set A,ece,0.018,,paper,corrected,Big,Set A,0.0181,0.01,0.03,40,compatible,"off by +0.0001, inside our 95 % interval"
table2,Big,Old,Set A,ece,0.255,,paper,corrected,Big,Set A,0.4,0.35,0.45,40,differs,off by +0.145
issue9,Big,New,Set A,ap,90.69,%,secondary,,,,,,,,not judged,secondary: not the paper's own
"""  # noqa: E501 (rows as they lie in the file)
CLAIMS = """\
id,protocol,kind,ours,verdict,effect,ci_low,ci_high,p,p_adjusted,test,n,units,seeds,part,pairs_in_direction,pairs,reported_in_direction,reported_pairs,note,text,source
c1,corrected,replicated,,holds,6.2345,2.5,9.75,0.0001,0.0004,"t, units and seeds",40,40,3,New 61.2 against Old 55,1,1,2,4,,New is better than Old | by far.,Table 1
c1,official,replicated,,inconclusive,1.5,-2,5,0.2,0.4,"t, units and seeds",40,40,3,,1,1,2,4,about 900 units would settle it,New is better than Old | by far.,Table 1
c2,corrected,replicated,,fails,-0.1234,-0.2,-0.05,0.004,0.01,"t, units",40,40,0,,0,1,1,1,,New is better calibrated.,Table 2
c2,official,replicated,,blocked,,,,,,,0,0,0,,0,0,1,1,no run of Old,New is better calibrated.,Table 2
c3,corrected,replicated,,blocked,,,,,,,0,0,0,,0,0,0,0,needs Huge,The gap grows with size.,Figure 1
c3,official,replicated,,blocked,,,,,,,0,0,0,,0,0,0,0,needs Huge,The gap grows with size.,Figure 1
"""  # noqa: E501
CELLS = """\
item,model,method,dataset,metric,protocol,value,ci_low,ci_high,n,coverage,seeds,unit
table1,tiny,New,Facts A,ap,corrected,61.2345,50.1,70.9,40,0.95,2,%
table1,tiny,New,Facts A,ap,official,58.5,48,69,40,1,1,%
table1,tiny,Old,Facts A,ap,corrected,55,44,66,40,1,2,%
table1,tiny,New,Facts A,ap_strict,corrected,51.5,41,62,40,1,2,%
table1,tiny,New,Facts A,refusal_rate,official,,,,0,1,1,%
table2,Big,New,Set A,ece,corrected,0.0181,0.01,0.03,40,1,1,
table2,Big,Old,Set A,ece,corrected,0.4,0.35,0.45,40,1,1,
"""
REPORTED = """\
item,model,method,dataset,metric,value,unit,direction,n,source,note
table1,Big,New,Set A,ap,93.23,%,higher,,paper,
table1,Big,Old,Set A,ap,92.89,%,higher,,paper,
issue9,Big,New,Set A,ap,90.69,%,higher,,secondary,
"""
AUDIT = """\
check,what,printed,recomputed,agrees,note
average,table1 / Big / New / Average / accuracy,61.09,60.92,no,off by 0.17
same,table1 and table3,,4 of 4 cells equal,yes,
claim,c1: New is better,,2 of 4,no,
"""
RUN = {
    "command": ["train.py", "--seed", "0"],
    "finished": "2026-01-02T03:04:05+00:00",
    "seconds": 125.0,
    "peak_mb": 1430,
    "commit": "0123456789abcdef",
    "dirty": True,
    "settings": {"epochs": 1},
    "inputs": {"facts.jsonl": "ab" * 32},
    "packages": {"numpy": "2.1.0"},
    "hardware": {"system": "Linux", "machine": "x86_64", "cores": 2},
    "tokens_per_second": 312.4,
}
SOURCES = [{"id": "facts", "route": ["package"], "sha256": {"rows": "cd" * 32}, "rows": {"A": 40}}]


def png(width, height):
    """The smallest grey picture of a size."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    rows = (b"\0" + b"\x80" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A folder results/cpu with one paper, `demo`, that has everything."""
    papers = tmp_path / "papers"
    (papers / "demo").mkdir(parents=True)
    (papers / "demo" / "paper.yaml").write_text(yaml.safe_dump({"id": "demo", **PAPER}))
    (papers / "demo" / "reported.csv").write_text(REPORTED)
    monkeypatch.setattr(settings, "PAPERS", papers)
    settings.load_paper.cache_clear()
    folder = tmp_path / "results" / "cpu" / "demo"
    for name in ("figures", "tables", "runs"):
        (folder / name).mkdir(parents=True)
    for name, text in (
        ("comparison", COMPARISON),
        ("claims", CLAIMS),
        ("cells", CELLS),
        ("audit", AUDIT),
    ):
        (folder / f"{name}.csv").write_text(text)
    (folder / "figures" / "figure3.png").write_bytes(png(20, 10))
    (folder / "figures" / "figure3.pdf").write_bytes(b"%PDF-")
    (folder / "figures" / "captions.json").write_text(json.dumps({"figure3": "Bars of <AP>."}))
    (folder / "tables" / "table1.md").write_text("| method | AP |\n|---|---|\n| New | 61.2 |\n")
    (folder / "tables" / "by_topic.md").write_text("| a_topic | AP |\n|---|---|\n| New | 60.1 |\n")
    (folder / "runs" / "train.json").write_text(json.dumps(RUN))
    (folder / "runs" / "data.json").write_text(json.dumps({"sources": SOURCES}))
    yield folder.parent
    settings.load_paper.cache_clear()


@pytest.fixture
def run(monkeypatch):
    """Run `python -m shared.report` with these arguments."""

    def program(*arguments):
        monkeypatch.setattr(sys, "argv", ["report", *map(str, arguments)])
        main()

    return program


@pytest.fixture
def report(results, run):
    """Make the report and give (html page, report.md, summary.json)."""

    def make(scale="cpu"):
        run("--scale", scale, "--results", results, "--out", results)
        text = (results / "report.html").read_text(encoding="utf-8")
        summary = json.loads((results / "summary.json").read_text(encoding="utf-8"))
        return Page(text), (results / "report.md").read_text(encoding="utf-8"), summary

    return make


class Page(HTMLParser):
    """The visible text, the tags with their attributes, and the rows of all tables."""

    VOID = {"meta", "link", "img", "br", "input"}

    def __init__(self, source):
        super().__init__()
        self.source, self.tags, self.rows, self.words, self.open = source, [], [], [], []
        self.begun, self.spans = [], []  # attributes and first word; attributes and all words
        self.feed(source)
        self.close()
        self.text = " ".join("".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)
            self.begun.append((dict(attrs), len(self.words)))
        if tag == "tr":
            self.rows.append((dict(attrs), []))
        if tag in ("td", "th"):
            self.rows[-1][1].append((dict(attrs), []))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes something else"
        attributes, first = self.begun.pop()
        self.spans.append((attributes, first, len(self.words)))

    def handle_data(self, data):
        if self.open and self.open[-1] in ("style", "script"):
            return
        self.words.append(data)
        if ("td" in self.open or "th" in self.open) and self.rows:
            self.rows[-1][1][-1][1].append(data)

    def within(self, value, name="id"):
        """The text of the one element with this attribute, `id` or another."""
        ((_, first, last),) = [span for span in self.spans if span[0].get(name) == value]
        return " ".join("".join(self.words[first:last]).split())

    def cells(self, row):
        return [" ".join("".join(words).split()) for _, words in row[1]]
