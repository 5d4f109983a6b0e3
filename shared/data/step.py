"""The `data` step of every paper: its command line, and the record of where the rows came from."""

import time
from collections.abc import Callable
from pathlib import Path

from shared.files import read_json
from shared.settings import ScaleSettings
from shared.workflow.programs import step_parser, step_settings
from shared.workflow.records import write_run


def make_data(doc: str, paper_id: str, build: Callable[[ScaleSettings, Path], None]) -> None:
    """The program, by its command line. `build` writes all files, `sources.json` among them, into
    the folder it is given."""
    arguments = step_parser(doc).parse_args()
    started = time.perf_counter()
    settings = step_settings(paper_id, arguments)
    build(settings, arguments.out)
    write_run(
        arguments.record,
        started,
        settings=settings.model_dump(mode="json"),
        seed=settings.data_seed,
        sources=read_json(arguments.out / "sources.json", list),
    )
