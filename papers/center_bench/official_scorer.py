"""The authors' scorer, as its released code decides (protocol `official`).

Source: `generate_response_and_evaluate.py`, commit 52bd183. The first of these rules that holds
accepts an answer:

    string       the same text, but for case and outer spaces
    article      agent_identification: the same without articles
    lemma        the other types: the same lemmas in the same order, stop words left out
    embedding    cosine of the two sentence embeddings at least `similarity` (0.9 there)

Then, for action_performed alone, `override`: where the answer has at most two words and the gold
answer at least two, the verdict is replaced by whether a verb agrees, whatever the object. An
answer of one word to a gold answer of one word is also right if it is another form of it.

Faults that are kept: the embedding hardly tells who did what to whom; and "none" is a stop word,
so that an answer without any lemma, such as an empty one, has the lemmas of "none".
"""

import re
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from papers.center_bench.lemmas import Lemmatizer

Encoder = Callable[[Sequence[str]], np.ndarray]

LABEL = re.compile(r"\s*(?:\*\*answer:\*\*|answer:)\s*", re.IGNORECASE)
ARTICLE = re.compile(r"\b(?:the|a|an)\s+", re.IGNORECASE)

# The authors' table of verb forms: regular verbs by their base, others in full, as spelt there.
REGULAR = """
    pounce cross-examine crawl neigh snort croak siren anchor whistle pedal trumpet flutter strafe
    moor photograph orbit chatter school jackknife bask rear meow gnaw subpoena handcuff prescribe
    tow blare blast steam seat discipline
"""
IRREGULAR = """
    freeze froze frozen freezing freezes
    flee fled fleeing flees
    spot spotted spotting spots
    see saw seen seeing sees
    catch caught catching catches
    hide hid hiding hides
    swim swam swiming swims
    baa baaed baaes baaing
    gavel gavelled gavels gavelling
    yip yipped yips yipping
    wheelie wheelied wheelies wheelying
    sting stung stings stinging
    shoot shot shoots shooting
    lane-split lane-splits lane-splitting
    air-drop air-dropped air-drops air-dropping
    ring rang rings ringing
"""
BASE_OF_FORM = {
    form: line.split()[0] for line in IRREGULAR.strip().splitlines() for form in line.split()
} | {
    form: base
    for base in REGULAR.split()
    for form in (base, base + "s", base.removesuffix("e") + "ed", base.removesuffix("e") + "ing")
}


def extract(reply: str) -> str:
    """The answer in a reply: without a label and thoughts, the first line that is not empty."""
    text = LABEL.sub("", reply, count=1) if LABEL.match(reply) else reply
    lines = (line.strip() for line in text.rpartition("</think>")[2].splitlines())
    return next((line for line in lines if line), "")


def score(
    questions: pd.DataFrame,
    predictions: Sequence[str],
    encoder: Encoder,
    lemmatizer: Lemmatizer,
    similarity: float,
) -> tuple[np.ndarray, np.ndarray]:
    """(accepted, rule), each (n,): whether each extracted answer is right, and what decided it,
    "none" if no rule held.

    `questions` has type and answer (the gold one). The same answer to the same gold is decided
    once, and only what the other rules leave open is embedded.
    """
    said = pd.Series(list(predictions), questions.index, dtype=object)
    pairs = questions[["type"]].assign(said=said, gold=questions["answer"])
    numbers = pairs.groupby(list(pairs), sort=False).ngroup().to_numpy()
    distinct = pairs.drop_duplicates(ignore_index=True)
    accepted, rule = _decide(distinct, encoder, lemmatizer, similarity)
    return accepted[numbers], rule[numbers]


def _decide(
    pairs: pd.DataFrame, encoder: Encoder, lemmatizer: Lemmatizer, similarity: float
) -> tuple[np.ndarray, np.ndarray]:
    texts = (pairs["said"], pairs["gold"])
    said, gold = (text.str.strip().str.lower() for text in texts)
    said_words, gold_words = (text.str.split().str.len().to_numpy() for text in texts)
    action = (pairs["type"] == "action_performed").to_numpy()
    agent = (pairs["type"] == "agent_identification").to_numpy()
    override = action & (said_words <= 2) & (gold_words >= 2)
    rule = np.full(len(pairs), "none", object)

    def left(among: np.ndarray) -> np.ndarray:
        """Places (k,) of the pairs `among` which no rule has decided so far."""
        return np.flatnonzero(among & (rule == "none") & ~override)

    rule[(said == gold) & ~override] = "string"
    places = left(agent)
    bare = (text.iloc[places].str.replace(ARTICLE, "", regex=True) for text in (said, gold))
    rule[places[np.equal(*bare)]] = "article"

    places = left(~agent)
    lemmas = (lemmatizer(text.iloc[places].str.lower().tolist()) for text in texts)
    same = [a.content == b.content for a, b in zip(*lemmas, strict=True)]
    rule[places[np.array(same, bool)]] = "lemma"

    places = left(np.ones(len(pairs), bool))
    if len(places):
        vectors = [encoder(text.iloc[places].tolist()) for text in (said, gold)]
        rule[places[np.einsum("ij,ij->i", *vectors) >= similarity]] = "embedding"

    accepted = rule != "none"
    places = np.flatnonzero(override)
    plain = [[_plain(text) for text in part.iloc[places]] for part in texts]
    accepted[places] = _verbs_agree(*plain, lemmatizer)
    rule[places] = "override"
    places = left(action & (said_words == 1) & (gold_words == 1))
    single = [
        _same_verb(a, b, lemmatizer)
        for a, b in zip(*(text.iloc[places] for text in texts), strict=True)
    ]
    accepted[places] = single
    rule[places[np.array(single, bool)]] = "override"
    return accepted, rule


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", "", text.lower()).split())


def _verbs_agree(said: Sequence[str], gold: Sequence[str], lemmatizer: Lemmatizer) -> list[bool]:
    """Whether a verb of the answer is one of the gold answer's, or one of these stands in it."""
    verbs = [[each.verbs for each in lemmatizer(texts)] for texts in (said, gold)]
    return [
        any(_same_verb(a, b, lemmatizer) for a in said_verbs for b in gold_verbs)
        or any(verb in text for verb in gold_verbs)
        for text, said_verbs, gold_verbs in zip(said, *verbs, strict=True)
    ]


def _same_verb(a: str, b: str, lemmatizer: Lemmatizer) -> bool:
    """The same word, lemma (of each word by itself) or line of the table of forms."""
    first, second = lemmatizer([a, b])
    listed = a in BASE_OF_FORM and BASE_OF_FORM[a] == BASE_OF_FORM.get(b)
    return a == b or first.first == second.first or listed
