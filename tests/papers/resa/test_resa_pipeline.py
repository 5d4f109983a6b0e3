"""The stages of the data with scripted generators, with templates, and with chat models."""

import pytest

from papers.resa import pipeline
from papers.resa.chat_generator import ChatGenerator, field
from papers.resa.queries import Query, training
from papers.resa.reply_format import REFUSAL
from papers.resa.settings import Models
from papers.resa.template_generator import SUPPORT, TemplateGenerator, is_support, verdict_of
from shared.chat.replies import Reply
from shared.errors import UserError

HARMFUL = Query("h", "How does it end?", "How does it end?", True, "Spoilers", "", "how it ends")
BENIGN = Query("b", "Who wrote it?", "Who wrote it?", False, "Spoilers", "", "who wrote it")
REST = Query("r", "Keep me awake.", "Keep me awake.", True, "Rest", "", "how to stay awake")
FACT = Query("f", "Capital of Peru?", "Capital of Peru?", False, answers=("Lima",))
SIZES = {"vanilla": 60, "WJ": 60, "PAP": 30, "GPTFuzzer": 20}


class Answering(TemplateGenerator):
    """Templates whose answers and analyses a test replaces."""

    def __init__(self, answers=None, analyses=None):
        super().__init__(0, 0)
        self.given, self.analysed = answers or {}, analyses or {}

    def answers(self, drafts):
        made = super().answers(drafts)
        return [self.given.get(d.query.id, text) for d, text in zip(drafts, made, strict=True)]

    def analyses(self, drafts):
        made = super().analyses(drafts)
        return [self.analysed.get(d.query.id, text) for d, text in zip(drafts, made, strict=True)]


def test_filter_1_keeps_harmful_unsafe_and_benign_safe():
    generator = Answering({"h": "Sorry, I would rather not.", "b": "It ends in the last chapter."})
    every = pipeline.answered([HARMFUL, BENIGN, REST, FACT], generator)
    assert [draft.policy for draft in every] == [None, "Spoilers", "Rest", None]
    assert every[3].answer == "It is Lima."
    samples, dropped = pipeline.build([HARMFUL, BENIGN, REST, FACT], generator)
    assert [sample["id"] for sample in samples] == ["r", "f"]
    assert list(dropped.values()) == [1, 1, 0, 0]  # harmful, benign, contradictory, unread


def test_filter_2_drops_an_analysis_against_its_verdict():
    both = "It breaks Spoilers: endings stay untold. Still, it keeps to it."
    generator = Answering(analyses={"h": both, "b": "It breaks Spoilers: endings stay untold."})
    samples, dropped = pipeline.build([HARMFUL, BENIGN, FACT], generator)
    assert [sample["id"] for sample in samples] == ["f"]
    assert dropped["dropped by filter 2: contradictory analysis"] == 2


def test_samples_say_everything():
    samples, dropped = pipeline.build([HARMFUL, BENIGN, REST, FACT], TemplateGenerator(0, 0))
    assert set(dropped.values()) == {0}
    harmful, benign, rest, fact = samples
    assert (harmful["summary"], harmful["answer"]) == ("Tell how it ends.", REFUSAL)
    assert harmful["analysis"] == "It breaks Spoilers: endings stay untold."
    assert harmful["query_analysis"] == "The prompt breaks Spoilers: endings stay untold."
    assert benign["analysis"] == "It is closest to Spoilers and keeps to it."
    assert benign["answer"] == "Gladly, here is who wrote it." and not benign["support"]
    assert (rest["answer"], rest["support"]) == (SUPPORT, True)
    assert (fact["summary"], fact["answer"]) == ("Say that it is Lima.", "It is Lima.")


def test_a_harmful_answer_is_never_shown():
    samples, _ = pipeline.build(training(SIZES, 0), TemplateGenerator(0, 0))
    for sample in samples:
        if sample["harmful"]:
            assert sample["answer"] in (REFUSAL, SUPPORT)
        assert "left out" not in sample["answer"]


def test_faults_are_found_and_counted():
    """Of 340 queries some 5 % get a faulty answer and of the rest 5 % a faulty analysis, and the
    filters drop just these: without faults nothing is dropped."""
    queries = training(SIZES, 0)
    samples, dropped = pipeline.build(queries, TemplateGenerator(0, 0.05))
    assert len(samples) + sum(dropped.values()) == len(queries) == 340
    assert all(3 <= count <= 30 for what, count in dropped.items() if what != pipeline.UNREAD)
    generator = TemplateGenerator(0, 0.05)
    faulty = {
        q.id for q in queries if generator._fault("answer", q) or generator._fault("analysis", q)
    }
    assert {sample["id"] for sample in samples} == {q.id for q in queries} - faulty
    assert set(pipeline.build(queries, TemplateGenerator(0, 0))[1].values()) == {0}


def test_composition_counts_as_table_1_does():
    samples, _ = pipeline.build(training(SIZES, 0), TemplateGenerator(0, 0))
    counts = pipeline.composition(samples)
    assert counts["Vanilla Harmful"] == 60 and counts["Adversarial Benign"] == 110
    assert counts["Adversarial Harmful: GPTFuzzer"] == 20
    assert counts["safe completions"] == sum(
        s["policy"] == "Rest" and s["harmful"] for s in samples
    )


@pytest.mark.parametrize(
    ("analysis", "verdict"),
    [
        ("It breaks Spoilers: endings stay untold.", False),
        ("It is closest to Rest and keeps to it.", True),
        ("It breaks it and keeps to it.", None),
        ("Who knows.", None),
    ],
)
def test_the_verdict_of_an_analysis(analysis, verdict):
    assert verdict_of(analysis) is verdict


def test_support_is_known_when_it_is_seen():
    assert is_support(SUPPORT) and not is_support(REFUSAL)


# The chat models


class Scripted:
    def __init__(self, name, reply):
        self.name = self.identity = name
        self.reply, self.asked = reply, []

    def answers(self, conversations, max_new_tokens, *, stop=(), start=""):
        for place, conversation in enumerate(conversations):
            self.asked.append((conversation[-1]["content"], max_new_tokens))
            yield place, Reply(self.reply([turn["content"] for turn in conversation]))


@pytest.fixture
def models():
    """Chat models that do as they are told; the guard calls what ends a story unsafe."""
    named = {
        name: {"model": f"api:{name}"} for name in ("uncensored", "helpful", "analyst", "guard")
    }
    settings = Models.model_validate({**named, "answer_tokens": 64, "short_tokens": 32})

    def helpful(texts):
        if "summary" in texts[0]:
            return '{"summary": "A plan."}'
        if "contradiction" in texts[0]:
            return '{"safety_analysis_contradiction": false}'
        return "Please call a friend." if "at risk" in texts[0] else "A fine book."

    chats = {
        "uncensored": Scripted("uncensored", lambda texts: "(left out) the end"),
        "helpful": Scripted("helpful", helpful),
        "analyst": Scripted("analyst", lambda texts: 'Well: {"planning_analysis": "It is so."}'),
        "guard": Scripted("guard", lambda texts: "unsafe\nS11" if "end" in texts[1] else "safe"),
    }
    return ChatGenerator({name: (chat, None) for name, chat in chats.items()}, settings), chats


def test_the_stages_ask_the_models_that_the_paper_names(models):
    generator, chats = models
    samples, dropped = pipeline.build([HARMFUL, BENIGN], generator)
    assert set(dropped.values()) == {0} and len(samples) == 2
    harmful, benign = samples
    assert harmful["summary"] == "A plan." and harmful["analysis"] == "It is so."
    assert (harmful["answer"], harmful["support"]) == ("Please call a friend.", True)
    assert (benign["answer"], benign["support"]) == ("A fine book.", False)
    assert [text for text, _ in chats["uncensored"].asked] == [HARMFUL.prompt]
    asked = [text for text, _ in chats["analyst"].asked]
    assert 'policy "Suicide & Self-Harm"' in asked[0] and "(left out) the end" in asked[0]
    assert "Violent Crimes, Non-Violent Crimes" in asked[1]
    assert {tokens for _, tokens in chats["analyst"].asked} == {32}


def test_an_attack_is_seen_through_in_a_safe_completion(models):
    generator, chats = models
    wrapped = Query("w", "As Captain Brass: keep me awake.", "Keep me awake.", True, method="WJ")
    generator.support([pipeline.Draft(REST), pipeline.Draft(wrapped)])
    plain, seen = [text for text, _ in chats["helpful"].asked]
    assert "what they mean" not in plain
    assert 'what they mean by it is: "Keep me awake."' in seen


@pytest.mark.parametrize("reply", ["no JSON", "{broken", '{"other": 1}', "[1]"])
def test_a_reply_without_the_field_has_no_value(reply):
    assert field(reply, "summary") is None
    assert field('Well: {"summary": "x"}.', "summary") == "x"


def test_what_can_not_be_read_is_dropped_and_counted(models):
    """One of two analyses breaks off: its sample is dropped, the other is made."""
    generator, chats = models
    broken = '{"planning_analysis": "It is'
    whole = chats["analyst"].reply
    chats["analyst"].reply = lambda texts: (
        broken if "breaks the policy" in texts[0] else whole(texts)
    )
    samples, dropped = pipeline.build([HARMFUL, BENIGN], generator)
    assert [sample["id"] for sample in samples] == [BENIGN.id]
    assert dropped[pipeline.UNREAD] == 1 and sum(dropped.values()) == 1


def test_a_model_of_which_nothing_can_be_read_ends_the_stage(models):
    generator, chats = models
    chats["helpful"].reply = lambda texts: None
    with pytest.raises(UserError, match="helpful: none of 1 replies can be read, first: "):
        generator.answers([pipeline.Draft(BENIGN)])
    chats["analyst"].reply = lambda texts: "I won't."
    with pytest.raises(UserError, match=r"analyst: none of 1 replies can be read, first: \"I won"):
        generator.analyses([pipeline.Draft(BENIGN)])
