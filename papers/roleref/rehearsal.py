"""Files as the authors' repository has them, for the rehearsal of scale `paper`."""

from itertools import islice, product
from pathlib import Path

from papers.roleref.settings import AUTHORS_DATA, TRAINED, TYPES
from shared.files import write_json, write_text
from shared.planning.rehearsal.rows import PLACES, THINGS

# How many questions of a type a role has to train on; the second has few, as Gale Hawthorne has.
ROLES = {"Mara Quill": 5, "Odo Fenn": 3}
ALWAYS_THERE = "Mara Quill"  # as Harry Potter is: nothing can be asked that this role missed
UNASKED = "Wilma Reed"  # has a profile and no question
ASKED = 3  # test questions of a role and type

QUESTIONS = {
    "answerable": "Where did you see the {thing} of {place}?",
    "out_series": "Which pilot landed the ship at the {thing} of {place}?",
    "context_conflict": "Why did you sell your boat at the {thing} of {place}?",
    "fake": "Why is the {thing} of {place} made of glass?",
    "absent": "What was said at night in the {thing} of {place}?",
}
ANSWERS = {
    "answerable": "By the river, when I was young.",
    "out_series": "The pilot was Ada, as everybody aboard knows.",  # in another role's words
    "fake": "It never was – who told you so?",
}
CHANGED = ("change the key object", "introduce a non-existent object")
SECTIONS = {
    "Character Name and Brief Description": "{role} keeps the light at the end of the pier.",
    "Character Abilities and Skills": "{role} rows well and mends nets.",
    "Speech and Mannerisms": "{role} says little, and “aye” often.",
    "Personality Traits": "Patient and curious.",
    "Background and History": "Born by the river; has a boat called Plover.",
    "Limits of Abilities and Knowledge": "Knows nothing of ships that fly.",
    "Sample Dialogue": '"Aye, the tide waits for nobody." – {role}',
}
PROMPT = '''QUERY_TEMPLATE="""I want you to play as {role}. Your profile:
```
{role_profile}
```
Require:
```
If the question goes beyond your knowledge, please refuse to answer it.
```
Question:
{question}

"""

SIGNAL_QUERY_TEMPLATE="""I want you to play as {role}. Your profile:
```
{role_profile}
```
Prompt Signal:
```
{prompt_signal}
```
Question:
{question}

"""

PROFILE = '''


def _authors(folder: Path) -> None:
    """train.json, test.json and prompt.py: a question stands twice, and one is learnt and asked."""
    train, test = {}, {}
    for role, count in ROLES.items():
        train[role] = {type: _records(role, type, 0, count) for type in TRAINED}
        train[role]["fake"] = train[role]["fake"][: count // 2]
        test[role] = {type: _records(role, type, 10, ASKED) for type in TYPES}
        for record in test[role]["answerable"]:
            del record["answer"]
    learnt = train["Odo Fenn"]["answerable"]
    learnt.append(learnt[0])
    test["Odo Fenn"]["answerable"].append(learnt[0])
    test[ALWAYS_THERE]["absent"] = []
    write_json(folder / "train.json", train)
    write_json(folder / "test.json", test)
    profiles = {role: _profile(role) for role in (*ROLES, UNASKED)}
    write_text(folder / "prompt.py", PROMPT + repr(profiles) + "\n")


def _records(role: str, type: str, start: int, count: int) -> list[dict]:
    pairs = islice(product(PLACES, THINGS), start, start + count)
    false = type in ("fake", "context_conflict")
    return [
        {
            "question": QUESTIONS[type].format(thing=thing, place=place),
            "answer": ANSWERS.get(type, "I was not there."),
            "fake_method": CHANGED[number % len(CHANGED)] if false else "",
            "role": role,
        }
        for number, (place, thing) in enumerate(pairs)
    ]


def _profile(role: str) -> str:
    return "\n\n".join(f"{name}:\n{text.format(role=role)}" for name, text in SECTIONS.items())


WRITERS = {AUTHORS_DATA: _authors}
