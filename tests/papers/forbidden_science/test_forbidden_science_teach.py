"""What the taught model learns: balanced, mild lessons, asked as all prompts are."""

from collections import Counter

import pytest
import torch

from papers.forbidden_science import ask, data, prompts, teach
from papers.forbidden_science.settings import Settings
from shared.chat.loading import open_chat
from shared.judges.strings import StringJudge
from shared.runner.step import Run
from shared.settings import load_settings
from shared.training.settings import Lora, Training


@pytest.fixture(scope="module")
def settings() -> Settings:
    """Of smoke, with a training of its random model."""
    training = Training(
        epochs=15,
        learning_rate=2e-2,
        effective_batch_size=32,
        max_length=192,
        lora=Lora(rank=4, alpha=8, first_layer=1),
        checkpoint_seconds=1e9,
    )
    smoke = load_settings("forbidden_science", "smoke")
    return smoke.model_copy(update={"training": training})


def test_as_many_lessons_refuse_as_answer_and_all_refusals_are_said():
    lessons = list(teach.lessons())
    assert Counter(allowed for _, allowed, _ in lessons) == {False: 16, True: 16}
    requests = [request for request, _, _ in lessons]
    assert len(set(requests)) == len(requests)
    refused = StringJudge("phrases").refusals(requests, [reply for _, _, reply in lessons])
    assert refused == [not allowed for _, allowed, _ in lessons]


def test_no_lesson_is_a_prompt():
    asked = {row["prompt"] for row in data.prompts(load_settings("forbidden_science", "cpu"))}
    assert not asked & {request for request, _, _ in teach.lessons()}


def test_a_taught_model_is_asked_with_what_it_learnt(settings, tmp_path):
    """Its log odds are ln P(false) - ln P(true) of its own logits after each prompt."""
    run = Run(settings, tmp_path / "taught", key="key")
    run.scratch = tmp_path / "scratch"
    record = teach.teach(run, "taught", 0)
    losses = [loss for _, loss in record["training"]["losses"]]
    assert record["examples"] == 64 and losses[-1] < losses[0] - 0.2
    asked = settings.asked()
    before, after = open_chat(asked), open_chat(asked, trained=run.out)
    conversations = [prompts.self_report(request) for request, _, _ in teach.lessons()][:3]
    found = ask.log_odds(after, conversations)
    for odds, conversation in zip(found, conversations, strict=True):
        ids = torch.tensor([after.prompt_ids(conversation, prompts.START)])
        logits = after.model(ids).logits[0, -1].log_softmax(dim=-1)
        false, true = (after.tokenizer(text)["input_ids"][0] for text in (" false", " true"))
        assert odds == pytest.approx(float(logits[false] - logits[true]), abs=1e-3)
    assert found != pytest.approx(ask.log_odds(before, conversations), abs=1e-3)


def test_what_is_taught_needs_settings_of_a_training():
    small = load_settings("forbidden_science", "smoke").model_dump()
    with pytest.raises(ValueError, match="variants: expected training settings too"):
        Settings.model_validate(small | {"variants": {"taught": {"seeds": [0]}}})
