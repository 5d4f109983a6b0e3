"""Why a claim has its verdict, in one line, and what kept a paper's other claims undecided."""

import re
from collections import Counter
from collections.abc import Collection, Iterable

from shared.plots.words import Words
from shared.report.collect import Results, Row
from shared.report.counts import NOT_PRINTED
from shared.report.effects import metrics_of
from shared.report.formats import parsed
from shared.report.items import PROTOCOL_NAMES, item_title

UNDECIDED = ("inconclusive", "one run", "not testable", "blocked")
SHORT = {
    "inconclusive": "too few examples or seeds",
    "one run": "trained with one seed",
    "not testable": "nothing to tell apart",
}
ARTICLE = {
    "model": "",
    "method": "the method ",
    "dataset": "the data set ",
    "metric": "the metric ",
}
MOST = 3  # of what is needed, on a card


class Reasons:
    """The reasons of one paper's claims at one scale."""

    def __init__(self, results: Results, words: Words):
        self.words = words
        self.claims = {claim.id: claim for claim in results.paper.claims}
        self.found = _with_our_names(results)
        self.models = {row["model"] for row in [*results.comparison, *results.cells]} - {""}
        self.left_out = [
            row
            for row in results.comparison
            if not row["our_model"] and row["reason"] and row["source"] not in NOT_PRINTED
        ]
        own = [row for row in results.claims if not row["ours"]]
        self.tested = Counter(row["protocol"] for row in own if row["p"])

    def line(self, row: Row) -> str:
        """One sentence or two that say why the row has its verdict."""
        part, note = self.words(row["part"]), self.words(row["note"])
        several = int(parsed(row["pairs"]) or 0) > 1
        weakest = f"{'Weakest of ' + row['pairs'] + ' comparisons: ' if several else ''}{part}"
        match row["verdict"]:
            case "holds":
                return _sentence(weakest)
            case "fails":
                return _sentence(f"the other way: {part}")
            case "inconclusive":
                return f"{_sentence(weakest)} {self._chance(row)} {_settling(note)}".strip()
            case "one run":
                return f"{_sentence(weakest)} Trained once: another seed could say otherwise."
            case "not testable":
                return _sentence(_untestable(note, self.words))
            case "blocked":
                return _sentence(self._blocked(row))
        return ""

    def short(self, row: Row) -> str:
        """What kept a claim undecided, in the few words of a card."""
        if row["verdict"] == "blocked":
            return self.needed(row).partition(";")[0]
        ends = re.search(r"both sides stand at|every unit says", row["note"])
        if row["verdict"] == "not testable" and ends:
            return "at the floor or the ceiling"
        return SHORT[row["verdict"]]

    def undecided(self, rows: Iterable[Row]) -> list[str]:
        """`9 trained with one seed`, the commonest first; what is needed stands last."""
        rows = [row for row in rows if row["verdict"] in UNDECIDED]
        why = Counter(self.short(row) for row in rows if row["verdict"] != "blocked")
        lines = [f"{count} {text}" for text, count in why.most_common()]
        needs = Counter(self.short(row) for row in rows if row["verdict"] == "blocked")
        if needs:
            names = [text.removeprefix("needs ") for text, _ in needs.most_common()]
            more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
            need = "needs" if needs.total() == 1 else "need"
            lines.append(f"{needs.total()} {need} {', '.join(names[:MOST])}{more}")
        return lines

    def needed(self, row: Row) -> str:
        """`needs LLaMA-13B`: the first that a blocked claim names and that has no cell here."""
        listed = re.search(r"missing: (.*)", row["note"])
        if not listed:
            return self.words.prose(row["note"])
        place, name = self._lacking(row, listed[1])
        if place == "item":
            return f"needs more of {item_title(name)}" if name else "needs cells that are not here"
        return f"needs {ARTICLE[place]}{self.words(name)}"

    def _chance(self, row: Row) -> str:
        low, high = parsed(row["ci_low"]), parsed(row["ci_high"])
        if low is None or high is None or low <= 0 <= high:
            return "The interval includes zero, so this may be chance."
        many = self.tested[row["protocol"]]
        if row["ours"] or many < 2:
            return "The interval leaves out zero, but not by enough."
        return (
            f"The interval alone leaves out zero; with {many} claims tested at once this is still "
            "within chance."
        )

    def _blocked(self, row: Row) -> str:
        """What is needed, and why this scale does not have it."""
        needed = self.needed(row)
        listed = re.search(r"missing: (.*)", row["note"])
        if not listed:
            return needed
        place, name = self._lacking(row, listed[1])
        elsewhere = {cell["protocol"] for cell in self.found if cell.get(place) == name}
        if elsewhere and place != "item":
            names = " or ".join(PROTOCOL_NAMES[each] for each in sorted(elsewhere))
            return f"{needed}, which was only run {names}"
        metrics = metrics_of(self.claims[row["id"]]) if row["id"] in self.claims else ()
        here = {cell["model"] for cell in self.found}
        why = Counter(
            other["reason"]
            for other in self.left_out
            if other[place] == name
            and other["metric"] in metrics
            and (place in ("model", "item") or other["model"] in here)
        )
        return f"{needed}: {self.words.prose(why.most_common(1)[0][0])}" if why else needed

    def _lacking(self, row: Row, listed: str) -> tuple[str, str]:
        """Place and name of the first thing among the missing cells that has no cell at all under
        the row's protocol; else the claim's table, as ("item", "")."""
        claim = self.claims.get(row["id"])
        starts = "|".join(map(re.escape, [*(metrics_of(claim) if claim else ()), "data set"]))
        there = [each for each in self.found if each["protocol"] == row["protocol"]]
        for cell in re.split(rf", (?=(?:{starts})\b)", re.sub(r" and \d+ more$", "", listed)):
            for place, name in _split(cell, self.models).items():
                if name and not any(each[place] == name for each in there):
                    return place, name
        return "item", (claim and claim.item) or ""


def _with_our_names(results: Results) -> list[Row]:
    """Cells that were made, by the paper's names and by ours."""
    made = [row for row in results.comparison if row["our_model"]]
    ours = [{**row, "model": row["our_model"], "dataset": row["our_dataset"]} for row in made]
    return [*made, *ours, *results.cells]


def _split(cell: str, models: Collection[str]) -> dict[str, str]:
    """`ap R-Tuning on ParaRel ID LLaMA-13B`, as a note names a cell, in its places; "" for what it
    does not name."""
    if cell.startswith("data set "):
        return {"dataset": cell.removeprefix("data set ")}
    metric, _, rest = cell.partition(" ")
    ending = [name for name in models if rest == name or rest.endswith(f" {name}")]
    model = max(ending, key=len, default="")
    rest = rest.removesuffix(model).strip()
    method, _, dataset = f" {rest}".partition(" on ")
    return {"model": model, "method": method.strip(), "dataset": dataset, "metric": metric}


def _settling(note: str) -> str:
    """What would settle a claim, from its note, with the capital of a sentence."""
    found = re.search(r"(?:^|; )([^;]*(?:would settle|would be needed)[^;]*?)(?:;|$)", note)
    text = found[1] if found else ""
    return _sentence(re.sub(r"\bunits\b", "examples", text)) if text else ""


def _untestable(note: str, words: Words) -> str:
    if found := re.search(
        r"says something only if (.*?)(?:; here (.*)|; cells are missing.*)$", note
    ):
        here = f"here {found[2]}" if found[2] else "that was not measured here"
        return f"says something only if {_condition(found[1], words)}; {here}"
    note = note.replace("every unit says the same", "every example says the same")
    return note.replace("both sides stand at", "nothing to tell apart, both sides stand at")


def _condition(text: str, words: Words) -> str:
    """`cut_off["ReSA-SFT", "MATH500"] < 5` → `cut off of ReSA-SFT, MATH500 < 5`."""
    cell = re.sub(r"(\w+)\[([^\]]*)\]", lambda f: f"{f[1]} of {f[2].replace(chr(34), '')}", text)
    return words(re.sub(r"(\w) (\w+) of", r"\1 \2 of", cell))


def _sentence(text: str) -> str:
    text = text.strip()
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}" if text else ""
