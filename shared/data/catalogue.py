"""The public data sets that the papers use, as pinned in `sources.yaml`."""

from functools import cache
from pathlib import Path

import yaml
from pydantic import ValidationError

from shared.data.sources import Source
from shared.errors import UserError

CATALOGUE = Path(__file__).with_name("sources.yaml")


@cache
def sources(path: Path = CATALOGUE) -> dict[str, Source]:
    """Sources by id. Raises `UserError` naming the source and key that is not as expected."""
    records = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {source_id: _source(path, source_id, record) for source_id, record in records.items()}


def _source(path: Path, source_id: str, record: dict) -> Source:
    try:
        return Source.model_validate({"id": source_id, **record})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise UserError(
            f"{path.name}: {source_id}.{key}: {first['msg']}, found {first['input']!r}"
        ) from None
