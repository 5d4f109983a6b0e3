"""What the rows of a paper come from: `sources.json`, which the record of the data step repeats.

One record a source: id, revision, licence, `route` (the ways its files came in; null if none did),
`sha256` by file, `rows` by data set, and whatever else is known of it.
"""

import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from shared.data.catalogue import sources
from shared.data.sources import fetch
from shared.files import sha256, write_json

FILE = "sources.json"
OWN = "written for this project"  # the licence of what our own code makes
GENERATED = "generated"  # the route of that

Read = TypeVar("Read")


class Ledger:
    """Takes down sources in the order in which they are named first.

    mirror: the folder of the settings, if they name one (`shared.data.sources.mirror_folder`).
    """

    def __init__(self, mirror: str | None = None):
        self.mirror = mirror
        self.records: dict[str, dict] = {}

    def fetch(self, source_id: str, file: str) -> Path:
        """A file of a source of the catalogue, checked."""
        fetched = fetch(sources()[source_id], file, self.mirror)
        record = self._public(source_id)
        record["route"] = sorted({*(record["route"] or ()), fetched.route})
        record["sha256"][file] = fetched.sha256
        return fetched.path

    def read(self, source_id: str, file: str, reader: Callable[[Path, str], Read]) -> Read:
        """What a reader of `shared.data.benchmarks` makes of that file."""
        return reader(self.fetch(source_id, file), file)

    def absent(self, source_id: str, reason: str) -> None:
        """A source of the catalogue that nothing was read of, and why."""
        self._public(source_id).update(route=None, reason=reason)

    def add(
        self,
        source_id: str,
        *,
        revision: str,
        licence: str = OWN,
        route: str | None = GENERATED,
        files: Iterable[Path] = (),
        content: object = None,
        digests: Mapping[str, str | None] | None = None,
        **more: object,
    ) -> None:
        """A source that is not in the catalogue. Named again, it is the same source.

        revision: a seed (`seed 0`), a version, a commit. Its bytes are those of `files`, or of
        `content`, a value of JSON that stands for rows which lie in no file of their own; or they
        are known as `digests` by file. `more` goes into the record as it is.
        """
        record = self._record(source_id, revision, licence)
        record["route"] = None if route is None else [route]
        record["sha256"] |= dict(digests or {})
        record["sha256"] |= {path.name: sha256(path) for path in files}
        if content is not None:
            text = json.dumps(content, ensure_ascii=False)
            record["sha256"] = {"rows": hashlib.sha256(text.encode()).hexdigest()}
        record |= more

    def used(self, source_id: str, rows: Mapping[str, int]) -> None:
        """How many rows each data set has from a source; also said in the log."""
        self.records[source_id]["rows"] |= rows
        for dataset, count in rows.items():
            print(f"{dataset}: {count} rows ({self.route(source_id)})", file=sys.stderr)

    def note(self, source_id: str, **more: object) -> None:
        """Whatever else is known of a source that was named before."""
        self.records[source_id] |= more

    def route(self, source_id: str) -> str:
        return ", ".join(self.records[source_id]["route"] or ["nowhere"])

    def write(self, out: Path) -> None:
        """`sources.json` in the folder of the data. A source without files has no `sha256`."""
        records = [
            {key: value for key, value in record.items() if key != "sha256" or value}
            for record in self.records.values()
        ]
        write_json(out / FILE, records)

    def _public(self, source_id: str) -> dict:
        source = sources()[source_id]
        revision = f"{source.upstream}@{source.revision or 'not known'}"
        return self._record(source_id, revision, source.licence)

    def _record(self, source_id: str, revision: str, licence: str) -> dict:
        empty = {"id": source_id, "revision": revision, "licence": licence}
        return self.records.setdefault(source_id, empty | {"route": [], "sha256": {}, "rows": {}})
