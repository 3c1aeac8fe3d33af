"""Store: acknowledged evidence, each piece once: open batches in SQLite, sealed ones in Parquet files."""

import time
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from sqlite3 import Connection
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from reputon.evidence import places, rows
from reputon.evidence.archive import Archive, opened
from reputon.evidence.chunk import Chunk, Cursor, Settled
from reputon.evidence.database import Database
from reputon.evidence.kinds import Evidence, EvidenceError, Unreadable
from reputon.evidence.manifest import Sealed
from reputon.evidence.rows import KINDS, ROWS, key

KEPT_ASIDE = 100_000  # unreadable lines of a source that are kept; more are only shown
KNOWN_NAMES = 1 << 20  # names that a store remembers to be in its table
NEVER = 1 << 62  # later than every time in seconds
_DAY = rows.HOUR * rows.HOURS
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
        self._state_dir, self._url = state_dir, url
        self._made: Archive | None = None
        self._known: set[str] = set()

    @property
    def _archive(self) -> Archive:
        if self._made is None:  # what only takes evidence in does not wait for an object store
            self._made = Archive(self._state_dir, self._db, places.at(self._state_dir, self._url))
        return self._made

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
        if not isinstance(pieces, pa.RecordBatch):
            found = [*pieces, *unreadable]
            chunk = Chunk((digest,), [(0, each) for each in found], chained=False)
            return self._settle(source, chunk, None) is not None
        record = rows.checked(source, pieces)
        with self._db.writing() as sql:
            if _known(sql, key(source), (digest,)):
                return False
            new = self._know(sql, {source, *names})
            _keep(sql, record)
            _remember(sql, key(source), (digest,), _day(record))
            _set_aside(sql, key(source), unreadable)
        self._known |= new
        return True

    def settle(self, source: str, chunk: Chunk, cursor: Cursor | None = None) -> Settled:
        """Acknowledge what is new of a chunk, and how far its file was read, in one transaction."""
        return self._settle(source, chunk, cursor) or Settled()

    def _settle(self, source: str, chunk: Chunk, cursor: Cursor | None) -> Settled | None:
        """None if every mark was known."""
        by, today = key(source), int(time.time()) // _DAY
        with self._db.writing() as sql:
            known = _known(sql, by, chunk.marks)
            is_new = len(known) < len(set(chunk.marks)) and not (chunk.chained and chunk.marks[-1] in known)
            fresh = chunk.fresh(known) if is_new else []
            pieces = _unseen(sql, by, [each for each in fresh if isinstance(each, Evidence)], today)
            new = self._know(sql, {source, *(each.tenant for each in pieces)}) if is_new else set()
            record = rows.batch(source, pieces) if pieces else None
            if record is not None:
                _keep(sql, record)
            if is_new:
                _remember(sql, by, chunk.lasting(), max(today, _day(record) if record is not None else 0))
            aside = _set_aside(sql, by, [each for each in fresh if isinstance(each, Unreadable)])
            if cursor is not None:
                _move(sql, by, cursor, today)
        self._known |= new
        return Settled(len(pieces), aside) if is_new else None

    def _know(self, sql: Connection, texts: set[str]) -> set[str]:
        """See that names are in their table; those that this store did not know of."""
        new = {each for each in texts - self._known if key(each) != rows.UNAUTHENTICATED}
        if len(self._known) > KNOWN_NAMES:
            self._known.clear()
        for text in new:
            sql.execute("INSERT OR IGNORE INTO name (key, text) VALUES (?, ?)", (key(text), text))
            (there,) = sql.execute("SELECT text FROM name WHERE key = ?", (key(text),)).fetchone()
            if there != text:
                raise EvidenceError(f"{text!r} and {there!r} have the same key: one of them must be left out")
        return new

    def cursor(self, source: str, device: int, inode: int) -> Cursor | None:
        """How far a file of this identity was read for a source."""
        query = "SELECT line, offset, chain, tail FROM cursor WHERE source = ? AND device = ? AND inode = ?"
        found = self._db.all(query, (key(source), device, inode))
        return Cursor(device, inode, *found[0]) if found else None

    def cursors(self, source: str) -> list[Cursor]:
        """How far each file was read that was followed for a source."""
        query = "SELECT device, inode, line, offset, chain, tail FROM cursor WHERE source = ? ORDER BY day"
        return [Cursor(*row) for row in self._db.all(query, (key(source),))]

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

    def rows(self, since: int | None = None, until: int | None = None) -> pa.Table:
        """Evidence with `since` <= time < `until` (epoch seconds) as ROWS, sealed and open."""
        first, last = -NEVER if since is None else since, NEVER if until is None else until
        found = pa.concat_tables([ROWS.empty_table(), *self._tables(first, last)])
        return found.filter((pc.field("time") >= first) & (pc.field("time") < last))

    def open_rows(self) -> pa.Table:
        """What is acknowledged and in no sealed file."""
        return pa.concat_tables([ROWS.empty_table(), *self._moment(-NEVER, NEVER)[0]])

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
            gone += sql.execute("SELECT coalesce(sum(rows), 0) FROM batch WHERE source = ?", (key(source),)).fetchone()[
                0
            ]
            for table in ("batch", "digest", "identity", "unreadable", "cursor", "migrated"):
                sql.execute(f"DELETE FROM {table} WHERE source = ?", (key(source),))  # noqa: S608 - our own tables
        return int(gone)

    def retain(self, days: int, today: int | None = None) -> list[Sealed]:
        """Forget what is older than some days before today (days since 1970); the files that went."""
        before = (int(time.time()) // _DAY if today is None else today) - days
        self._archive.seal()
        gone = self._archive.drop(before)
        with self._db.writing() as sql:
            for table in ("digest", "identity", "unreadable", "cursor"):
                sql.execute(f"DELETE FROM {table} WHERE day < ?", (before,))  # noqa: S608 - our own tables
            sql.execute("DELETE FROM migrated WHERE source NOT IN (SELECT source FROM identity)")
        return [self._shown(each) for each in gone]

    def _shown(self, file: Sealed) -> Sealed:
        return replace(file, path=self._archive.place.shown(file.path))


def _known(sql: Connection, source: int, marks: Sequence[bytes]) -> set[bytes]:
    """Those of some marks that are known."""
    last = sql.execute("SELECT digest FROM digest WHERE source = ? AND digest = ?", (source, marks[-1])).fetchone()
    if len(marks) == 1 or last:
        return {last[0]} if last else set()
    query = f"SELECT digest FROM digest WHERE source = ? AND digest IN ({','.join('?' * len(marks))})"  # noqa: S608
    return {row[0] for row in sql.execute(query, (source, *marks))}


def _unseen(sql: Connection, source: int, pieces: list[Evidence], today: int) -> list[Evidence]:
    """Those whose identity, if they have one, was not seen yet; it is now."""
    query = "INSERT OR IGNORE INTO identity VALUES (?, ?, ?)"
    return [
        each for each in pieces
        if each.identity is None or sql.execute(query, (source, each.identity, _lasts(each, today))).rowcount
    ]  # fmt: skip


def _lasts(piece: Evidence, today: int) -> int:
    return max(today, int(piece.time.timestamp()) // _DAY)


def _keep(sql: Connection, record: pa.RecordBatch) -> None:
    if record.num_rows:
        query = "INSERT INTO batch (source, rows, first, last, blob) VALUES (?, ?, ?, ?, ?)"
        sql.execute(query, rows.packed(record))


def _day(record: pa.RecordBatch) -> int:
    return int(pc.max(record.column("day")).as_py() or 0)


def _remember(sql: Connection, source: int, marks: Sequence[bytes], day: int) -> None:
    sql.executemany("INSERT OR IGNORE INTO digest VALUES (?, ?, ?)", [(source, each, day) for each in marks])


def _set_aside(sql: Connection, source: int, bad: Sequence[Unreadable]) -> int:
    """Keep unreadable lines, up to KEPT_ASIDE of a source; how many were new."""
    if not bad:
        return 0
    (kept,) = sql.execute("SELECT count(*) FROM unreadable WHERE source = ?", (source,)).fetchone()
    values: list[tuple[Any, ...]] = [
        (source, int(time.time()) // _DAY, each.where, each.excerpt, each.why)
        for each in bad[: max(KEPT_ASIDE - kept, 0)]
    ]
    query = "INSERT OR IGNORE INTO unreadable (source, day, place, excerpt, why) VALUES (?, ?, ?, ?, ?)"
    return max(sql.executemany(query, values).rowcount, 0) if values else 0


def _move(sql: Connection, source: int, at: Cursor, today: int) -> None:
    values = (source, at.device, at.inode, today, at.line, at.offset, at.chain, at.tail)
    sql.execute("INSERT OR REPLACE INTO cursor VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
