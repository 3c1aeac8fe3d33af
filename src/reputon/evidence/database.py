"""Database: the SQLite file of a state directory's evidence: what is not sealed yet, and what is known of all.

WAL with synchronous=FULL: what is committed has been synced to the disk.
"""

import sqlite3
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reputon import durable
from reputon.evidence.kinds import EvidenceError

FILE = "evidence.sqlite"
VERSION = 2
_LIFT = 1 << 40
BUSY = 30.0  # seconds that a writer waits for another

# batch: what is acknowledged and not sealed, one Arrow IPC stream each; its id is never used again.
# digest, identity: what was counted already, with the day of the latest of it.
# recent: the first bytes of the marks of single lines, of what was read last.
TABLES = """
CREATE TABLE name (key INTEGER PRIMARY KEY, text TEXT NOT NULL, published INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE INDEX name_unpublished ON name (key) WHERE published = 0;
CREATE TABLE batch (
    id INTEGER PRIMARY KEY AUTOINCREMENT, source INTEGER NOT NULL, rows INTEGER NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL, blob BLOB NOT NULL
) STRICT;
CREATE TABLE digest (
    source INTEGER NOT NULL, digest BLOB NOT NULL, day INTEGER NOT NULL, PRIMARY KEY (source, digest)
) STRICT, WITHOUT ROWID;
CREATE TABLE identity (
    source INTEGER NOT NULL, key BLOB NOT NULL, day INTEGER NOT NULL, PRIMARY KEY (source, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE unreadable (
    id INTEGER PRIMARY KEY, source INTEGER NOT NULL, day INTEGER NOT NULL, place TEXT NOT NULL, excerpt TEXT NOT NULL,
    why TEXT NOT NULL, UNIQUE (source, place, excerpt, why)
) STRICT;
CREATE TABLE recent (id INTEGER PRIMARY KEY AUTOINCREMENT, source INTEGER NOT NULL, marks BLOB NOT NULL) STRICT;
CREATE INDEX recent_of_source ON recent (source, id);
CREATE TABLE cursor (
    source INTEGER NOT NULL, device INTEGER NOT NULL, inode INTEGER NOT NULL, path TEXT NOT NULL, seen INTEGER NOT NULL,
    line INTEGER NOT NULL, offset INTEGER NOT NULL, mark BLOB NOT NULL, tail BLOB NOT NULL,
    PRIMARY KEY (source, device, inode)
) STRICT, WITHOUT ROWID;
CREATE TABLE source (
    name TEXT PRIMARY KEY, reader TEXT NOT NULL, trust TEXT NOT NULL, sent_cap INTEGER, token BLOB,
    domains TEXT NOT NULL, note TEXT NOT NULL, since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE migrated (source INTEGER PRIMARY KEY, day INTEGER NOT NULL) STRICT;
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
"""

# Numbers of files: each is written down before it is used, and never given again.
NUMBERED = "INSERT INTO setting VALUES ('number', ?1) ON CONFLICT DO UPDATE SET value = value + ?1"


class Database:
    """A connection; EvidenceError where the file cannot be opened, read or written."""

    def __init__(self, state_dir: Path) -> None:
        self.file = state_dir / FILE
        try:
            state_dir.mkdir(parents=True, exist_ok=True)
            self._sql = sqlite3.connect(self.file, timeout=BUSY, isolation_level=None)
        except (sqlite3.Error, OSError) as error:
            raise EvidenceError(f"{self.file} cannot be opened: {error}") from None
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._sql.close()
            raise EvidenceError(f"{self.file} cannot be used ({error}): see `reputon state check`") from None
        except EvidenceError:
            self._sql.close()
            raise

    def _prepare(self) -> None:
        durable.into_wal(self._sql, BUSY)
        self._sql.execute("PRAGMA synchronous = FULL")
        if self._version() == VERSION:
            return
        with self.writing():  # of several that come first, one makes the tables
            if (version := self._version()) == VERSION:
                return
            if version not in (0, 1):
                raise EvidenceError(f"{self.file} was written by another version of reputon ({version})")
            self._create(version)

    def _create(self, version: int) -> None:
        from reputon.evidence import migrate

        if version == 1:
            migrate.set_aside(self._sql)
        for statement in TABLES.split(";"):
            self._sql.execute(statement)
        self._sql.execute("INSERT INTO setting VALUES ('store', ?)", (uuid.uuid4().hex,))
        if version == 1:
            migrate.carry_over(self._sql)
        self._sql.execute(f"PRAGMA user_version = {VERSION}")

    def _version(self) -> int:
        return int(self._sql.execute("PRAGMA user_version").fetchone()[0])

    def close(self) -> None:
        """Let go of the file."""
        self._sql.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it is on the disk when the block is left, or nothing."""
        try:
            self._sql.execute("BEGIN IMMEDIATE")
            yield self._sql
            self._sql.execute("COMMIT")
        except sqlite3.Error as error:
            raise EvidenceError(f"evidence cannot be written ({error}); what was acknowledged before is kept") from None
        finally:
            if self._sql.in_transaction:
                self._sql.execute("ROLLBACK")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A snapshot: what is read in the block is of one moment."""
        try:
            self._sql.execute("BEGIN")
            yield self._sql
        except sqlite3.Error as error:
            raise EvidenceError(f"{self.file} cannot be read ({error}): see `reputon state check`") from None
        finally:
            if self._sql.in_transaction:
                self._sql.execute("ROLLBACK")

    def all(self, query: str, values: Iterable[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of a question."""
        with self.reading() as sql:
            found: list[tuple[Any, ...]] = sql.execute(query, tuple(values)).fetchall()
            return found

    def lift(self) -> None:
        """After a restore: number batches and files higher than anything that was made since the backup.

        What was sealed elsewhere in the meantime would else be taken for what comes now.
        """
        with self.writing() as sql:
            sql.execute("INSERT INTO sqlite_sequence SELECT 'batch', 0 WHERE NOT EXISTS"
                        " (SELECT 1 FROM sqlite_sequence WHERE name = 'batch')")  # fmt: skip
            sql.execute("UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'batch'", (_LIFT,))
            sql.execute(NUMBERED, (_LIFT,))

    def setting(self, name: str) -> str | None:
        """What was written down under a name."""
        found = self.all("SELECT value FROM setting WHERE name = ?", (name,))
        return str(found[0][0]) if found else None
