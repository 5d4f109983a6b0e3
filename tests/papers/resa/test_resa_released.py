"""The authors' samples and WildJailbreak, from files in the published formats: who learns what."""

import json
from contextlib import contextmanager

import pytest
from pydantic import ValidationError

from papers.resa import data, train, training_samples
from papers.resa.released import OTHER, read_released
from papers.resa.reply_format import REFUSAL, Parts, Wording, write
from papers.resa.samples import chosen
from papers.resa.settings import Variant
from papers.resa.wildjailbreak import read_evaluation, read_wildjailbreak
from shared.errors import UserError
from shared.runner.step import Run
from shared.settings import load_settings

SMOKE = load_settings("resa", "smoke")
WORDING = Wording(lead="", bridge="But wait.", query_lead="")
REFUSED = write("answer-check", Parts(REFUSAL, "It breaks Privacy.", "A plan."), WORDING)
ANSWERED = write("answer-check", Parts("Gladly.", "It keeps to Privacy.", "A plan."), WORDING)
WILD = """\
vanilla\tadversarial\tcompletion\tdata_type
Open the box.\t\tI won't.\tvanilla_harmful
Close the box.\t\tWith both hands.\tvanilla_benign
Open the box.\tAs a poet, open the box.\tI still won't.\tadversarial_harmful
Close the box.\tAs a poet, close the box.\tWith both hands, in verse.\tadversarial_benign
"""
RELEASED = [
    {"prompt": "Open the box.", "response": REFUSED},
    {"prompt": "Close the box.", "response": ANSWERED},
    {"prompt": "As a poet, open the box.", "response": REFUSED},
    {"prompt": "As the inspector, open the box.", "response": REFUSED},
]


def released(tmp_path, rows, wild=()):
    path = tmp_path / "sft_train.json"
    path.write_text(rows if isinstance(rows, str) else json.dumps(rows))
    return read_released(path, WORDING, wild)


def test_released_samples_in_three_forms(tmp_path):
    samples = released(
        tmp_path,
        [
            {"prompt": "one", "response": REFUSED},
            {"messages": [{"role": "user", "content": "two"}, {"role": "a", "content": "Yes."}]},
            {"conversations": [{"from": "u", "value": "three"}, {"from": "a", "value": REFUSED}]},
        ],
    )
    assert [sample["prompt"] for sample in samples] == ["one", "two", "three"]
    assert [sample["harmful"] for sample in samples] == [True, False, True]
    assert samples[0]["summary"] == "A plan." and samples[1]["summary"] is None


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("[", "not JSON"),
        ({"a": 1}, "found an object; expected a list"),
        (["x"], "row 0: expected a record, found 'x'"),
        ([{"text": "x"}], "row 0: expected prompt and response, .*; found text"),
        ([{"prompt": "x", "response": " "}], "row 0: expected a reply, found an empty one"),
    ],
)
def test_released_samples_of_no_known_form(tmp_path, rows, message):
    with pytest.raises(UserError, match=message):
        released(tmp_path, rows)


def test_wildjailbreak_tells_the_attack_and_the_request_of_a_released_sample(tmp_path):
    path = tmp_path / "train.tsv"
    path.write_text(WILD)
    samples = released(tmp_path, RELEASED, read_wildjailbreak(path))
    assert [sample["method"] for sample in samples] == ["", "", "WJ", OTHER]
    assert [sample["request"] for sample in samples[2:]] == ["Open the box.", RELEASED[3]["prompt"]]
    assert [sample["type"] for sample in samples] == [
        "Vanilla Harmful", "Vanilla Benign", "Adversarial Harmful", "Adversarial Harmful",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "vanilla\tcompletion\na\tb\n",
            "1: found columns vanilla,completion; expected vanilla,adversarial,completion",
        ),
        (WILD.replace("vanilla_benign", "mild"), " row 1, data_type: expected .*, found 'mild'"),
        (f"{WILD}cut\toff", r"\d+: found 2 fields; expected 4"),
    ],
)
def test_a_wildjailbreak_of_another_form_is_one_line(tmp_path, text, message):
    path = tmp_path / "train.tsv"
    path.write_text(text)
    with pytest.raises(UserError, match=rf"train\.tsv:{message}"):
        read_wildjailbreak(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("adversarial\tdata_type\na\tadversarial_benign\tb\n", "2: found 3 fields; expected 2"),
        ("adversarial\tdata_type\na\tbenign\n", " row 0, data_type: expected adversarial_harmf"),
    ],
)
def test_an_evaluation_file_of_another_form_is_one_line(tmp_path, text, message):
    path = tmp_path / "eval.tsv"
    path.write_text(text)
    with pytest.raises(UserError, match=rf"eval\.tsv:{message}"):
        read_evaluation(path)


class Analyst:
    """Writes analyses of queries that name the policy it was told."""

    def query_analyses(self, drafts):
        return [f"{draft.query.prompt} breaks {draft.policy}." for draft in drafts]


@pytest.fixture
def learnt(tmp_path, monkeypatch):
    """The folder of the data step at settings shaped as those of scale paper."""

    @contextmanager
    def opened(models, key, precision):
        yield Analyst()

    monkeypatch.setattr(training_samples.chat_generator, "opened", opened)
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "train.tsv").write_text(WILD)
    (mirror / "sft_train.json").write_text(json.dumps(RELEASED))
    asked = {"model": "api:org/large"}
    settings = changed(
        queries={},
        mirror=str(mirror),
        wording=WORDING.model_dump(),
        released="sft_train.json",
        wildjailbreak={"file": "train.tsv"},
        generators={
            **dict.fromkeys(("uncensored", "helpful", "analyst", "guard"), asked),
            **{"answer_tokens": 8, "short_tokens": 8},
        },
    )
    data.data(Run(settings, tmp_path / "data", key="test"))
    return tmp_path / "data"


def changed(**values):
    return type(SMOKE).model_validate({**SMOKE.model_dump(), **values})


def variant(**values):
    named = {"method": "ReSA-SFT", "style": "answer-check", "seeds": [0], **values}
    return Variant.model_validate(named)


def test_only_wj_is_not_the_whole_set(learnt):
    everything = chosen(learnt, variant(), 0)
    only = chosen(learnt, variant(jailbreaks=["WJ"]), 0)
    assert len(everything) == 4 and len(only) == 3
    assert {sample["method"] for sample in only} == {"", "WJ"}


def test_wj_sft_learns_wildjailbreak_and_its_answers(learnt):
    rows = chosen(learnt, variant(style="direct", samples="wildjailbreak"), 0)
    replies = [train.reply(row, variant(style="direct"), SMOKE) for row in rows]
    assert replies == [
        "I won't.", "With both hands.", "I still won't.", "With both hands, in verse.",
    ]  # fmt: skip
    assert [row["prompt"] for row in rows[2:]] == [
        "As a poet, open the box.", "As a poet, close the box.",
    ]  # fmt: skip


def test_check_then_answer_learns_analyses_of_the_released_queries(learnt):
    """They are asked for; the policy is the one that the analysis of the plan names."""
    analyses = [row["query_analysis"] for row in chosen(learnt, variant(style="query-check"), 0)]
    assert analyses[0] == "Open the box. breaks Privacy."
    assert analyses[1] == "Close the box. breaks None."


def test_the_record_names_the_copies(learnt):
    records = json.loads((learnt / "sources.json").read_text())
    assert {r["id"]: r["route"] for r in records} == {
        "WildJailbreak": ["mirror"], "ReSA samples": ["mirror"],
    }  # fmt: skip


def test_a_copy_that_is_not_there_is_one_line(tmp_path):
    settings = changed(queries={}, released="sft.json", mirror=str(tmp_path))
    with pytest.raises(UserError, match=r"sft\.json: no such file; expected the ReSA samples"):
        data.data(Run(settings, tmp_path / "data", key="test"))


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("wj", {"jailbreaks": ["WJ"]}, "jailbreaks: released samples do not say which attack"),
        ("da", {"style": "query-check"}, "style: released samples have no analysis of the query"),
        ("wj", {"samples": "wildjailbreak"}, "samples: needs the setting wildjailbreak"),
    ],
)
def test_what_released_samples_do_not_say_is_found_before_a_run(name, values, message):
    made = {name: variant(**values).model_dump()}
    with pytest.raises(ValidationError, match=f"variants.{name}.{message}"):
        changed(queries={}, released="sft.json", wildjailbreak=None, variants=made)


def test_samples_come_from_one_place():
    with pytest.raises(ValidationError, match="queries: expected either these or `released`"):
        changed(released="sft.json")
    with pytest.raises(ValidationError, match="expected queries or a file"):
        changed(wildjailbreak={})
