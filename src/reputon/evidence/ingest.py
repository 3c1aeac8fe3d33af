"""Ingesting: files through a reader into the store, so that the same thing seen twice counts once.

A piece of evidence is known by its source, by the digest of its file up to the end of the line that completed it, and
by its place among those that the line completed; a format that has names of its own for its pieces gives those.
So a file read again, copied, renamed, rotated or packed counts once, and one that has grown counts its old part once,
while equal lines in one file all count.  Two files of one source that begin alike count what they have in common once:
logs of two servers are two sources.  A file that was cut in two is another matter: its second half is a new file.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from reputon.evidence import files
from reputon.evidence.files import Line
from reputon.evidence.kinds import Evidence, EvidenceError, Unreadable, checked, masked
from reputon.evidence.store import Keyed, Store

BATCH = 2000  # pieces a transaction: what a crash makes us read again, never what it loses
SHOWN = 5  # unreadable lines that a summary shows

Found = Evidence | Unreadable


class Reading(Protocol):
    """A reader at work on one file; it may remember earlier lines of it."""

    def line(self, line: Line) -> Iterable[Found]:
        """What this line completes."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader: how it starts on a file at a time.  `whole`: the file is one message, handed over as one line."""

    open: Callable[[datetime], Reading]
    whole: bool = False


@dataclass(slots=True)
class Ingested:
    """What became of the files: pieces read, new ones, unreadable lines, the first few of those, and broken files."""

    files: int = 0
    pieces: int = 0
    new: int = 0
    unreadable: int = 0
    examples: list[Unreadable] = field(default_factory=list)
    broken: list[Unreadable] = field(default_factory=list)

    @property
    def doubled(self) -> int:
        """Pieces that had been counted before."""
        return self.pieces - self.new


def ingest(store: Store, reader: Reader, paths: Iterable[Path], source: str, now: datetime) -> Ingested:
    """Read files into the store; EvidenceError where it cannot be written (what was committed before is kept)."""
    *_, done = steps(store, reader, paths, source, now)
    return done


def steps(store: Store, reader: Reader, paths: Iterable[Path], source: str, now: datetime) -> Iterator[Ingested]:
    """The same, told after each transaction."""
    done, batch = Ingested(), list[Keyed]()
    for path in paths:
        done.files += 1
        try:
            for piece in _keyed(reader, path, now):
                batch.append(piece)
                if len(batch) >= BATCH:
                    _commit(store, source, batch, done)
                    yield done
        except files.BROKEN as error:
            done.broken.append(Unreadable(path.name, "", f"cannot be read to its end: {error}"))
    _commit(store, source, batch, done)
    yield done


def _commit(store: Store, source: str, batch: list[Keyed], done: Ingested) -> None:
    done.new += store.add(source, batch)[0]
    bad = [found for _, found in batch if isinstance(found, Unreadable)]
    done.pieces += len(batch) - len(bad)
    done.unreadable += len(bad)
    done.examples += bad[: SHOWN - len(done.examples)]
    batch.clear()


def _keyed(reader: Reader, path: Path, now: datetime) -> Iterator[Keyed]:
    reading = reader.open(now)
    for digest, line in files.message(path) if reader.whole else files.lines(path):
        found = reading.line(line) if reader.whole or len(line.text) <= files.LINE else _too_long(line)
        for ordinal, each in enumerate(found):
            sound = _sound(each, line, now)
            own = sound.identity if isinstance(sound, Evidence) else None
            yield own or hashlib.blake2b(digest + ordinal.to_bytes(4), digest_size=16).digest(), sound


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
    return Unreadable(line.where, masked(line.text[:1000].decode("utf-8", "replace")), masked(str(why), 300))
