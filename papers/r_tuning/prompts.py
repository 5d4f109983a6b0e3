"""Every text of R-Tuning: what is asked, what is learnt, what counts as a refusal."""

import re

from shared.data.questions import multiple_choice
from shared.training.examples import Segment

SELF_CHECK = "Are you sure you accurately answered the question based on your internal knowledge?"
CHECK_LEAD = f". {SELF_CHECK} I am"  # continues an answer; the next token is the verdict
SURE, UNSURE = " sure", " unsure"
MIN_LOSS_LEAD, MIN_LOSS_REFUSAL = " The answer is", " unknown"
# Told to models that were not tuned to refuse, on unanswerable questions (paper section 5.3;
# the paper does not give its words, these are ours).
MAY_REFUSE = " If the question can't be answered, say that the answer is unknown."

# Appendix A.5, from Yin et al. 2023. The released code has another sentence in place of one.
_COMMON_SENTENCES = [
    "The answer is unknown.",
    "The answer is uncertain.",
    "The answer is unclear.",
    "There is no scientific evidence.",
    "There is no definitive answer.",
    "There is no right answer.",
    "There is much debate.",
    "There is no known case.",
    "There is no concrete answer to this question.",
    "There is no public information available.",
    "It is impossible to know.",
    "It is impossible to answer.",
    "It is difficult to predict.",
    "It is not known.",
    "I'm not sure.",
]
REFUSALS: dict[str, list[str]] = {
    "corrected": [*_COMMON_SENTENCES, "We do not know."],
    "official": [*_COMMON_SENTENCES, "I do not know the answer."],
}


def prompt(row: dict, template: str, hint: str = "") -> str:
    """What stands before the answer, with the demonstrations. Choices end in `Answer:`."""
    if "prompt" in row:  # a text is given with the question
        return row["prompt"]
    if "options" in row:
        return row["before"] + multiple_choice(row["question"], row["options"])
    return row["before"] + template.format(question=row["question"] + hint)


def bare_question(row: dict) -> str:
    """The question, with its options if it has some, and no words around it; or the claim or
    question about a text, without the text."""
    if "options" not in row or "prompt" in row:
        return row["question"]
    return multiple_choice(row["question"], row["options"]).removesuffix("\nAnswer:")


def in_steps(row: dict) -> str:
    """The question, with what is given with it, for a model that thinks before it answers (Table 5;
    the paper does not give its words, these are ours)."""
    asked = row["prompt"].removesuffix("\nAnswer:") if "prompt" in row else bare_question(row)
    answer = "the letter of the answer" if "options" in row else "the answer in a few words"
    return f"{asked}\n\nThink step by step. Then end with: The answer is [{answer}]."


def last_answer(reply: str) -> str:
    """The words after the last "the answer is" of a reply, up to a full stop; without it, all."""
    _, _, answer = reply.casefold().rpartition("the answer is")
    return " ".join(re.findall(r"\w+", answer.partition(".")[0]))


def answer_segments(row: dict) -> list[Segment]:
    """The gold answer, learnt together with the full stop that ends it."""
    return [Segment(f" {row['answers'][0]}.", True)]


def check_segments(sure: bool) -> list[Segment]:
    """The self-check question and its verdict (equation 1); only the verdict is learnt."""
    return [Segment(f" {SELF_CHECK}", False), Segment(f" I am{SURE if sure else UNSURE}.", True)]


def refusal_segments(sentence: str) -> list[Segment]:
    return [Segment(f" {sentence}", True)]


def is_refusal(output: str) -> bool:
    """Whether an output up to its first full stop holds one of the uncertainty sentences of either
    list; or, where it was cut off before a full stop, begins like one (three words at least)."""
    text, stop, _ = " ".join(output.split()).casefold().partition(".")
    begun = not stop and len(text.split()) >= 3
    sentences = {s.rstrip(".").casefold() for s in REFUSALS["corrected"] + REFUSALS["official"]}
    return any(s in text or (begun and s.startswith(text)) for s in sentences)
