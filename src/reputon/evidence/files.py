"""Files of evidence: their lines, each known by a digest of everything in its file up to its end.

White space at the end of a line is left out of the digest, so that a last line that is still being written has the
name that it keeps once its end is there.  Files that begin alike share the names of what they have in common.
"""

import gzip
import hashlib
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from itertools import count
from pathlib import Path

from reputon.evidence.kinds import EvidenceError
from reputon.mail import mime

LINE = 1 << 20  # bytes of a line; longer ones are unreadable
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


def lines(path: Path) -> Iterator[tuple[bytes, Line]]:
    """Each line of a file, plain or gzip, with its digest; BROKEN where the file cannot be read (further)."""
    digest = hashlib.blake2b(digest_size=32)
    with _opened(path) as file:
        for number in count(1):
            text = file.readline(LINE + 1)
            if not text:
                return
            is_whole = text.endswith(b"\n")
            is_long = not is_whole and len(text) > LINE
            bare = text if is_long else text.rstrip(_BLANK)
            digest.update(bare)
            if is_long:
                is_whole = _skip(file, digest)
            yield digest.digest(), Line(bare, f"{path.name}:{number}", is_whole)
            digest.update(b"\n")


def message(path: Path) -> Iterator[tuple[bytes, Line]]:
    """A file that is one message, as one line; a report stands at its beginning, what follows 4 MiB is left away."""
    with _opened(path) as file:
        text = file.read(mime.SIZE)
        yield hashlib.blake2b(text, digest_size=32).digest(), Line(text, path.name, is_whole=True)


def _skip(file: BufferedReader, digest: "hashlib.blake2b") -> bool:
    """Pass over the rest of a line that is too long; whether its end was there."""
    while text := file.readline(LINE):
        digest.update(text.removesuffix(b"\n"))
        if text.endswith(b"\n"):
            return True
    return False


@contextmanager
def _opened(path: Path) -> Iterator[BufferedReader]:
    with path.open("rb") as file:
        if file.peek(2)[:2] != _GZIP:
            yield file
            return
        with gzip.GzipFile(fileobj=file) as unpacked:
            yield BufferedReader(unpacked)
