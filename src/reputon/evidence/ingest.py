"""Ingesting: files through a reader into the store, so that the same thing seen twice counts once.

A piece of evidence is known by its source, by a digest of every byte of its file up to the end of the line that
completed it, and by its place among those that the line completed.  A file read again, copied, renamed, rotated or
compressed has the same digests, and one that has grown the same ones for its old part; equal lines in one file differ.
Two files that begin with the same lines are one file that has been copied, as far as these lines go.
"""

import gzip
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Protocol, cast

from reputon.evidence.kinds import Evidence, EvidenceError, Unreadable, checked, masked
from reputon.evidence.store import Keyed, Store

BATCH = 2000  # pieces a transaction: what a crash makes us read again, never what it loses
LINE = 1 << 20  # bytes of a line; longer ones are unreadable
MESSAGE = 4 << 20  # bytes of a file that is one message
SHOWN = 5  # unreadable lines that a summary shows

Found = Evidence | Unreadable


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file: its text without its end, where it is, and whether the end has been written."""

    text: bytes
    where: str
    is_whole: bool


class Reading(Protocol):
    """A reader at work on one file; it may remember earlier lines of it."""

    def line(self, line: Line) -> Iterable[Found]:
        """What this line completes."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader: how a file is opened for it at a time.  `whole`: the file is one message, handed over as one line."""

    open: Callable[[datetime], Reading]
    whole: bool = False

    @property
    def limit(self) -> int:
        """Bytes of a line beyond which it is not read."""
        return MESSAGE if self.whole else LINE


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


Watch = Callable[[Iterator[Keyed]], Iterable[Keyed]]


def ingest(
    store: Store, reader: Reader, paths: Iterable[Path], source: str, now: datetime, watch: Watch = iter
) -> Ingested:
    """Read files, and folders of them, into the store; `watch` sees every piece pass (a progress bar).

    EvidenceError for a file that cannot be opened; what was read before it is kept.
    """
    done, batch = Ingested(), list[Keyed]()
    try:
        for key, found in watch(_every(reader, paths, now, done)):
            batch.append((key, found))
            if len(batch) >= BATCH:
                _commit(store, source, batch, done)
    finally:
        _commit(store, source, batch, done)
    return done


def _every(reader: Reader, paths: Iterable[Path], now: datetime, done: Ingested) -> Iterator[Keyed]:
    for path in paths:
        inside = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
        for file in inside:
            done.files += 1
            yield from _keyed(reader, file, now)


def _commit(store: Store, source: str, batch: list[Keyed], done: Ingested) -> None:
    done.new += store.add(source, batch)[0]
    bad = [found for _, found in batch if isinstance(found, Unreadable)]
    done.pieces += len(batch) - len(bad)
    done.unreadable += len(bad)
    done.examples += bad[: SHOWN - len(done.examples)]
    batch.clear()


def _keyed(reader: Reader, path: Path, now: datetime) -> Iterator[Keyed]:
    reading = reader.open(now)
    for digest, line in _lines(path, reader):
        for ordinal, found in enumerate(_read(reading, reader.limit, line, now)):
            own = found.identity if isinstance(found, Evidence) else None
            yield own or hashlib.blake2b(digest + ordinal.to_bytes(4), digest_size=16).digest(), found


def _read(reading: Reading, limit: int, line: Line, now: datetime) -> Iterator[Found]:
    if len(line.text) > limit:
        yield _unreadable(line, f"longer than {limit >> 20} MiB")
        return
    for found in reading.line(line):
        try:
            yield checked(found, now) if isinstance(found, Evidence) else found
        except EvidenceError as error:
            yield _unreadable(line, str(error))


def _unreadable(line: Line, why: str) -> Unreadable:
    return Unreadable(line.where, masked(line.text[:1000].decode("utf-8", "replace")), why)


def _lines(path: Path, reader: Reader) -> Iterator[tuple[bytes, Line]]:
    """Each line with the digest of everything up to its end (the line end itself left out)."""
    try:
        with _opened(path) as file:
            if reader.whole:
                text = file.read(reader.limit + 1)
                yield hashlib.blake2b(text, digest_size=32).digest(), Line(text, path.name, is_whole=True)
            else:
                yield from _split(file, path.name)
    except (OSError, EOFError, gzip.BadGzipFile) as error:
        raise EvidenceError(f"{path} cannot be read: {error}") from None


def _split(file: IO[bytes], name: str) -> Iterator[tuple[bytes, Line]]:
    digest, number = hashlib.blake2b(digest_size=32), 0
    while text := file.readline(LINE + 2):
        number += 1
        is_whole, bare = text.endswith(b"\n"), text.removesuffix(b"\n")
        digest.update(bare)
        if not is_whole and len(text) > LINE:
            is_whole = _skip(file, digest)
        yield digest.digest(), Line(bare, f"{name}:{number}", is_whole)
        # Only now: an unterminated last line has the same digest once its end is written.
        digest.update(b"\n")


def _skip(file: IO[bytes], digest: "hashlib.blake2b") -> bool:
    """Pass over the rest of a line that is too long; whether its end was there."""
    while text := file.readline(LINE):
        digest.update(text.removesuffix(b"\n"))
        if text.endswith(b"\n"):
            return True
    return False


def _opened(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")
