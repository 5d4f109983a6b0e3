"""The pictures and questions of SafeEraser, generated, or the authors' own checked.

Generated: `all_train.json`, `all_val.json` and `prompt.json` in the form of the benchmark
(`benchmark.py`), pictures of the catalogue under `pictures/`, `lessons.jsonl` (a picture and all
that is asked about it, for vanilla to learn from). Of the authors' files nothing is copied: they
are read where they are. Always `specificity.jsonl`, the questions on unrelated pictures, and
`sources.json`.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from itertools import cycle, islice
from pathlib import Path

from PIL import Image

from papers.safe_eraser import benchmark, questions
from papers.safe_eraser.benchmark import SPECIFICITY
from papers.safe_eraser.catalogue import ALLOWED, FORBIDDEN, THINGS, Thing, picture, random_look
from papers.safe_eraser.settings import Generated, Settings
from papers.safe_eraser.specificity import read
from papers.safe_eraser.unrelated import unrelated
from shared.data.ledger import Ledger
from shared.data.pictures import open_picture
from shared.files import write_json, write_jsonl
from shared.runner.step import Run, step

READS = ("benchmark", "data_seed", "specificity", "specificity_questions")

Keep = Callable[[str, Image.Image], str]  # writes a picture under a name, gives its path

UNRELATED_SHARE = 0.15  # of the lessons: pictures of the kind that specificity is measured on


def data(run: Run) -> dict:
    """Write the generated benchmark, or check the user's copy of the authors' files."""
    settings = run.settings
    if settings.generated:
        generate(settings.generated, settings.data_seed, run.out)
    else:
        write_jsonl(run.out / SPECIFICITY, chosen(settings, run.out))
    ledger = sources(settings, run.out)
    ledger.write(run.out)
    return {"sources": list(ledger.records.values())}


def generate(sizes: Generated, seed: int, out: Path) -> None:
    """Write the generated benchmark; its parts are drawn apart, so that sizes don't disturb one
    another, and no two pictures of train and val can be the same: looks are drawn from a continuum.
    """

    def keep(name: str, image: Image.Image) -> str:
        path = out / "pictures" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path)
        return str(path.relative_to(out))

    for split, name in benchmark.SPLITS.items():
        rng = random.Random(f"{seed} {split}")
        write_json(out / name, records(split, sizes, keep, rng))
    write_json(out / benchmark.PROMPTS, {"idk": questions.REFUSALS})
    for name, make in {"lessons": lessons, "specificity": specificity}.items():
        write_jsonl(out / f"{name}.jsonl", make(sizes, keep, random.Random(f"{seed} {name}")))


def records(split: str, sizes: Generated, keep: Keep, rng: random.Random) -> list[dict]:
    """The benchmark's records of one split, in the authors' form, their order mixed."""
    each = getattr(sizes, split)
    share = sizes.benign_val_share if split == "val" else sizes.benign_share
    benign = [
        (keep(f"{split}/benign-{number:03d}", picture(thing, random_look(rng), sizes.side)), thing)
        for number, thing in enumerate(_taking_turns(ALLOWED, round(share * 6 * each)))
    ]
    made = []
    for number, thing in enumerate(_taking_turns(FORBIDDEN, 6 * each)):
        look = random_look(rng)
        twin_path, twin = benign[number % len(benign)]
        shown = picture(thing, look, sizes.side)
        made.append(
            {
                "type": "generated",
                "keyword": thing.name,
                "category": thing.family,
                "image_id": f"{split}-{number:03d}",
                "image_path": keep(f"{split}/forbidden-{number:03d}", shown),
                "SDImage_path": twin_path,
                "unsafe_pairs": [
                    {"question": q, "model_response": bad, "sd_response": good}
                    for q, bad, good in questions.twins(thing, twin, rng)
                ],
                **questions.retained(thing, look, rng),
            }
        )
    rng.shuffle(made)
    return made


def lessons(sizes: Generated, keep: Keep, rng: random.Random) -> list[dict]:
    """What vanilla learns: every object of the catalogue, with all kinds of questions, and
    unrelated pictures."""
    made = []
    others = iter(unrelated("train"))
    for number, thing in enumerate(_taking_turns(THINGS, sizes.lessons)):
        if rng.random() < UNRELATED_SHARE:
            other = next(others)
            shown, pairs = open_picture(other.picture), other.pairs
        else:
            look = random_look(rng)
            shown = picture(thing, look, sizes.side)
            pairs = questions.lesson(thing, look, rng)
        rng.shuffle(pairs)
        made.append(
            {"picture": keep(f"lessons/{number:05d}", shown), "pairs": list(map(list, pairs))}
        )
    return made


def specificity(sizes: Generated, keep: Keep, rng: random.Random) -> list[dict]:
    """Up to two of the questions on each of some unrelated pictures."""
    made = []
    for number, other in enumerate(unrelated("test")[: sizes.specificity]):
        image = keep(f"specificity/{number:04d}", open_picture(other.picture))
        for question, answer in rng.sample(other.pairs, min(2, len(other.pairs))):
            row = {"image": image, "question": question, "answers": [answer]}
            made.append({"dataset": "Specificity", "folder": "", **row})
    return made


def chosen(settings: Settings, out: Path) -> Iterator[dict]:
    """Questions drawn from each benchmark that the settings name; `folder` is that of the picture,
    empty for one that stood within a table and is written below `out`."""
    for name, folder in settings.specificity.items():
        rows = read(name, Path(folder))
        size = min(settings.specificity_questions or len(rows), len(rows))
        for number in random.Random(f"{settings.data_seed} {name}").sample(range(len(rows)), size):
            image, question, answers = rows[number]
            row = {"dataset": name, "folder": folder, "image": image}
            if isinstance(image, bytes):
                path = out / "pictures" / name / f"{number:05d}.jpg"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(image)
                row |= {"folder": "", "image": str(path.relative_to(out))}
            yield row | {"question": question, "answers": answers}


def sources(settings: Settings, out: Path) -> Ledger:
    """What the rows come from, with counts; reading records and pictures checks them."""
    folder = settings.folder(out)
    read = benchmark.read(folder)
    asked = [(record.split, question) for record in read for question in record.questions]
    unrelated = benchmark.read_specificity(out)
    counts = Counter(f"{question.set}, {split}" for split, question in asked)
    counts["refusals"] = len(benchmark.refusals(folder))
    counts["pictures"] = benchmark.check_pictures(question.path for _, question in asked)
    benchmark.check_pictures(question.path for question in unrelated)
    of_each = Counter(question.dataset for question in unrelated)
    files = [folder / name for name in (*benchmark.SPLITS.values(), benchmark.PROMPTS)]
    ledger = Ledger()
    if not settings.generated:
        yours = {"revision": "the user's own copy", "licence": "none stated", "route": "mirror"}
        ledger.add("SafeEraser", **yours, files=files)
        ledger.used("SafeEraser", counts)
        for name, count in of_each.items():
            ledger.add(name, **yours | {"licence": "of the benchmark"}, files=[out / SPECIFICITY])
            ledger.used(name, {name: count})
        return ledger
    ledger.add("generated catalogue", revision=f"seed {settings.data_seed}", files=files)
    ledger.used("generated catalogue", counts)
    ledger.add(
        "easy-VQA",
        revision=f"package easy-vqa {version('easy-vqa')}, seed of the choice as above",
        licence="MIT",
        route="package",
        files=[out / SPECIFICITY],
    )
    ledger.used("easy-VQA", {"specificity": len(unrelated)})
    return ledger


def _taking_turns(things: Sequence[Thing], count: int) -> Iterator[Thing]:
    return islice(cycle(things), count)


if __name__ == "__main__":
    step(data)
