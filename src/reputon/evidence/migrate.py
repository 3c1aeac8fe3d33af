"""Migration: what an older version kept, into the tables of this one, within the transaction that makes them.

Version 1 had a row for each piece, known by a key of its own.  Rows become batches; the keys stay, since a log that
was read by version 1 has no other name for what was counted of it (see `reputon.evidence.chunk`).
"""

import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby

from reputon.evidence import rows
from reputon.evidence.kinds import Evidence, Kind

BATCH = 10_000  # rows of a batch
_DAY = rows.HOUR * rows.HOURS


def set_aside(sql: sqlite3.Connection) -> None:
    """Give the tables of version 1 names that are not in the way."""
    sql.execute("ALTER TABLE evidence RENAME TO evidence_1")
    sql.execute("ALTER TABLE unreadable RENAME TO unreadable_1")


def carry_over(sql: sqlite3.Connection) -> None:
    """Take everything of version 1 into the present tables."""
    sql.create_function("key_of", 1, rows.key, deterministic=True)
    today = int(time.time()) // _DAY
    sql.execute("INSERT INTO name (key, text) SELECT DISTINCT key_of(source), source FROM evidence_1")
    sql.execute("INSERT OR IGNORE INTO name (key, text) SELECT DISTINCT key_of(source), source FROM unreadable_1")
    sql.execute(
        "INSERT OR IGNORE INTO name (key, text) SELECT DISTINCT key_of(tenant), tenant FROM evidence_1"
        " WHERE tenant NOT LIKE 'unauth@%'"
    )
    # Version 1 had no register: what it read was the operator's own.
    sql.execute(
        "INSERT OR IGNORE INTO source (name, reader, trust, domains, note, since)"
        " SELECT DISTINCT source, '', 'own', '', 'from version 1', 0 FROM evidence_1"
    )
    sql.execute("INSERT INTO migrated SELECT DISTINCT key_of(source), ? FROM evidence_1", (today,))
    for source, pieces in _batches(sql):
        sql.execute(
            "INSERT INTO batch (source, rows, first, last, blob) VALUES (?, ?, ?, ?, ?)",
            rows.packed(rows.batch(source, pieces)),
        )
    sql.execute(
        "INSERT OR IGNORE INTO identity SELECT key_of(source), key, max(?, time / ?) FROM evidence_1", (today, _DAY)
    )
    sql.execute(
        "INSERT OR IGNORE INTO unreadable (source, day, place, excerpt, why)"
        " SELECT key_of(source), ?, place, excerpt, why FROM unreadable_1", (today,)
    )  # fmt: skip
    sql.execute("DROP TABLE evidence_1")
    sql.execute("DROP TABLE unreadable_1")


def _batches(sql: sqlite3.Connection) -> Iterator[tuple[str, list[Evidence]]]:
    found = sql.execute("SELECT source, time, subject, tenant, kind, count FROM evidence_1 ORDER BY source, rowid")
    for source, of_source in groupby(found, key=lambda row: str(row[0])):
        pieces: list[Evidence] = []
        for _, at, subject, tenant, kind, count in of_source:
            pieces.append(Evidence(datetime.fromtimestamp(at, UTC), subject, tenant, Kind(kind), count))
            if len(pieces) == BATCH:
                yield source, pieces
                pieces = []
        if pieces:
            yield source, pieces
