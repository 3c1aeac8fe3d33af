"""Followed: one file that is read while it is written: where reading goes on, and whether it is still that file."""

import hashlib
import os
import time
from collections.abc import Iterator
from datetime import datetime
from io import BufferedReader
from pathlib import Path

from reputon.evidence import files
from reputon.evidence.chunk import Cursor, Position
from reputon.evidence.files import Line
from reputon.evidence.ingest import Reader, Reading
from reputon.evidence.kinds import EvidenceError

MEMORY = 16 << 20  # bytes before the place where reading goes on, from which a reader knows its open messages again
TAIL = 256  # bytes by which a file is known again
LINGER = 2.0  # seconds for which a renamed file is still written to

Identity = tuple[int, int]  # device and inode


class Followed:
    """A log from a position on; `reading` is the reader at work on it."""

    def __init__(self, file: BufferedReader, path: Path, at: Position, reader: Reader, now: datetime) -> None:
        self._file, self._path, self.at = file, path, at
        status = os.fstat(file.fileno())
        self.identity = (status.st_dev, status.st_ino)
        self._tail = _tail(file, at.offset)
        self._left: float | None = None
        self._first = (at.offset, b"")
        self.reading: Reading
        self.remember(reader, now)

    def close(self) -> None:
        """Let go of it."""
        self._file.close()

    def remember(self, reader: Reader, now: datetime) -> None:
        """A new reader, told what stands before the place where it goes on."""
        self.reading, self.began = reader.open(now), now
        start = max(0, self.at.offset - MEMORY)
        self._file.seek(start)
        offset = start + (len(self._file.readline(MEMORY)) if start else 0)
        for line, at in files.lines_from(self._file, self._path.name, Position(0, offset)):
            if at.offset > self.at.offset:
                break
            if len(line.text) <= files.LINE:
                for _ in self.reading.line(line):
                    pass  # counted already

    def lines(self, *, is_last: bool) -> Iterator[tuple[Line, Position]]:
        """What follows; a line without its end only if nobody will write it any more."""
        self._file.seek(self.at.offset)
        self._first = (self.at.offset, b"")
        for line, at in files.lines_from(self._file, self._path.name, self.at):
            if not line.is_whole and not is_last:
                return
            self._first = self._first if self._first[1] else (self.at.offset, line.text)
            self.at = at
            yield line, at

    def stands(self) -> bool:
        """Whether what `lines` gave is of one file: one that is emptied and written anew meanwhile is two."""
        offset, text = self._first
        size = os.fstat(self._file.fileno()).st_size
        return size >= self.at.offset and os.pread(self._file.fileno(), len(text), offset) == text

    def cursor(self, path: str, seen: float) -> Cursor:
        """Where we are, to be written down."""
        self._tail = _tail(self._file, self.at.offset)
        return Cursor(path, *self.identity, self.at, self._tail, int(seen))

    def has(self, path: Path) -> bool:
        """Whether this is the file of that name still."""
        return identity(path) == self.identity

    def is_same(self) -> bool:
        """Whether what we have read still stands before the place where we go on."""
        size = os.fstat(self._file.fileno()).st_size
        return size >= self.at.offset and _tail(self._file, self.at.offset) == self._tail

    def rewind(self) -> None:
        """Begin again: the file was emptied.  What the reader remembers stays."""
        self.at, self._tail = Position(), _tail(self._file, 0)

    def is_left(self) -> bool:
        """Whether another file has its name for so long that nobody writes to this one any more."""
        self._left = self._left or time.monotonic()
        return time.monotonic() - self._left > LINGER


def _tail(file: BufferedReader, offset: int) -> bytes:
    size = min(TAIL, offset)
    return hashlib.blake2b(os.pread(file.fileno(), size, offset - size), digest_size=files.MARK).digest()


def opened(path: Path, known: list[Cursor], reader: Reader, now: datetime) -> Followed | None:
    """The file, where a cursor left it if that is of this file; None while there is none."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise EvidenceError(f"{path} cannot be read: {error.strerror}") from None
    status = os.fstat(file.fileno())
    for cursor in known:
        is_ours = (cursor.device, cursor.inode) == (status.st_dev, status.st_ino) and status.st_size >= cursor.at.offset
        if is_ours and _tail(file, cursor.at.offset) == cursor.tail:
            return Followed(file, path, cursor.at, reader, now)
    return Followed(file, path, Position(), reader, now)


def identity(path: Path) -> Identity | None:
    """What a file is whatever its name; None if it is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
