"""The public data sets that the papers use, as pinned in `sources.yaml`."""

from functools import cache
from pathlib import Path

from pydantic import ValidationError

from shared.data.fetch.wanted import ByHand, SourceFiles, downloads
from shared.data.sources import Source
from shared.errors import UserError
from shared.files import read_yaml
from shared.settings import ScaleSettings
from shared.settings.plain import first

CATALOGUE = Path(__file__).with_name("sources.yaml")


@cache
def sources(path: Path = CATALOGUE) -> dict[str, Source]:
    """Sources by id. Raises `UserError` naming the source and key that is not as expected."""
    records = read_yaml(path)
    return {source_id: _source(path, source_id, record) for source_id, record in records.items()}


def read_by(paper: str, settings: ScaleSettings) -> dict[str, dict]:
    """What is pinned of the sources that a paper reads, by id: those that it downloads, those
    that the user puts there, and the one of its own name, of which a user may have a copy."""
    named = [each.source for each in downloads(settings) if isinstance(each, SourceFiles | ByHand)]
    return {
        name: sources()[name].model_dump(exclude={"id", "note"})
        for name in dict.fromkeys([*named, paper])
        if name in sources()
    }


def _source(path: Path, source_id: str, record: dict) -> Source:
    try:
        return Source.model_validate({"id": source_id, **record})
    except ValidationError as error:
        raise UserError(f"{path.name}: {source_id}: {first(error, record)}") from None
