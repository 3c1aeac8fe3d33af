"""Store: acknowledged evidence in SQLite (WAL, synchronous FULL), each piece once, whatever is killed when."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from reputon.evidence.kinds import Evidence, EvidenceError, Unreadable

FILE = "evidence.sqlite"
VERSION = 1
BUSY = 30.0  # seconds that a writer waits for another
KEPT_ASIDE = 100_000  # unreadable lines of a source that are kept; more are only shown

_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS evidence (
    time INTEGER NOT NULL, source TEXT NOT NULL, subject INTEGER NOT NULL, tenant TEXT NOT NULL,
    kind TEXT NOT NULL, count INTEGER NOT NULL, key BLOB NOT NULL, UNIQUE (source, key)
) STRICT;
CREATE INDEX IF NOT EXISTS evidence_by_time ON evidence (time);
CREATE TABLE IF NOT EXISTS unreadable (
    source TEXT NOT NULL, place TEXT NOT NULL, excerpt TEXT NOT NULL, why TEXT NOT NULL,
    key BLOB NOT NULL, UNIQUE (source, key)
) STRICT;
PRAGMA user_version = {VERSION};
COMMIT;
"""

ROWS = pa.schema(
    [("time", pa.int64()), ("source", pa.string()), ("subject", pa.int64()), ("tenant", pa.string()),
     ("kind", pa.string()), ("count", pa.int64())]
)  # fmt: skip

Keyed = tuple[bytes, Evidence | Unreadable]


@dataclass(frozen=True, slots=True)
class Tally:
    """What a source has said of a kind: pieces of evidence and the messages they stand for."""

    source: str
    kind: str
    pieces: int
    count: int


class Store:
    """The evidence of one state directory; a context manager.  EvidenceError where it cannot be opened or written."""

    def __init__(self, state_dir: Path) -> None:
        file = state_dir / FILE
        try:
            state_dir.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(file, timeout=BUSY, isolation_level=None)
        except (sqlite3.Error, OSError) as error:
            raise EvidenceError(f"{file} cannot be opened: {error}") from None
        try:
            self._prepare(file)
        except sqlite3.Error as error:
            self._db.close()
            raise EvidenceError(f"{file} cannot be used: {error}") from None

    def _prepare(self, file: Path) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version == 0:
            self._db.executescript(_SCHEMA)
        elif version != VERSION:
            self._db.close()
            raise EvidenceError(f"{file} was written by another version of reputon ({version})")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def add(self, source: str, pieces: Iterable[Keyed]) -> tuple[int, int]:
        """Add in one transaction what is new; how many pieces and how many unreadable lines were."""
        found = list(pieces)
        good = [_row(source, key, each) for key, each in found if isinstance(each, Evidence)]
        bad = [(source, e.where, e.excerpt, e.why, key) for key, e in found if isinstance(e, Unreadable)]
        with self._writing():
            new = self._insert("INSERT OR IGNORE INTO evidence VALUES (?, ?, ?, ?, ?, ?, ?)", good)
            room = KEPT_ASIDE - self._one("SELECT count(*) FROM unreadable WHERE source = ?", source)
            aside = self._insert("INSERT OR IGNORE INTO unreadable VALUES (?, ?, ?, ?, ?)", bad[: max(room, 0)])
        return new, aside

    def rows(self, since: int | None = None, until: int | None = None) -> pa.Table:
        """Evidence with `since` <= time < `until` (epoch seconds): time, source, subject, tenant, kind, count."""
        query = "SELECT time, source, subject, tenant, kind, count FROM evidence WHERE time >= ? AND time < ?"
        bounds = (-(1 << 62) if since is None else since, 1 << 62 if until is None else until)
        found: list[tuple[object, ...]] = self._db.execute(query, bounds).fetchall()
        columns = list(zip(*found, strict=True)) or [()] * len(ROWS)
        return pa.table(
            [pa.array(column, field.type) for column, field in zip(columns, ROWS, strict=True)], schema=ROWS
        )

    def tallies(self) -> list[Tally]:
        """What each source has said, by kind."""
        query = "SELECT source, kind, count(*), sum(count) FROM evidence GROUP BY source, kind ORDER BY source, kind"
        return [Tally(*row) for row in self._db.execute(query)]

    def unreadable(self, source: str | None = None) -> list[tuple[str, Unreadable]]:
        """What was kept aside, with its source."""
        query = "SELECT source, place, excerpt, why FROM unreadable WHERE ?1 IS NULL OR source = ?1 ORDER BY rowid"
        return [(row[0], Unreadable(*row[1:])) for row in self._db.execute(query, (source,))]

    def purge(self, source: str) -> int:
        """Forget everything that a source said (RFC 6471 section 3.9); how many pieces that were."""
        with self._writing():
            gone = self._db.execute("DELETE FROM evidence WHERE source = ?", (source,)).rowcount
            self._db.execute("DELETE FROM unreadable WHERE source = ?", (source,))
        return gone

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise EvidenceError(f"evidence cannot be written ({error}); what was acknowledged before is kept") from None

    def _insert(self, statement: str, rows: list[Any]) -> int:
        return max(self._db.executemany(statement, rows).rowcount, 0) if rows else 0

    def _one(self, query: str, *values: object) -> int:
        return int(self._db.execute(query, values).fetchone()[0])


def _row(source: str, key: bytes, each: Evidence) -> tuple[object, ...]:
    return int(each.time.timestamp()), source, each.subject, each.tenant, str(each.kind), each.count, key
