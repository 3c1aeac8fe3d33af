"""Ingesting: files through a reader into the store, so that the same thing seen twice counts once.

Logs are read in chunks that end at every thousandth line and at the end of the file.  A mark names everything in a
file up to a line (see `reputon.evidence.files`), and what is before a mark that is known of a source was counted.
So a file read again, copied, renamed, rotated or packed counts once, and one that has grown counts its old part once,
while equal lines in one file all count.  Two files of one source that begin alike count what they have in common once:
logs of two servers are two sources.  A file that was cut in two is another matter: its second half is a new file.
A format that has names of its own for its pieces gives those, and each counts once wherever it stands.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from reputon.evidence import files
from reputon.evidence.chunk import Chunk, Cursor, Position
from reputon.evidence.files import Line
from reputon.evidence.kinds import Evidence, EvidenceError, Unreadable, checked
from reputon.evidence.masking import masked, reason
from reputon.evidence.settling import CHUNK
from reputon.evidence.store import Store

PIECES = 10_000  # of messages, before they are committed
SHOWN = 5  # unreadable lines that a summary shows

Found = Evidence | Unreadable


class Reading(Protocol):
    """A reader at work on one file; it may remember earlier lines of it."""

    def line(self, line: Line) -> Iterable[Found]:
        """What this line completes."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader: how it starts on a file at a time.

    `whole`: the file is one message, handed over as one line.  `batches`: the file is no lines at all; what it holds,
    in the same lists each time; a ValueError or OSError where it cannot be read (further).
    """

    open: Callable[[datetime], Reading]
    whole: bool = False
    batches: Callable[[Path, datetime], Iterator[list[Found]]] | None = None


@dataclass(slots=True)
class Ingested:
    """What became of the files: lines (or messages, or batches of rows), pieces read, new ones, unreadable lines, the
    first few of those, and broken files.
    """

    files: int = 0
    lines: int = 0
    pieces: int = 0
    new: int = 0
    unreadable: int = 0
    examples: list[Unreadable] = field(default_factory=list)
    broken: list[Unreadable] = field(default_factory=list)

    @property
    def doubled(self) -> int:
        """Pieces that had been counted before."""
        return self.pieces - self.new

    @classmethod
    def of_all(cls, parts: "Sequence[Ingested]") -> "Ingested":
        """The sum of several."""
        return cls(
            sum(each.files for each in parts), sum(each.lines for each in parts), sum(each.pieces for each in parts),
            sum(each.new for each in parts), sum(each.unreadable for each in parts),
            [one for each in parts for one in each.examples][:SHOWN],
            [one for each in parts for one in each.broken],
        )  # fmt: skip


def ingest(store: Store, reader: Reader, paths: Iterable[Path], source: str, now: datetime) -> Ingested:
    """Read files into the store; EvidenceError where it cannot be written (what was committed before is kept)."""
    *_, done = steps(store, reader, paths, source, now)
    return done


def steps(store: Store, reader: Reader, paths: Iterable[Path], source: str, now: datetime) -> Iterator[Ingested]:
    """The same, told after each transaction."""
    done, old = Ingested(), store.was_migrated(source)
    if reader.whole:
        chunks = _messages(reader, paths, now, done, old=old)
    else:
        chunks = (chunk for path in paths for chunk in _of_file(reader, path, now, done, old=old))
    for chunk in chunks:
        settle(store, source, chunk, done)
        yield done
    yield done


def settle(store: Store, source: str, chunk: Chunk, done: Ingested, cursor: Cursor | None = None) -> None:
    """Acknowledge a chunk and count what became of it."""
    done.lines += len(chunk.marks)
    done.new += store.settle(source, chunk, cursor).new
    bad = [found for _, found in chunk.found if isinstance(found, Unreadable)]
    done.pieces += len(chunk.found) - len(bad)
    done.unreadable += len(bad)
    done.examples += bad[: SHOWN - len(done.examples)]


def _of_file(reader: Reader, path: Path, now: datetime, done: Ingested, *, old: bool) -> Iterator[Chunk]:
    """The chunks of a file; what of it cannot be read is told, and what was read before counts."""
    done.files += 1
    chunks = _batches(reader.batches, path, now) if reader.batches else _of_log(reader, path, now, old=old)
    try:
        yield from chunks
    except files.BROKEN as error:
        done.broken.append(_broken(path, error))


def _of_log(reader: Reader, path: Path, now: datetime, *, old: bool) -> Iterator[Chunk]:
    names = hashlib.blake2b(digest_size=32) if old else None
    lines = files.lines(path, names)
    yield from chunks_of(reader.open(now), lines, now, names)


def chunks_of(
    reading: Reading, lines: Iterable[tuple[Line, Position]], now: datetime, old: "hashlib.blake2b | None" = None
) -> Iterator[Chunk]:
    """What lines complete, in chunks; a last line without its end that completes nothing is left for the next time.

    `old`: a digest of what is before each line's end, from which pieces have the identities that version 1 gave them.
    """
    marks, found, broken = list[bytes](), list[tuple[int, Found]](), None
    try:
        for line, at in lines:
            here = [_sound(each, line, now) for each in _read(reading, line)]
            if not here and not line.is_whole:
                break
            found += [(len(marks), each) for each in (_as_before(here, old) if old else here)]
            marks.append(at.mark)
            if at.line % CHUNK == 0:
                yield Chunk(marks, found)
                marks, found = [], []
    except files.BROKEN as error:
        broken = error
    if marks:
        yield Chunk(marks, found)
    if broken:
        raise broken


def _read(reading: Reading, line: Line) -> Iterable[Found]:
    return reading.line(line) if len(line.text) <= files.LINE else _too_long(line)


def _as_before(found: Sequence[Found], old: "hashlib.blake2b") -> Iterator[Found]:
    for ordinal, each in enumerate(found):
        if isinstance(each, Evidence) and each.identity is None:
            name = hashlib.blake2b(old.digest() + ordinal.to_bytes(4), digest_size=16).digest()
            yield replace(each, identity=name)
        else:
            yield each


def _batches(read: Callable[[Path, datetime], Iterator[list[Found]]], path: Path, now: datetime) -> Iterator[Chunk]:
    """What a file of another form holds: each list is known by the whole file's content and its place."""
    name = files.content(path)
    try:
        for number, found in enumerate(read(path, now)):
            mark = hashlib.blake2b(name + number.to_bytes(8), digest_size=files.MARK).digest()
            line = Line(b"", f"{path.name}:{number + 1}", is_whole=True)
            yield Chunk((mark,), [(0, _sound(each, line, now)) for each in found], chained=False)
    except ValueError as error:
        raise OSError(str(error)) from None


def _messages(reader: Reader, paths: Iterable[Path], now: datetime, done: Ingested, *, old: bool) -> Iterator[Chunk]:
    """What files hold that are one message each, many in a chunk."""
    marks, found = list[bytes](), list[tuple[int, Found]]()
    for path in paths:
        done.files += 1
        try:
            line, mark = files.message(path)
        except files.BROKEN as error:
            done.broken.append(_broken(path, error))
            continue
        here = [_sound(each, line, now) for each in reader.open(now).line(line)]
        names = hashlib.blake2b(line.text, digest_size=32)
        found += [(len(marks), each) for each in (_as_before(here, names) if old else here)]
        marks.append(mark)
        if len(marks) >= CHUNK or len(found) >= PIECES:
            yield Chunk(marks, found, chained=False)
            marks, found = [], []
    if marks:
        yield Chunk(marks, found, chained=False)


def _broken(path: Path, error: Exception) -> Unreadable:
    return Unreadable(path.name, "", f"cannot be read to its end: {masked(str(error), 300)}")


def _too_long(line: Line) -> Iterator[Found]:
    if line.is_whole:
        yield unreadable(line, f"longer than {files.LINE} bytes")


def _sound(found: Found, line: Line, now: datetime) -> Found:
    """What was found, unless it cannot be true."""
    try:
        return checked(found, now) if isinstance(found, Evidence) else found
    except EvidenceError as error:
        return unreadable(line, error)


def unreadable(line: Line, why: object) -> Unreadable:
    """A line that cannot be read, for what is kept aside: neither excerpt nor reason shows a recipient."""
    return Unreadable(line.where, masked(line.text[:2000].decode("utf-8", "replace")), reason(why))
