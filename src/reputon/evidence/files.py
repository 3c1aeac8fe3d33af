"""Files of evidence: their lines, each with a mark: a digest of its text and of the mark before it.

A mark so names everything in its file up to the end of its line, and reading can go on from any line of which the
mark is known.  White space at the end of a line is left out, so that a last line that is still being written has the
mark that it keeps once its end is there.  Files that begin alike share the marks of what they have in common.
"""

import gzip
import hashlib
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Protocol

from reputon.evidence.chunk import Position
from reputon.evidence.kinds import EvidenceError
from reputon.mail import mime

LINE = 1 << 20  # bytes of a line; longer ones are unreadable
MARK = 16  # bytes
BROKEN = (OSError, EOFError, zlib.error)  # what reading a file may end with

_GZIP = b"\x1f\x8b"
_BLANK = b" \t\r\n"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file: its text, where it is, and whether its line end has been written."""

    text: bytes
    where: str
    is_whole: bool


def files(paths: Iterable[Path]) -> list[Path]:
    """The files that are meant: a folder stands for all in it, by name; EvidenceError for what is not there."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(each for each in path.rglob("*") if each.is_file())
        elif path.exists():
            found.append(path)
        else:
            raise EvidenceError(f"{path} is not there: name files or folders of evidence")
    return found


class Hash(Protocol):
    """What bytes can be added to."""

    def update(self, data: bytes, /) -> None:
        """Take in bytes."""


def lines(path: Path, also: Hash | None = None) -> Iterator[tuple[Line, Position]]:
    """Each line of a file, plain or gzip, with where it ends; BROKEN where the file cannot be read (further).

    `also`: takes in what is before a line's end, as version 1 named it.
    """
    with _opened(path) as file:
        yield from lines_from(file, path.name, Position(), also)


def lines_from(
    file: BufferedReader, name: str, at: Position, also: Hash | None = None
) -> Iterator[tuple[Line, Position]]:
    """The lines from a position on, where the file stands already."""
    number, offset, mark = at.line, at.offset, at.mark
    while text := file.readline(LINE + 1):
        number, size = number + 1, len(text)
        is_whole = text.endswith(b"\n")
        is_long = not is_whole and size > LINE
        bare = text if is_long else text.rstrip(_BLANK)
        digest = hashlib.blake2b(mark + bare, digest_size=MARK)
        if also:
            also.update(bare)
        if is_long:
            skipped, is_whole = _skip(file, digest, also)
            size += skipped
        mark, offset = digest.digest(), offset + size
        yield Line(bare, f"{name}:{number}", is_whole), Position(number, offset, mark)
        if also:
            also.update(b"\n")


def message(path: Path) -> tuple[Line, bytes]:
    """A file that is one message, as one line, and its mark; what follows 4 MiB is left away."""
    with _opened(path) as file:
        text = file.read(mime.SIZE)
    return Line(text, path.name, is_whole=True), hashlib.blake2b(text, digest_size=MARK).digest()


def content(path: Path) -> bytes:
    """The mark of a file's whole content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=MARK)).digest()


def _skip(file: BufferedReader, *digests: Hash | None) -> tuple[int, bool]:
    """Pass over the rest of a line that is too long; its bytes, and whether its end was there."""
    size = 0
    while text := file.readline(LINE):
        size += len(text)
        for digest in digests:
            if digest:
                digest.update(text.removesuffix(b"\n"))
        if text.endswith(b"\n"):
            return size, True
    return size, False


@contextmanager
def _opened(path: Path) -> Iterator[BufferedReader]:
    with path.open("rb") as file:
        if file.peek(2)[:2] != _GZIP:
            yield file
            return
        with gzip.GzipFile(fileobj=file) as unpacked:
            yield BufferedReader(unpacked)
