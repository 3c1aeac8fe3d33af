"""Store: acknowledged evidence, each piece once: open batches in SQLite, sealed ones in Parquet files."""

import time
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from sqlite3 import Connection
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from reputon.evidence import places, rows, settling
from reputon.evidence.archive import Archive, name_node, opened
from reputon.evidence.chunk import Chunk, Cursor, Settled
from reputon.evidence.database import Database
from reputon.evidence.kinds import Evidence, EvidenceError, Unreadable
from reputon.evidence.manifest import Sealed
from reputon.evidence.rows import KINDS, ROWS, key

KNOWN_NAMES = 1 << 20  # names that a store remembers to be in its table
NEVER = 1 << 62  # later than every time in seconds
DAY = rows.HOUR * rows.HOURS
_TRIES = 3  # at reading files of which a purge takes one away meanwhile


@dataclass(frozen=True, slots=True)
class Tally:
    """What a source has said of a kind: pieces of evidence and the messages they stand for."""

    source: str
    kind: str
    pieces: int
    count: int


class Store:
    """The evidence of one state directory; a context manager.  EvidenceError where it cannot be opened or written.

    `url`: where the sealed part lies (`evidence.url`): empty for the state directory, a path, or `s3://...`.
    """

    def __init__(self, state_dir: Path, url: str = "") -> None:
        self._db = Database(state_dir)
        name_node(state_dir)
        self._state_dir, self._url = state_dir, url
        self._made: Archive | None = None
        self._known: set[str] = set()
        self._recent: dict[int, int] = {}

    @property
    def _archive(self) -> Archive:
        if self._made is None:  # what only takes evidence in does not wait for an object store
            self._made = Archive(self._state_dir, self._db, places.at(self._state_dir, self._url))
        return self._made

    def leave_out(self, paths: Collection[str]) -> int:
        """Make broken files count for nobody; how many of them were this node's."""
        return self._archive.leave_out(paths)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def add(
        self, source: str, digest: bytes, pieces: Sequence[Evidence] | pa.RecordBatch,
        unreadable: Sequence[Unreadable] = (), names: Iterable[str] = (),
    ) -> bool:  # fmt: skip
        """Acknowledge a batch: when this returns it is on the disk.  False: it was there already, nothing changes.

        Of a RecordBatch (of ROWS), `names` are the tenants that its keys stand for.
        """
        if isinstance(pieces, pa.RecordBatch):
            record = rows.checked(source, pieces)
            chunk = Chunk((digest,), [(0, each) for each in unreadable], chained=False)
            return self._settle(source, chunk, record=record, names=names) is not None
        chunk = Chunk((digest,), [(0, each) for each in (*pieces, *unreadable)], chained=False)
        return self._settle(source, chunk) is not None

    def settle(self, source: str, chunk: Chunk, cursor: Cursor | None = None) -> Settled:
        """Acknowledge what is new of a chunk, and how far its file was read, in one transaction."""
        return self._settle(source, chunk, cursor) or Settled()

    def _settle(
        self, source: str, chunk: Chunk, cursor: Cursor | None = None, record: pa.RecordBatch | None = None,
        names: Iterable[str] = (),
    ) -> Settled | None:  # fmt: skip
        """None if everything was known."""
        by, today = key(source), int(time.time()) // DAY
        with self._db.writing() as sql:
            known = settling.known(sql, by, chunk, self._recent.get(by, 0) if cursor else 0)
            if cursor is not None:
                settling.move(sql, by, cursor)
            if chunk.is_known(known):
                return None
            fresh = chunk.fresh(known)
            pieces = settling.unseen(sql, by, [each for each in fresh if isinstance(each, Evidence)], today)
            new = {source, *names, *(each.tenant for each in pieces)} - self._known
            settling.know(sql, new)
            self._keep(sql, record or rows.batch(source, pieces))
            recent = settling.remember(sql, by, chunk, today)
            aside = settling.set_aside(sql, by, [each for each in fresh if isinstance(each, Unreadable)], today)
        if cursor is not None and len(chunk.marks) < settling.CHUNK:
            self._recent[by] = recent  # what others read until now was looked at
        if len(self._known) > KNOWN_NAMES:
            self._known.clear()
        self._known |= new
        return Settled(len(pieces), aside)

    def _keep(self, sql: Connection, record: pa.RecordBatch) -> None:
        if record.num_rows:
            query = "INSERT INTO batch (source, rows, first, last, blob) VALUES (?, ?, ?, ?, ?)"
            sql.execute(query, rows.packed(record))

    def move(self, source: str, cursor: Cursor) -> None:
        """Write down that a file is followed, before anything of it is read."""
        with self._db.writing() as sql:
            settling.know(sql, {source})
            settling.move(sql, key(source), cursor)

    def cursors(self, source: str) -> list[Cursor]:
        """How far each file was read that was followed for a source, the latest last."""
        with self._db.reading() as sql:
            return settling.cursors(sql, key(source))

    def was_migrated(self, source: str) -> bool:
        """Whether an older version may have counted lines of this source, by names that it gave them."""
        return bool(self._db.all("SELECT 1 FROM migrated WHERE source = ?", (key(source),)))

    def seal(self) -> list[Sealed]:
        """Move what is acknowledged into Parquet files by day and hour; the files that were made."""
        return [self._shown(each) for each in self._archive.seal()]

    def files(self, days: Collection[int] | None = None) -> list[Sealed]:
        """The sealed files of all nodes, of some days (since 1970) or of all, the oldest first."""
        found = [each for one in self._archive.manifests() for each in one.files if days is None or each.day in days]
        return [self._shown(each) for each in sorted(found, key=lambda each: (each.hour, each.path))]

    def read(self, file: Sealed, columns: list[str] | None = None) -> pa.Table:
        """The rows of a sealed file, wherever it lies; EvidenceError where it is gone or broken."""
        return self._archive.read(file.path.removeprefix(self._archive.place.shown("")).lstrip("/"), columns)

    def rows(self, since: int | None = None, until: int | None = None) -> pa.Table:
        """Evidence with `since` <= time < `until` (epoch seconds) as ROWS, sealed and open."""
        first, last = -NEVER if since is None else since, NEVER if until is None else until
        found = pa.concat_tables([ROWS.empty_table(), *self._tables(first, last)])
        return found.filter((pc.field("time") >= first) & (pc.field("time") < last))

    def moment(self, since: int = -NEVER) -> tuple[pa.Table, list[Sealed]]:
        """What is acknowledged and in no sealed file, and the sealed files of all nodes, at one moment.

        Only what may have rows from `since` (epoch seconds) on.  A purge may take one of the files away meanwhile.
        """
        tables, files = self._moment(since, NEVER)
        return pa.concat_tables([ROWS.empty_table(), *tables]), [self._shown(each) for each in files]

    def _tables(self, first: int, last: int, columns: list[str] | None = None) -> list[pa.Table]:
        for left in reversed(range(_TRIES)):
            tables, files = self._moment(first, last)
            try:
                return [*(each.select(columns or ROWS.names) for each in tables),
                        *(self._archive.read(each.path, columns) for each in files)]  # fmt: skip
            except EvidenceError:
                if not left or {each.path for each in files} <= {each.path for each in self._moment(first, last)[1]}:
                    raise
        raise AssertionError

    def _moment(self, first: int, last: int) -> tuple[list[pa.Table], list[Sealed]]:
        """Open batches and sealed files that have rows of a time, each row in one of them."""
        archive = self._archive
        with self._db.reading() as sql:
            query = "SELECT id, blob FROM batch WHERE last >= ? AND first < ? ORDER BY id"
            batches = sql.execute(query, (first, last)).fetchall()
            # After the snapshot: what was sealed meanwhile is in both, and counts from its file.
            manifests = archive.manifests()
        own = [each.sealed_of(archive.store) for each in manifests if each.node == archive.node]
        files = [each for one in manifests for each in one.files if each.last >= first and each.first < last]
        return [opened(number, blob) for number, blob in batches if number > max(own, default=0)], files

    def names(self, keys: Iterable[int]) -> dict[int, str]:
        """The names that keys stand for, of this node and of others; UNAUTHENTICATED has none."""
        wanted = set(keys) - {rows.UNAUTHENTICATED}
        found: dict[int, str] = {}
        with self._db.reading() as sql:
            for each in wanted:
                found.update(sql.execute("SELECT key, text FROM name WHERE key = ?", (each,)).fetchall())
        if missing := wanted - found.keys():
            found.update(self._names_elsewhere(missing))
        return found

    def _names_elsewhere(self, wanted: set[int]) -> dict[int, str]:
        found: dict[int, str] = {}
        for manifest in self._archive.manifests():
            for path in manifest.names if manifest.node != self._archive.node else ():
                data = self._archive.place.get(path)
                if data is not None and wanted - found.keys():
                    table = pq.read_table(pa.BufferReader(data), filters=pc.field("key").isin(list(wanted)))
                    found.update(zip(table["key"].to_pylist(), table["text"].to_pylist(), strict=True))
        return found

    def tallies(self) -> list[Tally]:
        """What each source has said, by kind, of everything that is kept."""
        pieces, counts = Counter[tuple[int, int]](), Counter[tuple[int, int]]()
        for table in self._tables(-NEVER, NEVER, ["source", "kind", "count"]):
            sums = table.group_by(["source", "kind"]).aggregate([("count", "count"), ("count", "sum")])
            for row in sums.to_pylist():
                pieces[row["source"], row["kind"]] += row["count_count"]
                counts[row["source"], row["kind"]] += row["count_sum"]
        names = self.names(source for source, _ in pieces)
        found = (Tally(names.get(s, str(s)), KINDS[k], n, counts[s, k]) for (s, k), n in pieces.items())
        return sorted(found, key=lambda each: (each.source, each.kind))

    def unreadable(self, source: str | None = None) -> list[tuple[str, Unreadable]]:
        """What was kept aside, with its source."""
        query = (
            "SELECT name.text, place, excerpt, why FROM unreadable JOIN name ON name.key = source"
            " WHERE ?1 IS NULL OR source = ?1 ORDER BY unreadable.id"
        )
        found = self._db.all(query, (None if source is None else key(source),))
        return [(row[0], Unreadable(*row[1:])) for row in found]

    def purge(self, source: str) -> int:
        """Forget everything that a source said (RFC 6471 section 3.9); how many pieces that were."""
        gone = self._archive.forget(key(source))
        with self._db.writing() as sql:
            query = "SELECT coalesce(sum(rows), 0) FROM batch WHERE source = ?"
            gone += sql.execute(query, (key(source),)).fetchone()[0]
            for table in ("batch", "digest", "identity", "unreadable", "cursor", "migrated", "recent"):
                sql.execute(f"DELETE FROM {table} WHERE source = ?", (key(source),))  # noqa: S608 - our own tables
        return int(gone + self._archive.forget(key(source)))  # again: what another process sealed meanwhile

    def retain(self, days: int, today: int | None = None) -> list[Sealed]:
        """Forget what is older than some days before today (days since 1970); the files that went."""
        before = (int(time.time()) // DAY if today is None else today) - days
        self._archive.seal()
        gone = self._archive.drop(before)
        with self._db.writing() as sql:
            for table in ("digest", "identity", "unreadable", "migrated"):
                sql.execute(f"DELETE FROM {table} WHERE day < ?", (before,))  # noqa: S608 - our own tables
            sql.execute("DELETE FROM cursor WHERE seen < ?", (before * DAY,))
        return [self._shown(each) for each in gone]

    def _shown(self, file: Sealed) -> Sealed:
        return replace(file, path=self._archive.place.shown(file.path))
