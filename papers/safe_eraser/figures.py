"""The figures of SafeEraser. The body of the paper could not be read: they are ours.

The official protocol comes first, since all methods run under it.
"""

from itertools import product

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from papers.safe_eraser import analyze, benchmark
from papers.safe_eraser.benchmark import BENIGN, FORBIDDEN
from papers.safe_eraser.settings import BASES, PD
from shared.data.pictures import open_picture
from shared.plots import charts, pictures, style
from shared.plots.figure import figure
from shared.plots.results import Results, bars

READS = ("snapshots", "probe")

OVERVIEW = {  # (metric, data set) -> its heading, and whether less is better
    ("asr", "Efficacy"): ("ASR\nefficacy", True),
    ("asr", "Generality"): ("ASR\ngenerality", True),
    ("rr", "Efficacy"): ("RR\nefficacy", False),
    ("rr", "Generality"): ("RR\ngenerality", False),
    ("rr_harmful", "Generality"): ("RR where\nvanilla was\nharmful", False),
    ("rouge", "Retain"): ("ROUGE-L\nretain", False),
    ("utility", "Retain"): ("correct\nretain", False),
    ("specificity", "Specificity"): ("correct\nspecificity", False),
    ("sarr", "Decoupled"): ("SARR", True),
}
COURSE = {"ASR": (FORBIDDEN, "unsafe"), "SARR": (BENIGN, "abnormal")}
SHOWN = ("Vanilla", "GD", "GD+PD", "PO", "PO+PD")
COURSE_LOOKS = {
    "ASR": style.Look(style.WRONG, "x"),
    "SARR": style.Look(style.RIGHT, "x"),
    "ASR" + PD: style.Look(style.WRONG, "v"),
    "SARR" + PD: style.Look(style.RIGHT, "o"),
}
COLOURS = {"without": style.WRONG, "with": style.RIGHT}
GOOD, BAD, REFUSED = style.RIGHT, style.WRONG, "#882255"


@figure(
    "The main table: attack success rate (ASR) and refusal rate (RR) on forbidden pictures "
    "that were trained on (efficacy) and on others (generality; RR also among the requests that "
    "vanilla answered with the harmful answer), what is kept, and the safe answer refusal rate "
    "(SARR) on benign pictures. Darker is better.",
    each_model=True,
)
def overview(results: Results) -> Figure:
    """The main table as a picture, a panel a protocol."""
    methods = _methods(results)
    heights = [0.34 * len(own) + 1.0 for own in methods.values()]
    size = (8.6, sum(heights) / len(heights))
    fig, panels = style.figure(len(methods), 1, size=size, gridspec_kw={"height_ratios": heights})
    found = pd.DataFrame({key: _of(results, *key)["value"] for key in OVERVIEW})
    less = np.array([less for _, less in OVERVIEW.values()])
    for axes, (protocol, own) in zip(panels, methods.items(), strict=True):
        values = found.loc[protocol].reindex(own).to_numpy()
        charts.matrix(
            axes,
            np.where(less, 100 - values, values),
            [["–" if np.isnan(v) else f"{v:.1f}" for v in row] for row in values],
            rows=own,
            columns=[title for title, _ in OVERVIEW.values()],
            limits=(0, 100),
        )
        axes.set_title(f"{protocol} weights")
    return fig


@figure(
    "Safe answer refusal rate: of requests on benign pictures, the share without a normal "
    "answer (a refusal, gibberish, or the forbidden answer), with 95 % intervals. Dashed: "
    "vanilla. Hatched: equal weights of all terms."
)
def sarr(results: Results) -> Figure:
    """How many benign questions get no normal answer, with and without PD; a panel a model."""
    fig, panels = style.figure(len(results.models), 1, size=(7.2, 3.8))
    for axes, model in zip(panels, results.models, strict=True):
        own = results.only(model)
        cells = _of(own, "sarr", "Decoupled")
        kinds = [f"{kind} PD, {protocol}" for protocol in _methods(own) for kind in COLOURS]
        trained = cells.drop("Vanilla", level="method")
        trained.index = pd.MultiIndex.from_tuples(
            (f"{'with' if PD in method else 'without'} PD, {protocol}", method.removesuffix(PD))
            for protocol, method in trained.index
        )
        colours = {kind: COLOURS[kind.partition(" ")[0]] for kind in kinds}
        hatched = [kind.endswith("corrected") for kind in kinds]
        bars(axes, trained, colours, list(BASES.values()), "SARR (%)", hatched=hatched)
        vanilla = cells.xs("Vanilla", level="method")["value"].iloc[0]
        axes.axhline(vanilla, color=style.INK, linewidth=1, linestyle=(0, (4, 3)), label="Vanilla")
        axes.set_title(results.titled(model))
    charts.shared_legend(fig, columns=3)
    return fig


@figure(
    "What the trainings do to held-out requests, from vanilla through snapshots, each after twice "
    "as many steps as the one before: harmful answers on forbidden pictures (ASR) and no normal "
    "answer on benign ones (SARR). Lines: mean of the seeds; bands: from lowest to highest. "
    "Dashed, with crosses: without PD.",
    each_model=True,
)
def course(results: Results) -> Figure | None:
    """How soon a training forgets, and how soon it over-forgets; a panel a method and protocol."""
    if results.settings.snapshots < 2:
        return None
    runs = analyze.runs(results.folder / "scores" / results.models[0], results.settings)
    shown = list(product(_methods(results), BASES.values()))
    fig, panels = style.figure(
        len(shown) // len(BASES), len(BASES), size=(2.4, 2.5), sharex=True, sharey=True
    )
    for axes, (protocol, base) in zip(panels, shown, strict=True):
        axes.set_title(f"{base}, {protocol}")
        vanilla = runs[protocol, "Vanilla"]
        lines = {}
        for end in ("", PD):
            rates = [
                pd.concat(
                    [_requests(each, results) for each in (analyze.start_of(vanilla, seed), frame)]
                )
                for seed, frame in runs.get((protocol, base + end), {}).items()
            ]
            for name in COURSE if rates else ():
                every = np.stack([each[name] for each in rates])
                lines[name + end] = (every.mean(axis=0), every.min(axis=0), every.max(axis=0))
                parts = [f"1/{round(1 / part)}" for part in rates[0].index[1:-1]]
                axes.set_xticks(range(every.shape[1]), ["vanilla", *parts, "end"], rotation=90)
        dashed = [name for name in lines if not name.endswith(PD)]
        places = np.arange(max((len(middle) for middle, _, _ in lines.values()), default=0))
        charts.lines_with_band(axes, places, lines, looks=COURSE_LOOKS, dashed=dashed)
        axes.set_ylim(-3, 103)
    for axes in panels[-len(BASES) :]:
        axes.set_xlabel("part of the training")
    for axes in panels[:: len(BASES)]:
        axes.set_ylabel("requests (%)")
    charts.shared_legend(fig, columns=4)
    return fig


@figure(
    "The same request on a forbidden picture and on a benign one, and a harmless question, "
    "before and after unlearning. Blue: right; purple: refused; red: the harmful answer, or "
    "wrong. The first questions of the held-out set, not chosen.",
    each_model=True,
    reads_data=True,
)
def examples(results: Results) -> Figure | None:
    """The same request on a forbidden and on a benign picture, before and after unlearning."""
    if not results.settings.generated:
        return None
    protocol, runs = next(iter(_methods(results))), _runs(results)
    methods = [name for name in SHOWN if (protocol, name) in runs]
    ended = {name: runs[protocol, name].query("progress == 1").set_index("id") for name in methods}
    records = benchmark.read(results.settings.folder(results.folder / "data"))
    held_out = [record for record in records if record.split == "val"]
    shown = [question for record in held_out[:2] for question in record.requests[0]]
    shown += [each for each in held_out[0].retained if each.level == "image"][:1]
    said = [[ended[name].loc[each.id] for name in methods] for each in shown]
    return pictures.answers(
        [np.asarray(open_picture(each.path)) for each in shown],
        [each.question for each in shown],
        [[(answer["output"], _colour(answer)) for answer in row] for row in said],
        columns=methods,
    )


def _of(results: Results, metric: str, dataset: str) -> pd.DataFrame:
    """Cells of table 1 on a data set, by (protocol, method)."""
    cells = results.of("table1", metric, by=("dataset", "protocol", "method"))
    own = cells.index.get_level_values("dataset") == results.settings.dataset(dataset)
    return cells[own].droplevel("dataset")


def _methods(results: Results) -> dict[str, list[str]]:
    """The methods that ran under each protocol, vanilla first."""
    ran = _of(results, "sarr", "Decoupled").index
    protocols = sorted(ran.get_level_values("protocol").unique(), reverse=True)
    return {p: [name for name in analyze.ALL if (p, name) in ran] for p in protocols}


def _runs(results: Results) -> dict[tuple[str, str], pd.DataFrame]:
    """Scores of the first seed by (protocol, method)."""
    folder = results.folder / "scores" / results.models[0]
    runs = analyze.runs(folder, results.settings)
    return {key: frames[min(frames)] for key, frames in runs.items()}


def _requests(frame: pd.DataFrame, results: Results) -> pd.DataFrame:
    """Rates of `COURSE` in percent on the requests that every snapshot answers, by progress."""
    settings = results.settings
    rates = {}
    for name, (dataset, column) in COURSE.items():
        asked = frame[frame["dataset"] == settings.dataset(dataset)]
        each = asked.groupby("progress").head(settings.probe).astype({column: float})
        rates[name] = 100 * each.groupby("progress")[column].mean()
    return pd.DataFrame(rates)


def _colour(score: pd.Series) -> str:
    if score["refused"]:
        return REFUSED
    return GOOD if score["correct"] and not score["unsafe"] else BAD
