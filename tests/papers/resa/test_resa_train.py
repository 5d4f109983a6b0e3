"""Training: what a variant learns, and on which prompts it is reinforced."""

import pytest

from papers.resa import reinforce, train
from papers.resa.queries import fact_queries
from papers.resa.reply_format import REFUSAL, Parts, write
from papers.resa.samples import chosen
from papers.resa.training_samples import training_samples
from shared.data.ledger import Ledger
from shared.errors import UserError
from shared.files import write_jsonl
from shared.settings import load_settings
from shared.training.examples import IGNORED

CPU, GPU = load_settings("resa", "cpu"), load_settings("resa", "gpu")


SAMPLE = {
    "id": "s", "prompt": "How does it end?", "request": "How does it end?", "harmful": True,
    "method": "", "summary": "Tell how it ends.", "analysis": "It breaks Spoilers: untold.",
    "query_analysis": "The prompt breaks Spoilers: untold.", "answer": REFUSAL,
}  # fmt: skip
FACT = {"prompt": "Capital of Peru?", "request": "Capital of Peru?", "answer": "It is Lima."}


@pytest.fixture
def tokenizer(tiny_tokenizer):
    tiny_tokenizer.chat_template = (
        "{% for m in messages %}[{{ m['role'] }}]{{ m['content'] }}{% endfor %}[reply]"
    )
    return tiny_tokenizer


@pytest.mark.parametrize("scale", ["smoke", "cpu", "gpu"])
def test_small_models_are_reinforced_with_a_warm_up_and_held_to_where_they_began(scale):
    """Without, the first step of Adam moves every weight by the whole rate, and they collapsed."""
    learning = load_settings("resa", scale).reinforcement
    assert learning.warmup_steps and learning.kl == 0.02 and learning.keep_best


@pytest.mark.parametrize("scale", ["cpu", "gpu"])
def test_a_step_of_reinforcement_has_several_groups(scale):
    """One harmful group alone decided a step, and the model collapsed."""
    learning = load_settings("resa", scale).reinforcement
    assert learning.prompts_per_step >= 4 and learning.generations >= 8
    assert learning.learning_rate <= 2e-4


@pytest.mark.parametrize("name", ["wj-sft", "deliberative", "resa-sft"])
def test_only_the_reply_is_learnt(tokenizer, name):
    """The labelled tokens spell the reply in the variant's style and an end of sequence."""
    variant = GPU.variants[name]
    settings = CPU.model_copy(
        update={"training": CPU.training.model_copy(update={"max_length": 999})}
    )
    (made,) = train.examples([SAMPLE], [], variant, tokenizer, settings)
    learnt = [label for label in made["labels"] if label != IGNORED]
    text = tokenizer.decode(learnt[:-1])
    assert learnt[-1] == tokenizer.eos_token_id
    analysis = "query_analysis" if name == "deliberative" else "analysis"
    parts = Parts(REFUSAL, SAMPLE[analysis], SAMPLE["summary"])
    assert text == write(variant.style, parts, CPU.wording)
    unlearnt = tokenizer.decode(made["input_ids"][: len(made["input_ids"]) - len(learnt)])
    assert unlearnt == "[system][user]How does it end?[reply]"


def test_the_adaptive_variant_also_learns_plain_answers(tokenizer):
    variant = GPU.variants["resa-sft-adaptive"]
    made = train.examples([SAMPLE], [FACT], variant, tokenizer, GPU)
    learnt = tokenizer.decode([label for label in made[1]["labels"] if label != IGNORED][:-1])
    assert len(made) == 2 and learnt == "It is Lima."


def test_a_variant_learns_from_its_attacks_or_a_part(built):
    rows, folder = built
    samples = rows["train"]
    only = chosen(folder, GPU.variants["resa-sft-wj"], 0)
    assert {sample["method"] for sample in only} == {"", "WJ"}
    part = CPU.variants["resa-sft"].model_copy(update={"size": 32})
    assert len(chosen(folder, part, 0)) == 32
    assert chosen(folder, CPU.variants["resa-sft"], 0) == samples


@pytest.mark.parametrize("scale", ["cpu", "gpu"])
def test_wj_sft_learns_as_much_as_resa_sft(scale, tmp_path):
    """So many samples, of both sides, and none with an attack that WildJailbreak has not."""
    settings = load_settings("resa", scale)
    sizes = settings.facts.model_dump(exclude={"relations"})
    facts = fact_queries(sizes, 0, settings.facts.relations)["train"]
    samples, wild, _ = training_samples(settings, facts, Ledger(), "key")
    assert len(wild) == len(samples)
    assert {sample["method"] for sample in wild} == {"", "WJ"}
    sides = [sum(sample["harmful"] for sample in part) / len(part) for part in (wild, samples)]
    assert sides[0] == pytest.approx(sides[1], abs=0.05)


def test_a_sample_without_what_a_style_needs_is_left_out(tmp_path):
    """Before a part is taken, so that a part is as large as it says; a style that needs no check
    keeps it."""
    bare = {**SAMPLE, "id": "bare", "analysis": None, "query_analysis": None}
    write_jsonl(tmp_path / "train.jsonl", [bare, SAMPLE, bare])
    variant = CPU.variants["resa-sft"]
    assert chosen(tmp_path, variant, 0, train.ANALYSES[variant.style]) == [SAMPLE]
    one = variant.model_copy(update={"size": 1})
    assert chosen(tmp_path, one, 0, "query_analysis") == [SAMPLE]
    assert len(chosen(tmp_path, variant, 0)) == 3
    write_jsonl(tmp_path / "train.jsonl", [bare])
    with pytest.raises(UserError, match=r"train\.jsonl: none of 1 samples with analysis to learn"):
        chosen(tmp_path, variant, 0, "analysis")


def test_prompts_of_reinforcement_know_their_kind():
    rl = GPU.variants["resa-rl"]
    benign = {**SAMPLE, "harmful": False}
    rows = {row["kind"]: row for row in reinforce.prompts([SAMPLE, benign], [FACT], rl, GPU, 0)}
    assert set(rows) == {"harmful", "benign", "plain"}
    assert rows["harmful"]["prompt"][-1] == {"role": "user", "content": SAMPLE["prompt"]}


def test_a_variant_may_have_its_own_instruction_and_tag():
    paper = load_settings("resa", "paper")
    rl, sft = paper.variants["resa-rl"], paper.variants["resa-sft"]
    (row,) = reinforce.prompts([SAMPLE], [], rl, paper, 0)
    assert "<think>" in row["prompt"][0]["content"]
    assert paper.worded(rl).outer == "think" and paper.worded(sft) == paper.wording
    assert paper.instruction(sft) == paper.instruction(None) == ""


def test_every_step_of_reinforcement_sees_both_kinds():
    """20 harmful and 30 benign prompts: of any five in a row two are harmful and three benign."""
    rows = [{"n": n, "kind": "harmful" if n < 20 else "benign"} for n in range(50)]
    order = reinforce.mixed(rows, 0)
    kinds = [row["kind"] for row in order]
    for start in range(0, 50, 5):
        assert kinds[start : start + 5].count("harmful") == 2
    assert sorted(row["n"] for row in order) == list(range(50))
    assert order == reinforce.mixed(rows, 0) != reinforce.mixed(rows, 1)
    assert [row["n"] for row in order if row["n"] < 20] != list(range(20))
