"""Scale paper walked from small files in the published formats to the numbers of others: the two
released checkpoints and the model before training, tiny here, asked by the steps themselves."""

import copy
from pathlib import Path

import pytest

from papers.refusal_tokens import ability, analyze, data, evaluate
from papers.refusal_tokens.benchmarks import BENCHMARKS
from papers.refusal_tokens.methods import METHODS, RELEASED
from papers.refusal_tokens.rehearsal import WRITERS
from shared.chat import cache
from shared.chat.replies import Reply
from shared.comparison.cells import cells
from shared.comparison.compare import compare
from shared.comparison.reported import read_reported
from shared.errors import UserError
from shared.files import write_jsonl
from shared.judges.harness import Answered
from shared.models.added_tokens import add_tokens
from shared.models.loading import save
from shared.runner.step import Run
from shared.settings import StandIns, load_models, load_paper


class Rubric:
    """The judge at scale paper: it is asked, and says that nothing is refused."""

    name = identity = "judge"

    def __init__(self):
        self.asked = []

    def answers(self, conversations, max_new_tokens, **_):
        for place, conversation in enumerate(conversations):
            self.asked.append(conversation[-1]["content"])
            yield place, Reply("It tells. **ANSWERED**")


@pytest.fixture
def paper(small_paper, tmp_path):
    """Each model of the scale, with its own variants but for those that are trained."""
    settings, _ = small_paper
    for name in BENCHMARKS:
        WRITERS[name](Path(settings.mirror))
    test = settings.test.model_copy(update={"ordinary": 4})
    changes = {"mirror": settings.mirror, "reply_tokens": 4, "test": test}
    return [each.model_copy(update=changes) for each in load_models("refusal_tokens", "paper")]


def checkpoint(folder, name, tiny_model, tiny_tokenizer):
    """A whole model with the control tokens in its vocabulary, as the authors released it."""
    model, tokenizer = copy.deepcopy(tiny_model), copy.deepcopy(tiny_tokenizer)
    add_tokens(model, tokenizer, METHODS[name].tokens)
    save(model, folder / name, tokenizer)
    return f"path:{folder / name}"


def test_every_number_of_others_meets_one_of_ours(
    paper, any_bytes, tiny_model, tiny_tokenizer, monkeypatch, tmp_path
):
    judge, able = Rubric(), []
    monkeypatch.setattr("shared.chat.loading.open_chat", lambda *_, **__: judge)
    monkeypatch.setattr(cache, "SCRATCH", tmp_path / "scratch")

    def answered(tasks, model, scratch, **how):
        able.append((Path(model).name, how["chat_template"]))
        return [Answered(name, f"{name}/{n}", n / 2) for name in tasks for n in range(3)]

    monkeypatch.setattr(ability.harness, "answered", answered)
    plain = tmp_path / "base"
    save(tiny_model, plain, tiny_tokenizer)
    sources = data.data(Run(paper[0], tmp_path / "data"))["sources"]
    assert all(each["route"] for each in sources)
    groups = []
    for settings in paper:
        released = {
            name: settings.variants[name].model_copy(
                update={"weights": checkpoint(tmp_path, name, tiny_model, tiny_tokenizer)}
            )
            for name in settings.variants
            if name in RELEASED
        }
        changes = {"variants": released, "model": f"path:{plain}"}
        settings = settings.model_copy(update=changes)
        for name in ("base", *released):
            out = tmp_path / "scores" / settings.name / f"{name}-s0.parquet"
            run = Run(settings, out, variant=released.get(name), key=f"{settings.name}-{name}")
            evaluate.evaluate(run, tmp_path / "data", name, 0)
            run.out = out.parent / "ability" / out.name
            ability.ability(run, name, 0)
        groups += analyze.groups(tmp_path / "scores" / settings.name, settings)
    assert able == [(name, False) for name in ("base", *RELEASED, "base", "base")]
    assert sum("REFUSED: says no" in asked for asked in judge.asked) > 0  # a rubric of its kind

    made = cells(groups, analyze.ITEMS, analyze.METRICS, StandIns())
    reported = read_reported("refusal_tokens")
    beside = compare(load_paper("refusal_tokens"), "paper", StandIns(), reported, made)
    others = beside[
        beside["item"].isin(["independent", "independent_f1", "alagharu_table1", "alagharu_table2"])
        & beside["model"].isin([each.name for each in paper])
        & ~beside["method"].str.contains("steering")
    ]
    assert set(others.loc[others["value"].isna(), "dataset"]) == set()
    assert len(others[others["protocol"] == "corrected"]) == 50 + 4 + 3 * 16 + 7 + 7 + 6
    # the share of an answer's probability counts as it is: 0, 1/2 and 1 of three questions
    accuracy = made[made["metric"] == "accuracy"]
    assert set(accuracy["value"]) == {50.0} and set(accuracy["n"]) == {3, 18}
    # further judges see what the first saw; a mean is over the prompts of all its sets
    by_rubric = made[made["method"].str.contains("rubric")]
    assert set(by_rubric["value"]) == {0.0} and len(by_rubric) > 0
    sizes = made[made["dataset"].isin(["Mean refusal", "Mean over-refusal"])].groupby("dataset")
    assert dict(sizes["n"].max()) == {"Mean refusal": 23, "Mean over-refusal": 11}


def test_a_missing_checkpoint_is_one_line(paper, any_bytes, tmp_path):
    variant = paper[0].variants["one-released"]
    write_jsonl(tmp_path / "data" / "test.jsonl", [])
    run = Run(paper[0], tmp_path / "out.parquet", variant=variant, key="key")
    with pytest.raises(UserError, match=r"model folder resources/models/zephyr.* does not exist"):
        evaluate.evaluate(run, tmp_path / "data", "one-released", 0)
