"""Ingesting: files through a reader into the store, so that the same thing seen twice counts once.

A piece of evidence is known by its source, by a digest of every byte of its file up to the end of the line that
completed it, and by its place among those that the line completed.  A file read again, copied, renamed or rotated
has the same digests, and one that has grown the same ones for its old part; equal lines in one file differ.
"""

import gzip
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Protocol

from reputon.evidence.kinds import Evidence, EvidenceError, Unreadable, checked, masked
from reputon.evidence.store import Keyed, Store

BATCH = 2000  # pieces a transaction: what a crash makes us read again, never what it loses
LINE = 1 << 20  # bytes of a line; longer ones are unreadable
SHOWN = 5  # unreadable lines that a summary shows

Found = Evidence | Unreadable


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file: its text, where it is, and whether its line end has been written."""

    text: bytes
    where: str
    is_whole: bool


class Reading(Protocol):
    """A reader at work on one file; it may remember earlier lines of it."""

    def line(self, line: Line) -> Iterable[Found]:
        """What this line completes."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader: how a file is opened for it.  `whole`: the file is one message, handed over as one line."""

    open: Callable[[datetime], Reading]
    whole: bool = False


@dataclass(slots=True)
class Ingested:
    """What became of the files: pieces read, new ones, unreadable lines, and the first few of those."""

    files: int = 0
    pieces: int = 0
    new: int = 0
    unreadable: int = 0
    examples: list[Unreadable] = field(default_factory=list)

    @property
    def doubled(self) -> int:
        """Pieces that had been counted before."""
        return self.pieces - self.new


def ingest(store: Store, reader: Reader, paths: Iterable[Path], source: str, now: datetime) -> Ingested:
    """Read files into the store; EvidenceError for a file that cannot be opened (the others before it are kept)."""
    done, batch = Ingested(), list[Keyed]()
    for path in paths:
        done.files += 1
        for key, found in _keyed(reader, path, now):
            batch.append((key, found))
            if len(batch) >= BATCH:
                _commit(store, source, batch, done)
    _commit(store, source, batch, done)
    return done


def _commit(store: Store, source: str, batch: list[Keyed], done: Ingested) -> None:
    done.new += store.add(source, batch)[0]
    bad = [found for _, found in batch if isinstance(found, Unreadable)]
    done.pieces += len(batch) - len(bad)
    done.unreadable += len(bad)
    done.examples += bad[: SHOWN - len(done.examples)]
    batch.clear()


def _keyed(reader: Reader, path: Path, now: datetime) -> Iterator[Keyed]:
    reading = reader.open(now)
    for digest, line in _lines(path, reader.whole):
        for ordinal, found in enumerate(_read(reading, line, now)):
            own = found.identity if isinstance(found, Evidence) else None
            yield own or hashlib.blake2b(digest + ordinal.to_bytes(4), digest_size=16).digest(), found


def _read(reading: Reading, line: Line, now: datetime) -> Iterator[Found]:
    if len(line.text) > LINE and not isinstance(reading, WholeReading):
        yield Unreadable(line.where, masked(line.text[:1000].decode("utf-8", "replace")), f"longer than {LINE} bytes")
        return
    for found in reading.line(line):
        try:
            yield checked(found, now) if isinstance(found, Evidence) else found
        except EvidenceError as error:
            yield Unreadable(line.where, masked(line.text[:1000].decode("utf-8", "replace")), str(error))


class WholeReading:
    """The base of readings whose line is a whole file."""


def _lines(path: Path, whole: bool) -> Iterator[tuple[bytes, Line]]:
    """Each line with the digest of everything up to its end (the line end itself left out)."""
    digest = hashlib.blake2b(digest_size=32)
    try:
        with _opened(path) as file:
            if whole:
                text = file.read(MESSAGE)
                digest.update(text)
                yield digest.digest(), Line(text, str(path.name), is_whole=True)
                return
            yield from _split(file, path.name, digest)
    except (OSError, EOFError, gzip.BadGzipFile) as error:
        raise EvidenceError(f"{path} cannot be read: {error}") from None


MESSAGE = 4 << 20  # bytes of a message


def _split(file: IO[bytes], name: str, digest: "hashlib.blake2b") -> Iterator[tuple[bytes, Line]]:
    number, text = 0, file.readline(LINE + 2)
    while text:
        number += 1
        whole = text.endswith(b"\n")
        bare = text.removesuffix(b"\n")
        digest.update(bare)
        if not whole and len(text) > LINE:
            whole = _skip(file, digest)
        yield digest.digest(), Line(bare, f"{name}:{number}", whole)
        digest.update(b"\n")
        text = file.readline(LINE + 2)


def _skip(file: IO[bytes], digest: "hashlib.blake2b") -> bool:
    """Pass over the rest of a line that is too long; whether its end was there."""
    while text := file.readline(LINE):
        digest.update(text.removesuffix(b"\n"))
        if text.endswith(b"\n"):
            return True
    return False


def _opened(path: Path) -> IO[bytes]:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")
