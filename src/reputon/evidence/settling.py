"""Settling: what the store knows of a source's marks and identities, within the transaction that adds what is new.

Of a log, the mark at the end of each chunk is known for good.  A copy of it may end elsewhere, between two of these;
so the marks of single lines are known as well, of the last million lines of each source.
"""

from collections.abc import Sequence
from sqlite3 import Connection

import numpy as np

from reputon.evidence.chunk import Chunk, Cursor, Position
from reputon.evidence.kinds import Evidence, EvidenceError, Unreadable
from reputon.evidence.rows import UNAUTHENTICATED, key

CHUNK = 1000  # lines of a chunk; where it ends is the same for everybody who reads the file
SHORT = 8  # bytes of a mark that is kept of a single line
RECENT = 1000  # chunks of a source of which single lines are known
KEPT_ASIDE = 100_000  # unreadable lines of a source that are kept; more are only shown


def known(sql: Connection, source: int, chunk: Chunk, after: int = 0) -> set[bytes]:
    """Those marks of a chunk that were counted.  `after`: the last of the recent ones that need no look."""
    marks = chunk.marks
    if not chunk.chained:
        return _counted(sql, source, marks)
    if found := _counted(sql, source, marks[-1:]):  # it names all others
        return found
    found = _counted(sql, source, marks)
    # A whole chunk ends where everybody's ends; one that ends before may lie within a chunk of another reader.
    return found | _recently(sql, source, marks, after) if len(marks) < CHUNK else found


def _counted(sql: Connection, source: int, marks: Sequence[bytes]) -> set[bytes]:
    holes = ",".join("?" * len(marks))
    query = f"SELECT digest FROM digest WHERE source = ? AND digest IN ({holes})"  # noqa: S608 - only question marks
    return {row[0] for row in sql.execute(query, (source, *marks))}


def _recently(sql: Connection, source: int, marks: Sequence[bytes], after: int) -> set[bytes]:
    recent = sql.execute("SELECT marks FROM recent WHERE source = ? AND id > ?", (source, after))
    there = np.frombuffer(b"".join(row[0] for row in recent), np.uint64)
    ours = np.frombuffer(_short(marks), np.uint64)
    return {marks[place] for place in np.flatnonzero(np.isin(ours, there)).tolist()} if len(there) else set()


def _short(marks: Sequence[bytes]) -> bytes:
    return b"".join(each[:SHORT].ljust(SHORT) for each in marks)


def remember(sql: Connection, source: int, chunk: Chunk, day: int) -> int:
    """Know the marks of a chunk from now on; the number of its place among the recent ones."""
    lasting = [(source, each, day) for each in chunk.lasting()]
    sql.executemany("INSERT OR IGNORE INTO digest VALUES (?, ?, ?)", lasting)
    if not chunk.chained:
        return 0
    number = int(
        sql.execute("INSERT INTO recent (source, marks) VALUES (?, ?)", (source, _short(chunk.marks))).lastrowid or 0
    )
    query = "SELECT id FROM recent WHERE source = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2"
    sql.execute(f"DELETE FROM recent WHERE source = ?1 AND id <= ({query})", (source, RECENT))  # noqa: S608 - our own
    return number


def unseen(sql: Connection, source: int, pieces: Sequence[Evidence], day: int) -> list[Evidence]:
    """Those whose identity, if they have one, was not seen yet; it is now."""
    query = "INSERT OR IGNORE INTO identity VALUES (?, ?, ?)"
    return [
        each for each in pieces
        if each.identity is None or sql.execute(query, (source, each.identity, day)).rowcount
    ]  # fmt: skip


def set_aside(sql: Connection, source: int, bad: Sequence[Unreadable], day: int) -> int:
    """Keep unreadable lines, up to KEPT_ASIDE of a source; how many were new."""
    if not bad:
        return 0
    (there,) = sql.execute("SELECT count(*) FROM unreadable WHERE source = ?", (source,)).fetchone()
    values = [(source, day, each.where, each.excerpt, each.why) for each in bad[: max(KEPT_ASIDE - there, 0)]]
    query = "INSERT OR IGNORE INTO unreadable (source, day, place, excerpt, why) VALUES (?, ?, ?, ?, ?)"
    return max(sql.executemany(query, values).rowcount, 0) if values else 0


def know(sql: Connection, texts: set[str]) -> None:
    """See that names are in their table; EvidenceError if two have one key."""
    for text in texts:
        if key(text) == UNAUTHENTICATED:
            continue
        sql.execute("INSERT OR IGNORE INTO name (key, text) VALUES (?, ?)", (key(text), text))
        (there,) = sql.execute("SELECT text FROM name WHERE key = ?", (key(text),)).fetchone()
        if there != text:
            raise EvidenceError(f"{text!r} and {there!r} have the same key: one of them must be left out")


def move(sql: Connection, source: int, cursor: Cursor) -> None:
    """Write down how far a file was read."""
    at = cursor.at
    values = (source, cursor.device, cursor.inode, cursor.path, cursor.seen, at.line, at.offset, at.mark, cursor.tail)
    sql.execute("INSERT OR REPLACE INTO cursor VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)


def cursors(sql: Connection, source: int) -> list[Cursor]:
    """How far each followed file of a source was read, the latest last."""
    query = "SELECT path, device, inode, line, offset, mark, tail, seen FROM cursor WHERE source = ? ORDER BY seen"
    found = sql.execute(query, (source,))
    return [Cursor(path, device, inode, Position(*at), tail, seen) for path, device, inode, *at, tail, seen in found]
