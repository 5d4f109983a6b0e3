"""Where the samples come from that variants learn: made here, or read from copies of the user's."""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from papers.resa import chat_generator, pipeline
from papers.resa.queries import Query, training
from papers.resa.released import read_released
from papers.resa.settings import Settings
from papers.resa.template_generator import TemplateGenerator
from papers.resa.wildjailbreak import read_wildjailbreak
from shared.data.ledger import GENERATED, Ledger
from shared.data.sources import mirror_folder
from shared.data.splits import random_part
from shared.errors import UserError

SAMPLES, WILD = "ReSA samples", "WildJailbreak"  # the ids of their sources


def training_samples(
    settings: Settings, facts: Sequence[Query], ledger: Ledger, key: str
) -> tuple[list[dict], list[dict], dict[str, int]]:
    """The samples of ReSA, those of WJ-SFT, and how many queries of the first there were and each
    stage dropped; of released ones, how many lack what a style of replies needs.

    facts: questions of fact among the benign queries. Samples of WJ-SFT that are made here are as
    many as ReSA's, so that only what they are differs.
    """
    wanted, seed = settings.wildjailbreak, settings.data_seed
    chats = settings.generators and chat_generator.opened(
        settings.generators, key, settings.precision
    )
    with chats or nullcontext(TemplateGenerator(seed, settings.faulty)) as generator:
        wild, dropped = [], {}
        if wanted and wanted.file:
            path = own_copy(settings.mirror, wanted.file, "training file of WildJailbreak", ledger)
            wild = read_wildjailbreak(path)
        if settings.released:
            path = own_copy(settings.mirror, settings.released, SAMPLES, ledger)
            samples = read_released(path, settings.wording, wild)
            if settings.generators:
                samples = pipeline.with_query_analyses(samples, generator)
            lacking = {
                "without a check that can be read": "analysis",
                "without an analysis of the query": "query_analysis",
            }
            dropped = {
                what: sum(sample[field] is None for sample in samples)
                for what, field in lacking.items()
            }
        else:
            queries = training(settings.queries, seed) + list(facts)
            samples, dropped = pipeline.build(queries, generator)
            dropped = {"queries": len(queries), **dropped}
            route = "chat models" if settings.generators else GENERATED
            ledger.add(SAMPLES, revision=f"seed {seed}", route=route, content=samples)
        if wanted and wanted.queries:
            made, _ = pipeline.build(training(wanted.queries, seed) + list(facts), generator)
            wild = random_part(made, min(len(made), len(samples)), seed, "wildjailbreak.queries")
            ledger.add(WILD, revision=f"seed {seed}", content=wild)
    return samples, wild, dropped


def own_copy(mirror: str | None, file: str, what: str, ledger: Ledger | None = None) -> Path:
    """A file of the user's mirror, taken down where a ledger is given."""
    folder = mirror_folder(mirror)
    path = folder / file if folder else Path(file)
    if not path.is_file():
        raise UserError(f"{path}: no such file; expected the {what}, a copy of your own")
    if ledger:
        own = {"revision": "the user's own copy", "licence": "ODC-By-1.0", "route": "mirror"}
        ledger.add(SAMPLES if what == SAMPLES else WILD, **own, files=[path])
    return path
