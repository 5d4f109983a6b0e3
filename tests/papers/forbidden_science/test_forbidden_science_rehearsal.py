"""What is written for a rehearsal is read as the authors' files are."""

from collections import Counter

import pytest

from papers.forbidden_science import authors_prompts, prompts, published_replies
from papers.forbidden_science.labels import CATEGORIES
from papers.forbidden_science.rehearsal import WRITERS
from shared.data.fetch.wanted import ByHand, downloads
from shared.planning.rehearsal import endpoint
from shared.settings import load_models, load_settings

CLAUDE, GROK, GPT, MISTRAL = published_replies.MODELS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mirror")
    WRITERS["forbidden_science"](folder)
    return folder


@pytest.fixture(scope="module")
def rows(folder):
    varied = {k: folder / path for k, path in authors_prompts.VARIATIONS.items()}
    return authors_prompts.read(folder / authors_prompts.PROMPTS, varied)


def test_prompts_are_of_all_templates_and_few_have_five_variations(rows):
    """Of 22 prompts row 4 stands twice; numbered from 0, 8 have three variations and 5 five."""
    base = [row for row in rows if not row["variation"]]
    assert Counter(row["template"] for row in base) == dict.fromkeys(CATEGORIES, 3) | {"T4": 4}
    assert len({row["prompt"] for row in base}) == len(base) - 1 == 21
    varied = Counter(row["variation"] for row in rows)
    assert [varied[place] for place in range(10)] == [22, 22, *[8] * 3, *[5] * 5]
    texts = {row["id"]: row["prompt"] for row in base}
    again = [row["id"] for row in rows if row["variation"] and row["prompt"] == texts[row["base"]]]
    assert again == [f"authors/T1/001/v{place}" for place in (1, 2, 5)]
    assert any("\n" in text for text in texts.values())
    assert any(text.count(")") > text.count("(") for text in texts.values())


def test_each_model_refuses_more_than_the_next_and_some_replies_are_empty(folder):
    replies = published_replies.read_published(folder / published_replies.FILE)
    refused = Counter(reply.id.partition("/")[0] for reply in replies if not reply.allowed)
    assert refused == {CLAUDE: 11, GROK: 7, GPT: 5}  # every second, third and fourth of 22
    numbers = [int(reply.id.partition("/")[2]) for reply in replies if reply.id.startswith(GPT)]
    assert numbers == list(range(22, 0, -1))
    empty = [reply.allowed for reply in replies if not reply.reply]
    assert len(empty) == 7 and all(empty)


def test_the_files_are_named_as_what_a_user_puts_there():
    for settings in load_models("forbidden_science", "paper"):
        (wanted,) = [each for each in downloads(settings) if isinstance(each, ByHand)]
        assert wanted.source == "forbidden_science"
        for path in (authors_prompts.PROMPTS, authors_prompts.VARIATIONS[1]):
            assert path.partition("/")[2] in wanted.what
    assert not downloads(load_settings("forbidden_science", "cpu"))


def test_the_scripted_models_refuse_allow_and_give_no_flag():
    said = [endpoint.answer(str(prompts.self_report("Why?")), number) for number in range(6)]
    assert [prompts.read_flag(text) for text in said] == [True, False, True, False, None, False]
    assert len({endpoint.answer(str(prompts.plain("Why?")), number) for number in range(9)}) == 4
