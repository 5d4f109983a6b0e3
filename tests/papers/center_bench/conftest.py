"""Made-up answers of CenterBench, and their cells."""

import pandas as pd

from papers.center_bench import analyze
from shared.comparison.cells import cells

SUBSETS = {"CenterBench": "plausible implausible", "Generated": "plausible implausible matched"}
TWO = ("entity_count", "chain_consequence")  # types, where more would change nothing


def answers(right, *, sources=("Generated",), sentences=6, levels=range(1, 7), types=TWO):
    """A score file. `right(subset, level, type, number, source)` says if an answer is right."""
    rows = []
    for source in sources:
        for subset in SUBSETS[source].split():
            for level in levels:
                for number in range(sentences):
                    sentence = f"{source}/{subset}/L{level}/{number:02d}"
                    paired = source == "Generated" and subset != "implausible"
                    pair = f"{source}/L{level}/{number:02d}" if paired else sentence
                    for kind in types:
                        correct = right(subset, level, kind, number, source)
                        rows.append((sentence, source, subset, level, kind, pair, correct))
    frame = pd.DataFrame(
        rows, columns=["sentence_id", "source", "subset", "level", "type", "pair", "correct_strict"]
    )
    return frame.assign(
        id=frame["sentence_id"] + "/" + frame["type"],
        middle=True,
        correct_official=frame["correct_strict"],
        thoughts_words=0,
    )


def groups(**runs):
    """Groups of runs, named by model; a name that ends in `_thinking` is a mode of its model."""
    found = []
    for run, frame in runs.items():
        model, thinking, _ = run.partition("_thinking")
        found += analyze._answers(
            {0: frame}, model.replace("_", "-"), "thinking" if thinking else ""
        )
    return found


def made(found):
    """Values of all cells by (item, model, method, dataset, metric, protocol)."""
    frame = cells(found, analyze.ITEMS, analyze.METRICS)
    return frame.set_index(
        ["item", "model", "method", "dataset", "metric", "protocol"]
    ).sort_index()
