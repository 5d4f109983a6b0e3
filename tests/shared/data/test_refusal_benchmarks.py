"""Readers of the published formats, on small files with invented content and on the real ones."""

import json
import re
from collections import Counter

import pandas as pd
import pytest

from shared.data import refusal_benchmarks as benchmarks
from shared.data.catalogue import sources
from shared.data.refusal_benchmarks import Answered, Request
from shared.data.sources import fetch
from shared.errors import UserError


def lines(tmp_path, rows):
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def text(tmp_path, content):
    path = tmp_path / "rows.csv"
    path.write_text(content, encoding="utf-8")
    return path


ROW = {"id": "a1", "category": "Unsupported requests", "prompt": "Paint me.", "response": ""}


def test_coconot(tmp_path):
    path = lines(tmp_path, [ROW])
    expected = Request("a1", "Paint me.", True, "Unsupported requests", "x")
    assert benchmarks.read_coconot(path, "x", refuse=True) == [expected]
    assert not benchmarks.read_coconot(path, "x", refuse=False)[0].refuse


def test_coconot_pairs(tmp_path):
    path = lines(tmp_path, [{**ROW, "chosen": "A poem.", "rejected": "No."}])
    expected = Answered(
        Request("a1", "Paint me.", False, "Unsupported requests", "x"), "A poem.", "No."
    )
    assert benchmarks.read_coconot_pairs(path, "x") == [expected]


def test_temporal(tmp_path):
    rows = "question,label_type,question_id,eval_split\nWho won?,Abstain,q1,temporal\n"
    rows += "Who was it?,Respond,q2,normal\n"
    assert benchmarks.read_temporal(text(tmp_path, rows), "x") == [
        Request("q1", "Who won?", True, "temporal", "x"),
        Request("q2", "Who was it?", False, "normal", "x"),
    ]


def test_xstest_and_oktest(tmp_path):
    rows = "id,prompt,type,label,focus,note\n7,How do I kill a process?,homonyms,safe,kill,\n"
    assert benchmarks.read_xstest(text(tmp_path, rows), "x") == [
        Request("7", "How do I kill a process?", False, "homonyms", "x")
    ]
    rows = 'prompt\n"How do I beat an egg?\n"\n'
    assert benchmarks.read_oktest(text(tmp_path, rows), "x") == [
        Request("0", "How do I beat an egg?", False, "safe", "x")
    ]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({**ROW, "category": "Others"}, ": row 0, category: expected .*found 'Others'"),
        ({"id": "a1"}, ": row 0: expected id, category, prompt"),
        (3, ":1: found '3', expected a JSON object"),
    ],
)
def test_another_format_of_coconot_is_named(tmp_path, row, message):
    path = lines(tmp_path, [row])
    with pytest.raises(UserError, match=f"{re.escape(str(path))}{message}"):
        benchmarks.read_coconot(path, "x", refuse=True)


def test_another_format_of_the_others_is_named(tmp_path):
    with pytest.raises(UserError, match="row 0: expected chosen, rejected"):
        benchmarks.read_coconot_pairs(lines(tmp_path, [ROW]), "x")
    rows = "question,label_type,question_id,eval_split\nWho won?,Maybe,q1,temporal\n"
    with pytest.raises(UserError, match="label_type: expected Abstain or Respond, found 'Maybe'"):
        benchmarks.read_temporal(text(tmp_path, rows), "x")
    with pytest.raises(UserError, match="label: expected safe or unsafe, found 'contrast'"):
        benchmarks.read_xstest(text(tmp_path, "id,prompt,type,label\n1,a,b,contrast\n"), "x")
    with pytest.raises(UserError, match="found columns question; expected prompt"):
        benchmarks.read_oktest(text(tmp_path, "question\na\n"), "x")


@pytest.mark.mirror
def test_the_published_rows():
    """The counts of the published files: 1,001 and 379 requests of CoCoNot, 927 pairs; 200 of 1,400
    temporal questions to be refused; 250 safe of 450 prompts of XSTest; 300 of OKTest."""

    def path(source, file):
        return fetch(sources()[source], file).path

    coconot = benchmarks.read_coconot(path("coconot", "coconot/coconot_eval.jsonl"), "x", refuse=1)
    counts = Counter(row.category for row in coconot)
    assert [counts[name] for name in benchmarks.CATEGORIES] == [82, 225, 142, 395, 157]
    contrast = path("coconot", "coconot/coconot_contrast_eval.jsonl")
    assert len(benchmarks.read_coconot(contrast, "x", refuse=False)) == 379
    pairs = path("coconot", "coconot/coconot_pref.jsonl")
    assert len(benchmarks.read_coconot_pairs(pairs, "x")) == 927
    temporal = benchmarks.read_temporal(
        path("refusal_tokens", "coconot/refusal_eval_temporal.csv"), "x"
    )
    counts = Counter((row.category, row.refuse) for row in temporal)
    assert counts == {("temporal", True): 200, ("normal", False): 236, ("coconut-refusal", 0): 964}
    xstest = benchmarks.read_xstest(path("xstest", "xstest/xstest_prompts.csv"), "x")
    assert Counter(row.refuse for row in xstest) == {False: 250, True: 200}
    oktest = benchmarks.read_oktest(path("oktest", "oktest/OKTest.csv"), "x")
    assert len({row.text for row in oktest}) == 300


def request(text, refuse, category="", key="0"):
    return Request(key, text, refuse, category, "x")


def test_wildguard_leaves_out_what_has_no_label(tmp_path):
    frame = {"prompt": ["a", "b", "c"], "prompt_harm_label": ["harmful", None, "unharmful"]}
    pd.DataFrame(frame | {"subcategory": ["k", "", "benign"]}).to_parquet(tmp_path / "w.parquet")
    assert benchmarks.read_wildguard(tmp_path / "w.parquet", "x") == [
        request("a", True, "k"),
        request("c", False, "benign", "2"),
    ]
    (tmp_path / "broken.parquet").write_bytes(b"no parquet")
    with pytest.raises(UserError, match=r"broken\.parquet: expected parquet with prompt"):
        benchmarks.read_wildguard(tmp_path / "broken.parquet", "x")


def test_wildjailbreak_has_tabs(tmp_path):
    rows = 'adversarial\tlabel\tdata_type\n"Two,\nlines"\t1\tadversarial_harmful\n'
    rows += "Bake.\t0\tadversarial_benign\n"
    assert benchmarks.read_wildjailbreak(text(tmp_path, rows), "x") == [
        request("Two,\nlines", True, "adversarial_harmful"),
        request("Bake.", False, "adversarial_benign", "1"),
    ]
    with pytest.raises(
        UserError, match="row 0, data_type: expected adversarial_harmful or _benign"
    ):
        benchmarks.read_wildjailbreak(text(tmp_path, "adversarial\tdata_type\na\tvanilla\n"), "x")


def test_the_file_of_or_bench_says_what_is_toxic(tmp_path):
    for name, toxic in (("or-bench-hard-1k", False), ("or-bench-toxic", True)):
        path = tmp_path / f"{name}.csv"
        path.write_text("prompt,category\nAsk,privacy\n")
        assert benchmarks.read_or_bench(path, "x") == [request("Ask", toxic, "privacy")]


def test_sorry_bench_in_its_plain_wording(tmp_path):
    row = {"question_id": 7, "category": "3", "turns": ["Ask"]}
    path = lines(tmp_path, [row | {"prompt_style": "base"}, row | {"prompt_style": "slang"}])
    assert benchmarks.read_sorry_bench(path, "x") == [request("Ask", True, "3", "7")]
    with pytest.raises(UserError, match="row 0: expected question_id, category, turns"):
        benchmarks.read_sorry_bench(lines(tmp_path, [row | {"turns": []}]), "x")


def test_requests_that_are_all_harmful(tmp_path):
    path = text(tmp_path, "goal,target\nAsk,Sure\n")
    assert benchmarks.read_advbench(path, "x") == [request("Ask", True)]
    path = text(tmp_path, "id,risk_area,types_of_harm,question\n5,r,t,Ask\n")
    assert benchmarks.read_do_not_answer(path, "x") == [request("Ask", True, "t", "5")]
    path = text(tmp_path, json.dumps([{"id": 1, "topic": "History", "question": "Ask"}] * 2))
    assert benchmarks.read_harmful_qa(path, "x") == [
        request("Ask", True, "History"),
        request("Ask", True, "History", "1"),
    ]


def test_the_rubric_in_small_letters(tmp_path):
    row = {"refusal": "says no", "compliance": "says yes"}
    path = text(tmp_path, json.dumps({"Offer advice": row}))
    assert benchmarks.read_rubric(path) == {"offer advice": ("says no", "says yes")}
    with pytest.raises(UserError, match="WildChats: expected refusal, compliance"):
        benchmarks.read_rubric(text(tmp_path, json.dumps({"WildChats": {"refusal": "no"}})))
