"""What a paper takes at a scale, and of each number where it comes from. Nothing is guessed."""

import importlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from shared.chat.calls import Calls, calls
from shared.data.catalogue import sources
from shared.data.fetch import hub
from shared.data.fetch.wanted import ByHand, Repository, SourceFiles, Wanted, downloads
from shared.data.sources import DOWNLOADS, mirror_folder
from shared.files import read_json, readable_size
from shared.planning.measure.architecture import RECORDS, architectures
from shared.planning.plan.held import Job as Kind
from shared.planning.plan.hours import gpu_hours
from shared.planning.plan.jobs import Job
from shared.settings import ROOT, Artefact, ScaleSettings, load_models, load_paper

UNKNOWN = "unknown"
Line = tuple[str, str]  # what, and how much by which source


def plan(
    paper: str,
    scale: str,
    jobs: Sequence[Job],
    models: Sequence[str] = (),
    records: Path = RECORDS,
) -> list[Line]:
    """The lines of one paper at one scale; `jobs` are its own. models: some of the scale's, by
    name; none: all."""
    models = _models(paper, scale, models)
    measured = list(_measurements(paper, scale, records))
    return [
        ("jobs", _counted(jobs)),
        ("hours", _hours(jobs, [1] * len(jobs))),
        ("GPU-hours", _hours(jobs, [job.gpus for job in jobs])),
        ("GPU-hours", _by_arithmetic({paper: models}, jobs)),
        ("memory", _memory(jobs)),
        ("disk", _disk(jobs)),
        *_downloads(models, load_paper(paper).artefacts),
        *(("calls", line) for line in _calls(models)),
        *(("measured", line) for line in measured or [UNKNOWN] if models[0].resources.gpu),
    ]


def totals(columns: Mapping[str, Sequence[str]], scale: str, jobs: Sequence[Job]) -> list[Line]:
    """The lines of several papers together. columns: paper -> its models, by name."""
    models = {paper: _models(paper, scale, names) for paper, names in columns.items()}
    asked = [call for own in models.values() for call in _asked(own)]
    return [
        ("jobs", _counted(jobs)),
        ("hours", _hours(jobs, [1] * len(jobs))),
        ("GPU-hours", _hours(jobs, [job.gpus for job in jobs])),
        ("GPU-hours", _by_arithmetic(models, jobs)),
        ("disk", _disk(jobs)),
        ("calls", _dollars([each.dollars(times) for each, times in asked])),
    ]


def _models(paper: str, scale: str, names: Sequence[str]) -> list[ScaleSettings]:
    return [each for each in load_models(paper, scale) if not names or each.name in names]


def _counted(jobs: Sequence[Job]) -> str:
    on_gpu = sum(job.gpus > 0 for job in jobs)
    return f"{len(jobs)}, {on_gpu} of them on GPUs (by the rules)"


def _hours(jobs: Sequence[Job], weights: Sequence[int]) -> str:
    """The limits of the rules, and what was recorded; each job counts by its weight."""
    weighed = [(job, weight) for job, weight in zip(jobs, weights, strict=True) if weight]
    if not weighed:
        return "none"
    limited = [(job.minutes, weight) for job, weight in weighed if job.minutes is not None]
    most = f"at most {sum(m * weight for m, weight in limited) / 60:,.1f}"
    open_ended = len(weighed) - len(limited)
    more = f", {open_ended} without one" * bool(open_ended)
    recorded = [
        (s, weight) for job, weight in weighed if (s := _recorded(job, "seconds")) is not None
    ]
    took = f"{sum(s * weight for s, weight in recorded) / 3600:,.2f}" if recorded else UNKNOWN
    of = f"{len(recorded)} of {len(weighed)} jobs"
    return f"{most} (limits of the rules{more}); {took} recorded ({of})"


def _by_arithmetic(models: Mapping[str, Sequence[ScaleSettings]], jobs: Sequence[Job]) -> str:
    """What all jobs with a GPU take by what they work through, as far as it is known. models: of
    each paper."""
    on_gpu = [job for job in jobs if job.gpus]
    known = [
        (taken, job)
        for paper, own in (models if on_gpu else {}).items()
        for settings in own
        for kind in importlib.import_module(f"papers.{paper}.memory").jobs(settings)
        if (taken := gpu_hours(kind))
        for job in on_gpu
        if job.paper == paper and _is_of(job, kind, settings.name)
    ]
    if not on_gpu:
        return "none"
    of = f"{len(known)} of {len(on_gpu)} jobs"
    hours = sum(taken for taken, _ in known)
    return f"about {hours:,.1f} (by arithmetic, of an H100; {of})" if known else UNKNOWN


def _is_of(job: Job, kind: Kind, model: str) -> bool:
    """Whether a job of the rules is of that kind, by its rule and its wildcards."""
    of = job.wildcards
    variant = not kind.variant or of.get("variant", kind.variant) == kind.variant
    return job.rule == kind.rule and variant and of.get("model", model) == model


def _recorded(job: Job, what: str) -> float | None:
    path = ROOT / job.record if job.record else None
    if path is None or not path.is_file():
        return None
    return read_json(path, dict).get(what)


def _memory(jobs: Sequence[Job]) -> str:
    known = [job.mem_mb for job in jobs if job.mem_mb is not None]
    limit = f"at most {max(known) / 1000:,.1f} GB a job (by the rules)" if known else UNKNOWN
    recorded = [value for job in jobs if (value := _recorded(job, "peak_mb"))]
    if not recorded:
        return limit
    return f"{limit}; {max(recorded) / 1000:,.1f} recorded ({len(recorded)} of {len(jobs)} jobs)"


def _disk(jobs: Sequence[Job]) -> str:
    known = [job.disk_mb for job in jobs if job.disk_mb is not None]
    return (
        f"at most {sum(known) / 1000:,.1f} GB, all jobs together (by the rules)"
        if known
        else UNKNOWN
    )


def _downloads(models: Sequence[ScaleSettings], artefacts: Sequence[Artefact]) -> list[Line]:
    wanted = dict.fromkeys(each for settings in models for each in downloads(settings))
    licences = {artefact.id: artefact for artefact in artefacts}
    lines = []
    for each in wanted:
        line = _download(each, getattr(models[0], "mirror", None))
        found = licences.get(each.id) if isinstance(each, Repository) else None
        if found:
            line += f"; {found.licence}" + "; GATED: accept its licence first" * found.gated
        lines.append(("download", line))
    return lines or [("download", "nothing")]


def _download(wanted: Wanted, mirror: str | None) -> str:
    if isinstance(wanted, ByHand):
        return f"{wanted.what}: by hand, since {wanted.why}"
    if isinstance(wanted, SourceFiles):
        return _files(wanted, mirror)
    if record := hub.read_record(wanted):
        size = sum(file.size for file, _ in record.values())
        return f"{wanted}: {readable_size(size)} (recorded when it was fetched)"
    facts = hub.known().get(f"{wanted.id}@{wanted.revision}", {})
    sizes = [each["bytes"] for each in facts.values() if "bytes" in each]
    if sizes:
        return f"{wanted}: at least {readable_size(sum(sizes))} ({_count(sizes)} in known.yaml)"
    if found := [each for each in architectures().values() if wanted.id in each.models]:
        weights = readable_size(2 * found[0].parameters)
        return f"{wanted}: about {weights} (its parameters, if each is stored in two bytes)"
    return f"{wanted}: {UNKNOWN}, until it is fetched"


def _files(wanted: SourceFiles, mirror: str | None) -> str:
    source = sources()[wanted.source]
    folder = mirror_folder(mirror)
    files = wanted.files or tuple(source.files)
    places = [DOWNLOADS / source.id / source.revision / Path(file).name for file in files]
    if folder:
        places = [
            folder / file if (folder / file).is_file() else place
            for file, place in zip(files, places, strict=True)
        ]
    name = f"{wanted.source}, {_count(files)} of {source.upstream}"
    if not all(place.is_file() for place in places):
        return f"{name}: {UNKNOWN}, until they are fetched"
    return f"{name}: {readable_size(sum(place.stat().st_size for place in places))} (here)"


def _count(files: Sequence[object]) -> str:
    return f"{len(files)} file{'s' * (len(files) != 1)}"


def _asked(models: Iterable[ScaleSettings]) -> list[tuple[Calls, int]]:
    """What is asked of models behind an endpoint, the same for several models once, and of how
    many of them."""
    counted = Counter(each for settings in models for each in calls(settings))
    return [(each, 1 if each.once else times) for each, times in counted.items()]


def _calls(models: Iterable[ScaleSettings]) -> list[str]:
    """Of models behind an endpoint, as judges or to be asked. At last what all of them cost at
    most."""
    lines, costs = [], []
    for each, times in _asked(models):
        most = UNKNOWN if each.most is None else f"at most {times * each.most:,}"
        of = f", of {times} models" if times > 1 else ""
        costs.append(each.dollars(times))
        cost = UNKNOWN if costs[-1] is None else f"at most ${costs[-1]:,.2f}"
        lines.append(f"{each.model}: {most} ({each.what}{of}); {cost}")
    if len(lines) > 1 and any(cost is not None for cost in costs):
        lines.append(f"all together: {_dollars(costs)}")
    return lines or ["none"]


def _dollars(costs: Sequence[float | None]) -> str:
    known = [cost for cost in costs if cost is not None]
    if not known:
        return UNKNOWN if costs else "none"
    rest = f", and {len(costs) - len(known)} {UNKNOWN}" * (len(known) < len(costs))
    return f"at most ${sum(known):,.2f} (list prices){rest}"


def _measurements(paper: str, scale: str, folder: Path) -> Iterable[str]:
    for path in sorted(folder.glob("*.json")):
        record = read_json(path, dict)
        if (record["paper"], record["scale"]) != (paper, scale):
            continue
        for job in record["jobs"]:
            speeds = ", ".join(f"{v:,.1f} {verb}" for verb, v in job["tokens_per_second"].items())
            how = "extrapolated" if job["extrapolated"] else "measured"
            yield (
                f"{record['architecture']} on {record['device']}, {job['what']}: "
                f"{job['peak_bytes'] / 1e9:.1f} GB, tokens a second: {speeds} ({how})"
            )
