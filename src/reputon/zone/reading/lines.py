"""Lines: the lines of a text file, plain or gzip (told by its first bytes), read in blocks and bounded."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import IO, TextIO, cast

from reputon import durable
from reputon.zone.content import ContentError

BLOCK = 1 << 20  # bytes read at once, and the longest line
LARGEST = 4 << 30  # bytes of one file, decompressed
MOST_LINES = 100_000_000
_GZIP = b"\x1f\x8b"


def blocks(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The lines of a file without their ends, many at a time, each time with the number of the first (from 1).

    Bytes that are not UTF-8 come as surrogates: comments of old lists hold such, and nobody has to mind.  Raises
    ContentError where the file cannot be read, is no whole gzip file, or is too large.
    """
    try:
        with _open(path) as stream:
            yield from _split(stream, path)
    except (OSError, EOFError, zlib.error) as problem:
        raise ContentError(f"{path}: cannot be read: {getattr(problem, 'strerror', None) or problem}") from problem


def changed(path: Path) -> int:
    """When a file was changed, in Unix seconds: the serial of a zone that says none; raises ContentError."""
    try:
        return int(path.stat().st_mtime)
    except OSError as problem:
        raise ContentError(f"{path}: cannot be read: {problem.strerror}") from problem


def _open(path: Path) -> IO[bytes]:
    with path.open("rb") as stream:
        packed = stream.read(2) == _GZIP
    return cast("IO[bytes]", gzip.open(path)) if packed else path.open("rb")


def _split(stream: IO[bytes], path: Path) -> Iterator[tuple[int, list[str]]]:
    number, rest, size = 1, b"", 0
    while block := stream.read(BLOCK):
        size += len(block)
        if size > LARGEST:
            raise ContentError(f"{path}: larger than {LARGEST >> 30} GiB: split it into several files")
        head, end, tail = block.rpartition(b"\n")
        if not end:
            rest += tail
            _bound(path, number, rest)
            continue
        lines = _text(rest + head)
        yield number, lines
        number += len(lines)
        if number > MOST_LINES:
            raise ContentError(f"{path}: more than {MOST_LINES} lines: split it into several files")
        rest = tail
    if rest:
        yield number, _text(rest)


def _bound(path: Path, number: int, line: bytes) -> None:
    if len(line) > BLOCK:
        raise ContentError(f"{path} line {number}: longer than {BLOCK >> 10} KiB: write one entry on a line")


def _text(data: bytes) -> list[str]:
    return data.decode("utf-8", "surrogateescape").split("\n")


@contextmanager
def written(path: Path) -> Iterator[TextIO]:
    """A text file to write to, packed if its name ends in `.gz`; it is there when all is written, and not before."""
    with durable.replacing(path) as file:
        # No name and no time inside, so that the same content makes the same file.
        packed = gzip.GzipFile("", "wb", fileobj=file, mtime=0) if path.suffix == ".gz" else None
        out = TextIOWrapper(packed or file, "utf-8", "surrogateescape", newline="\n")
        yield out
        out.flush()
        out.detach()
        if packed:
            packed.close()
