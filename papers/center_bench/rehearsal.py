"""The authors' two files with invented sentences, for the rehearsal of scale `paper`."""

from collections.abc import Iterable
from pathlib import Path

from papers.center_bench.generate import generate
from papers.center_bench.grammar import Sentence, middle
from papers.center_bench.official import FILE_OF, LEVEL_KEYS
from papers.center_bench.questions import TYPES, questions
from shared.files import write_json

SEED, SENTENCES = 7, 2  # of each subset and level
DIFFICULTY = dict(zip(TYPES, ("easy", "easy", "medium", "medium", "hard", "hard"), strict=True))


def _released(folder: Path) -> None:
    for subset, file in FILE_OF.items():
        made = [each for each in generate(SEED, SENTENCES) if each.subset == subset]
        sentences = {
            key: [each.sentence for each in made if each.level == level]
            for key, level in LEVEL_KEYS.items()
        }
        if subset == "plausible":
            _repeat_a_verb(sentences["complexity_6"])
        levels = {key: _level(key, own) for key, own in sentences.items()}
        if subset == "plausible":
            _slip(levels)
        write_json(folder / file, levels)


def _level(key: str, sentences: Iterable[Sentence]) -> dict:
    records = [
        _record(f"{key}_sentence_{number}", sentence)
        for number, sentence in enumerate(sentences, start=1)
    ]
    return {
        "sentences": records,
        "total_questions": sum(record["total_questions"] for record in records),
        "entities_processed": sum(len(record["all_entities"]) for record in records),
        "middle_entities_flagged": len(records),
    }


def _record(name: str, sentence: Sentence) -> dict:
    by_entity = {}
    for each in questions(sentence):
        asked = {
            "question": each.question,
            "answer": each.answer,
            "type": each.type,
            "difficulty": DIFFICULTY[each.type],
            "entity": each.entity,
            "is_middle_entity": each.middle,
        }
        by_entity.setdefault(each.entity, []).append(asked)
    return {
        "id": name,
        "sentence": str(sentence),
        "structure": [
            {"subject": event.subject, "action": event.verb.past, "object": event.object}
            for event in reversed(sentence.events)
        ],
        "middle_entity": middle(sentence.nouns),
        "all_entities": list(sentence.nouns),
        "questions_by_entity": by_entity,
        "total_questions": len(TYPES) * len(sentence.nouns),
    }


def _repeat_a_verb(sentences: list[Sentence]) -> None:
    """The same question then has two answers."""
    nouns, (first, _, *others) = sentences[0].nouns, sentences[0].verbs
    sentences[0] = Sentence(nouns, (first, first, *others))


def _slip(levels: dict[str, dict]) -> None:
    """What is wrong in the plausible file, each slip once."""
    for number in range(1, 6):
        levels[f"complexity_{number}"]["total_questions"] += 6 if number == 1 else -6
    first = levels["complexity_1"]["sentences"][0]
    first["sentence"] = first["sentence"].replace(".", " it.")
    first["structure"][0]["action"] = "it"

    asked = levels["complexity_2"]["sentences"][0]["questions_by_entity"]
    one, other, *_ = asked.values()
    one[0]["answer"] = f" {one[0]['answer']} "
    other[1]["question"] = other[1]["question"].removesuffix("?")

    short = levels["complexity_3"]["sentences"][0]  # a noun for a phrase
    noun = short["all_entities"][0]
    short["sentence"] = short["sentence"].replace(noun, f"old {noun}", 1)

    fifth, sixth = levels["complexity_5"]["sentences"]
    outermost, innermost = sixth["all_entities"][0], fifth["all_entities"][-1]
    for question in fifth["questions_by_entity"][innermost]:
        question |= {"entity": fifth["middle_entity"], "is_middle_entity": True}
    sixth["middle_entity"] = outermost
    for noun, asked in sixth["questions_by_entity"].items():
        for question in asked:
            question["is_middle_entity"] = noun == outermost


WRITERS = {"center_bench": _released}
