"""Archive: the sealed part of a node's evidence: Parquet files by day and hour, and the manifest that makes them count.

The order of steps is what makes a crash harmless: files first, then the manifest in one step, then what it made
needless.  Files that no manifest names count for nobody; the next seal removes them.
"""

import hashlib
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from reputon import durable
from reputon.authentication import domains
from reputon.evidence import manifest, parquet
from reputon.evidence.database import NUMBERED, Database
from reputon.evidence.kinds import EvidenceError
from reputon.evidence.manifest import Manifest, Sealed
from reputon.evidence.places import Place
from reputon.evidence.rows import HOUR, HOURS, ROWS, unpacked

FILES = "evidence"
NAMES = "names"
PORTION = 1_000_000  # rows that are sealed at once: about 150 MB of memory
NAME_FILES = 48  # of a node, until they are made one
LOCK = "evidence.lock"
NODE = "node"


class Archive:
    """What one node has sealed; it alone writes its manifest, one process at a time."""

    def __init__(self, state_dir: Path, db: Database, place: Place) -> None:
        self._state_dir, self._db, self.place = state_dir, db, place
        self.node = name_node(state_dir)
        self.store = db.setting("store") or ""

    def manifest(self) -> Manifest:
        """This node's manifest as it is now."""
        return manifest.load(self.place, self.node)

    def manifests(self) -> list[Manifest]:
        """Those of all nodes."""
        return manifest.load_all(self.place)

    @contextmanager
    def changing(self) -> Iterator[Manifest]:
        """The manifest while nobody else seals, purges or retains here; what a crash left is tidied up first."""
        with durable.locked(self._state_dir / LOCK):
            now = self.manifest()
            self._drop(now)
            self._remove_orphans(now)
            yield now

    def seal(self) -> list[Sealed]:
        """Move every open batch into files; those that were made."""
        made: list[Sealed] = []
        with self.changing() as before:
            now = before
            while portion := self._portion(now.sealed_of(self.store)):
                now, new = self._move(now, *portion)
                made += new
        return made

    def _move(self, now: Manifest, last: int, table: pa.Table) -> tuple[Manifest, tuple[Sealed, ...]]:
        number = self._number()
        new = self._write(table, number)
        unpublished = self._db.all("SELECT key, text FROM name WHERE published = 0")
        names = now.names + self._publish(unpublished, number)
        after = replace(now, store=self.store, sealed_to=last, files=now.files + new, names=names)
        manifest.save(self.place, after)
        self._published(unpublished)
        self._drop(after)
        return after, new

    def forget(self, source: int) -> int:
        """Write every file anew that has rows of this source; how many rows that were."""
        gone = 0
        with self.changing() as now:
            old = [each for each in now.files if source in each.sources]
            number, new = self._number(), list[Sealed]()
            for file in old:
                rows = self.read(file.path)
                kept = rows.filter(pc.not_equal(rows["source"], source))
                gone += rows.num_rows - kept.num_rows
                new += self._write(kept, number) if kept.num_rows else ()
                number = self._number()
            self._replace(now, [each.path for each in old], tuple(new))
        return gone

    def drop(self, before: int) -> list[Sealed]:
        """Take the files of the days before one (since 1970) away; those that were."""
        with self.changing() as now:
            old = [each for each in now.files if each.day < before]
            self._replace(now, [each.path for each in old], ())
        with self.changing() as now:
            if len(now.names) > NAME_FILES:
                self._gather_names(now)
        return old

    def leave_out(self, paths: Collection[str]) -> int:
        """Take files out of the manifest, by their paths for others; how many were in it."""
        with self.changing() as now:
            old = [each.path for each in now.files if self.place.shown(each.path) in paths]
            self._replace(now, old, ())
        return len(old)

    def read(self, path: str, columns: list[str] | None = None) -> pa.Table:
        """The rows of a file; EvidenceError if it is not there or broken."""
        data = self.place.get(path)
        if data is None:
            raise EvidenceError(f"{self.place.shown(path)} is not there: see `reputon state check`")
        return parquet.unpacked(self.place.shown(path), data, columns)

    def _portion(self, sealed_to: int) -> tuple[int, pa.Table] | None:
        """The oldest open batches, up to PORTION rows and one batch: the last one's number, and all their rows."""
        last, total, tables = 0, 0, []
        with self._db.reading() as sql:
            for last, rows, blob in sql.execute(
                "SELECT id, rows, blob FROM batch WHERE id > ? ORDER BY id", (sealed_to,)
            ):
                tables.append(opened(last, blob))
                if (total := total + rows) >= PORTION:
                    break
        return (last, pa.concat_tables(tables)) if tables else None

    def _write(self, table: pa.Table, number: int) -> tuple[Sealed, ...]:
        """A file for each hour of these rows."""
        return tuple(self._file(each, number) for each in parquet.by_hour(table))

    def _file(self, table: pa.Table, number: int) -> Sealed:
        hour, bounds = table["hour"][0].as_py(), pc.min_max(table["time"]).as_py()
        at = datetime.fromtimestamp(hour * HOUR, UTC)
        path = f"{FILES}/date={at:%Y-%m-%d}/hour={at:%H}/{self.node}-{number}.parquet"
        # By which suffixes names became tenants: a score is computed again later by the same.
        dated = table.cast(ROWS).replace_schema_metadata({"reputon.suffixes": domains.snapshot()})
        data = parquet.packed(dated)
        self.place.put(path, data)
        sources = tuple(sorted(pc.unique(table["source"]).to_pylist()))
        digest = hashlib.blake2b(data, digest_size=16).hexdigest()
        return Sealed(path, hour // HOURS, hour, table.num_rows, len(data), self.node, bounds["min"], bounds["max"],
                      sources, digest)  # fmt: skip

    def _publish(self, names: list[tuple[Any, ...]], number: int) -> tuple[str, ...]:
        """Put names beside the files, for those who read them elsewhere."""
        if not names:
            return ()
        name = f"{NAMES}/{self.node}-{number}.parquet"
        self.place.put(name, parquet.of_names(names))
        return (name,)

    def _gather_names(self, now: Manifest) -> None:
        """Make one file of all that have names."""
        found = pa.concat_tables([self.read(name) for name in now.names])
        names = zip(found["key"].to_pylist(), found["text"].to_pylist(), strict=True)
        manifest.save(self.place, replace(now, names=self._publish(list(set(names)), self._number())))
        for name in now.names:
            self.place.remove(name)

    def _published(self, names: list[tuple[Any, ...]]) -> None:
        if names:
            with self._db.writing() as sql:
                sql.executemany("UPDATE name SET published = 1 WHERE key = ?", [each[:1] for each in names])

    def _replace(self, now: Manifest, old: list[str], new: tuple[Sealed, ...]) -> None:
        if not old:
            return
        changed = now.without(set(old))
        manifest.save(self.place, replace(changed, store=changed.store or self.store, files=changed.files + new))
        for path in old:
            self.place.remove(path)

    def _drop(self, now: Manifest) -> None:
        """Take out of the database what the manifest says is in files."""
        sealed_to = now.sealed_of(self.store)
        if self._db.all("SELECT 1 FROM batch WHERE id <= ? LIMIT 1", (sealed_to,)):
            with self._db.writing() as sql:
                sql.execute("DELETE FROM batch WHERE id <= ?", (sealed_to,))

    def _remove_orphans(self, now: Manifest) -> None:
        known = {*now.names, *(each.path for each in now.files)}
        for name in (*self.place.names(FILES), *self.place.names(NAMES)):
            own = name.rpartition("/")[2].lstrip(".").startswith(f"{self.node}-")
            if own and name not in known:
                self.place.remove(name)

    def _number(self) -> int:
        """A number that no file of this node had."""
        with self._db.writing() as sql:
            sql.execute(NUMBERED, (1,))
            return int(sql.execute("SELECT value FROM setting WHERE name = 'number'").fetchone()[0])


def opened(number: int, blob: bytes) -> pa.Table:
    """The rows of an open batch."""
    try:
        return unpacked(blob)
    except (pa.ArrowException, OSError):
        raise EvidenceError(f"batch {number} of the database is broken: see `reputon state check`") from None


def name_node(state_dir: Path) -> str:
    """The name of this state directory among all that write to one place; it is given one first."""
    file = state_dir / NODE
    if not file.exists():
        with durable.locked(state_dir / LOCK):
            if not file.exists():
                durable.write(file, uuid.uuid4().hex[:12] + "\n")
    return file.read_text().strip()
