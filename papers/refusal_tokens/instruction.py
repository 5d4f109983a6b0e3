"""One instruction: a row of train.jsonl or test.jsonl.

id           "train/original/safety/03/0007": split, part, category, template, filling
part         original, contrast, ordinary, temporal, dated, or leak (other refusals, which a
             temporal model should answer)
category     key of a category of methods.py, or ""
instruction  the text
refuse       whether it should be refused
reply        what is learnt (train only)
"""


def record(
    name: str, text: str, reply: str, part: str, category: str = "", *, refuse: bool = False
) -> dict:
    return {
        "id": name,
        "part": part,
        "category": category,
        "instruction": text,
        "refuse": refuse,
        "reply": reply,
    }
