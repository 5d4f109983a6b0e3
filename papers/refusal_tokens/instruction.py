"""One instruction: a row of train.jsonl or test.jsonl.

id           "train/original/safety/03/0007": split, part, category, template, filling
part         original, contrast, ordinary, more (ordinary ones for a model that learns no contrast
             data), temporal, dated, leak (other refusals, which a temporal model should answer),
             or a set of a benchmark
category     key of a category of methods.py, or ""
kind         within the category, as CoCoNot's rubric names it, or ""
instruction  the text
refuse       whether it should be refused
reply        what is learnt (train only)
"""


def record(
    name: str,
    text: str,
    reply: str,
    part: str,
    category: str = "",
    kind: str = "",
    *,
    refuse: bool = False,
) -> dict:
    return {
        "id": name,
        "part": part,
        "category": category,
        "kind": kind,
        "instruction": text,
        "refuse": refuse,
        "reply": reply,
    }
