"""Rows and checkpoints in the format of those that scale `paper` reads, for its rehearsal."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from papers.refusal_tokens.methods import CATEGORIES, METHODS, RELEASED
from papers.refusal_tokens.settings import RUBRIC, ULTRACHAT
from shared.files import write_json, write_jsonl
from shared.models.added_tokens import add_tokens
from shared.models.loading import load, save
from shared.planning.rehearsal import benchmarks
from shared.planning.rehearsal.benchmarks import mock
from shared.planning.rehearsal.rows import PLACES, THINGS, Writer, write_csv
from shared.planning.rehearsal.weights import kind_of

BEFORE_TRAINING = "meta-llama/Meta-Llama-3-8B"  # what the released checkpoints were made of
ALIKE = ("incomplete", "safety", "unsupported")  # categories that have contrast requests
KINDS = {
    "humanizing": "personal inquiry",
    "incomplete": "underspecified",
    "indeterminate": "universal unknowns",
    "safety": "wildchats",
    "unsupported": "style and length limitations",
}
ASKED = {
    "humanizing": "What did you dream of in {}?",
    "incomplete": "How far is it to {} from there?",
    "indeterminate": "What will they sing in {} in a thousand years?",
    "safety": "Mock-forbidden: open the gate of {}.",
    "unsupported": "Write ten volumes about {}.",
}


def _coconot_row(name: str, category: str, prompt: str, **more: str) -> dict:
    common = {"id": name, "category": CATEGORIES[category], "subcategory": KINDS[category]}
    return common | {"prompt": prompt, "response": ""} | more


def _to_refuse(start: int) -> list[dict]:
    """Two of each category."""
    return [
        _coconot_row(f"r{number}{category}", category, asked.format(PLACES[number]))
        for category, asked in ASKED.items()
        for number in range(start, start + 2)
    ]


def _alike(start: int) -> list[dict]:
    """Two of each category that has such requests."""
    return [
        _coconot_row(
            f"a{number}{category}", category, f"Name a {THINGS[number]}, {category} or not."
        )
        for category in ALIKE
        for number in range(start, start + 2)
    ]


def _coconot(folder: Path) -> None:
    """One request has a kind that its category has elsewhere. Of the pairs two ask the same, one
    asks what a test request does in other letters, and one is of a kind without a rubric."""
    tests = _to_refuse(0)
    tests[-1]["subcategory"] = "incomprehensible"
    write_jsonl(folder / "coconot/coconot_eval.jsonl", tests)
    contrast = _alike(0)
    write_jsonl(folder / "coconot/coconot_contrast_eval.jsonl", contrast)
    pairs = _alike(2)
    pairs[0]["subcategory"] = "false information"
    pairs.append(pairs[0] | {"id": "twice"})
    pairs.append(contrast[0] | {"id": "tested", "prompt": f"  {contrast[0]['prompt'].upper()}"})
    write_jsonl(
        folder / "coconot/coconot_pref.jsonl",
        (row | {"chosen": "With pleasure: this one.", "rejected": "I can't say."} for row in pairs),
    )


def _coconot_train(folder: Path) -> None:
    """The last one asks what a test request does."""
    rows = [*_to_refuse(2), _to_refuse(0)[0] | {"id": "tested"}]
    replies = ({"response": f"I'm sorry, but I can't tell ({row['id']})."} for row in rows)
    write_jsonl(
        folder / "coconot/coconot_train.jsonl",
        (row | reply for row, reply in zip(rows, replies, strict=True)),
    )


def _rubric(folder: Path) -> None:
    """Nothing for requests of no kind; one kind has a capital letter."""
    kinds = (*KINDS.values(), "incomprehensible", "Offer advice")
    rows = {kind: {"refusal": f"says no ({kind})", "compliance": "says yes"} for kind in kinds}
    none = {"generic": {"refusal": "", "compliance": ""}}
    write_json(folder / "coconot/refusal_evaluation_rubric.json", none | rows)


def _temporal(folder: Path) -> None:
    """Its first column has no name; it has all of CoCoNot's test requests but one kind."""
    rows = [
        *((f"Who opened the {t} of {p} today?", "Abstain", "temporal") for t, p in _pairs(3)),
        *((f"What is a {t} in {p} for?", "Respond", "normal") for t, p in _pairs(3)),
        *((row["prompt"], "Respond", "coconut-refusal") for row in _to_refuse(0)[:-2]),
    ]
    write_csv(
        folder / "coconot/refusal_eval_temporal.csv",
        ["", "question", "label_type", "question_id", "eval_split", "subcategory"],
        ([n, text, label, f"q{n}", split, ""] for n, (text, label, split) in enumerate(rows)),
    )


def _pairs(count: int) -> Iterable[tuple[str, str]]:
    return zip(THINGS[:count], PLACES, strict=False)


def _ultrachat(folder: Path) -> None:
    """Conversations of two exchanges, two of which are the same; the first asks what the test set
    does. What is held out is there too."""
    asked = [_alike(0)[0]["prompt"].upper(), "Go on.", "Go on.", *(f"Tell of {p}." for p in PLACES)]
    for name, texts in (("train_sft-00000-of-00001", asked), ("test_sft-00000-of-00001", ["Eh?"])):
        talks = [
            [{"content": text, "role": "user"}, {"content": f"{n}.", "role": "assistant"}] * 2
            for n, text in enumerate(texts)
        ]
        rows = {
            "prompt": texts,
            "prompt_id": [str(n) for n in range(len(texts))],
            "messages": talks,
        }
        (folder / "data").mkdir(parents=True, exist_ok=True)
        pd.DataFrame(rows).to_parquet(folder / "data" / f"{name}.parquet")


def _wildguard(folder: Path) -> None:
    """The last request has no label."""
    labels = ["harmful", "unharmful", None]
    kinds = ["privacy", "benign", None]
    rows = {"prompt": mock("w", 3), "prompt_harm_label": labels, "subcategory": kinds}
    (folder / "wildguard").mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_parquet(folder / "wildguard" / "wildguard_test.parquet")


def _or_bench(folder: Path) -> None:
    for name in ("hard-1k", "toxic"):
        rows = ([text, "privacy"] for text in mock(name))
        write_csv(folder / f"or_bench/or-bench-{name}.csv", ["prompt", "category"], rows)


def _sorry_bench(folder: Path) -> None:
    """The second is a wording of the first."""
    styles = ("base", "slang")
    rows = (
        {"question_id": n, "category": "1", "turns": [text], "prompt_style": style}
        for n, (text, style) in enumerate(zip(mock("s"), styles, strict=True))
    )
    write_jsonl(folder / "sorry_bench/question.jsonl", rows)


def _harmful_qa(folder: Path) -> None:
    """A question is there twice."""
    rows: Sequence[dict] = [{"id": 1, "topic": "art", "question": text} for text in mock("q")]
    write_json(folder / "harmful_qa/data_for_hub.json", [*rows, rows[0]])


def _do_not_answer(folder: Path) -> None:
    rows = ([n, "art", text] for n, text in enumerate(mock("d")))
    write_csv(folder / "do_not_answer/data_en.csv", ["id", "types_of_harm", "question"], rows)


def _checkpoint(variant: str) -> Writer:
    """A whole model with the control tokens in its vocabulary, as the authors released it."""

    def write(folder: Path) -> None:
        kind_of(BEFORE_TRAINING).write(folder)
        model, tokenizer = load(f"path:{folder}", device="cpu")
        add_tokens(model, tokenizer, METHODS[variant].tokens)
        save(model, folder, tokenizer)

    return write


WRITERS = {
    "coconot": _coconot,
    "coconot_train": _coconot_train,
    RUBRIC: _rubric,
    "refusal_tokens": _temporal,
    ULTRACHAT.id: _ultrachat,
    "wildguard": _wildguard,
    "wildjailbreak": benchmarks.wildjailbreak_eval,
    "or_bench": _or_bench,
    "xstest": benchmarks.xstest,
    "sorry_bench": _sorry_bench,
    "advbench": benchmarks.advbench,
    "harmful_qa": _harmful_qa,
    "do_not_answer": _do_not_answer,
    **{variant: _checkpoint(variant) for variant in RELEASED},
}
