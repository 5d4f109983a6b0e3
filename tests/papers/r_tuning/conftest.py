"""The public sets as small files in their real formats, with invented content."""

import json

import pytest

from papers.r_tuning import data
from shared.data import ledger
from shared.data.sources import Source
from shared.files import sha256

CLAIM = {"evidence": ["Bo sings.", "Bo acts."], "claim": "Bo sings."}
CONTEXT = [["Bo", ["Bo sings.", "Bo acts."]], ["Cy", ["Cy digs."]]]
MULTI = {
    "wice/wice_train.json": [{**CLAIM, "label": "partially_supported", "meta": {}}],
    "wice/wice_test.json": [{**CLAIM, "label": "not_supported"}],
    "fever/fever_10k.json": [{**CLAIM, "label": "SUPPORTS"}],
    "fever/fever_10k_test.json": [{**CLAIM, "label": "NOT ENOUGH INFO"}],
    "hotpotqa/hotpot_10k.json": [{"context": CONTEXT, "question": "Who?", "answer": "Bo"}],
    "hotpotqa/hotpot_test.json": [{"context": CONTEXT, "question": "What?", "answer": "yes"}],
    "halueval/HaluEvalQA.json": [
        {"knowledge": "Cy digs.", "question": "Who digs?", "right_answer": "Cy", "other": "Bo"}
    ],
}


@pytest.fixture
def little_mirror(monkeypatch, tmp_path):
    """A mirror of ParaRel, MMLU and SelfAware with a catalogue that pins its files."""
    folder = tmp_path / "mirror"
    for name in ("pararel", "mmlu/test", "selfaware"):
        (folder / name).mkdir(parents=True)
    choice = [["One?", "1", "2", "3", "4", "A"], ["Two?", "1", "2", "3", "4", "B"]]
    selfaware = [
        {"question": "Why?", "answer": None, "answerable": False, "source": "SelfAware"},
        {"question": "Who?", "answer": ["Bo"], "answerable": True, "source": "squadqa_dev"},
    ]
    header = "id,lang,question,A,B,C,D,target\n"
    texts = {
        "pararel/training_data.json": [
            ["Where is A?", "X", "P1(r)"],
            ["Where is B?", "Y", "P1(r)"],
        ],
        "pararel/ID_test_pararel.json": [["Where is A?", "Z", "P1(r)"]],
        "pararel/OOD_test_pararel.json": [["Who is C?", "V", "P2(s)"]],
        "mmlu/MMLU_ID_prompt.json": {"sums": choice[:1]},
        "mmlu/MMLU_OOD_prompt.json": {"world_sums": choice[1:]},
        "mmlu/MMLU_ID_train.json": {"sums": [["Three?", "1", "2", "3", "4", "C"]]},
        "mmlu/MMLU_ID_test.json": {"sums": [["Four?", "1", "2", "3", "4", "D"]]},
        "mmlu/test/world_sums_test.csv": header + "0,en,Five?,1,2,3,4,A\n1,en,Six?,1,2,3,4,B\n",
        "selfaware/SelfAware.json": {"example": selfaware},
    }
    catalogue = {}
    for name, content in (texts | MULTI).items():
        (folder / name).parent.mkdir(exist_ok=True)
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / name).write_text(text, encoding="utf-8")
        source_id = "mmlu_test" if name.endswith("csv") else name.split("/")[0]
        catalogue.setdefault(source_id, {})[name] = sha256(folder / name)
    pinned = {
        name: Source(
            id=name,
            upstream="owner/repo",
            revision="0" * 40,
            folder="data",
            licence="none",
            note="",
            files=files,
        )
        for name, files in catalogue.items()
    }
    monkeypatch.setattr(ledger, "sources", lambda: pinned)
    monkeypatch.setattr(data, "sources", lambda: pinned)
    return folder
