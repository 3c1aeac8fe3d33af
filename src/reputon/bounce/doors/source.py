"""Source: a file on its way through a door: its head to know it by, then its bytes or lines, packed files unpacked."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader, RawIOBase
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

HEAD = 16 << 10  # bytes in which a file shows what it is
LINE = 64 << 10  # bytes of a line; a reply has 512 octets a line, and a log repeats at most a few of them
UNPACKED = 8 << 30  # bytes that come out of a packed file
RATIO = 200  # how much longer than its packed form text may be; logs reach 10 to 50, a bomb 1000
FREE = 32 << 20  # bytes of which the ratio is not asked

_GZIP = b"\x1f\x8b\x08"
_BUFFER = 256 << 10


class SourceError(ValueError):
    """A file that cannot be read further; the message says why."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end: its number, counted from 1, and whether it was longer than LINE and is cut."""

    number: int
    text: bytes
    is_cut: bool = False


class Source:
    """A file that is read once, from its beginning; it need not be seekable, so standard input does as well.

    SourceError for a packed file that is broken, or larger than anybody's log.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.head = _read(file, HEAD)
        self._rest = file
        self._begun: BinaryIO | None = None
        if self.head.startswith(_GZIP):
            self._begun = BufferedReader(_Unpacked(BufferedReader(_Again(self.head, file), _BUFFER)), _BUFFER)
            self.head = _unpacked_head(self.head)

    def read(self, size: int) -> bytes:
        """As many bytes as there are, up to `size`."""
        if self._begun is not None:
            return _read(self._begun, size)
        if len(self.head) < HEAD and len(self.head) <= size:  # most mail: the head is all there is
            self._begun = self._rest
            return self.head
        return _read(self._stream, size)

    @property
    def _stream(self) -> BinaryIO:
        """The file from where it was read to, with room for lines."""
        if self._begun is None:
            self._begun = BufferedReader(_Again(self.head, self._rest), _BUFFER)
        return self._begun

    def lines(self, size: int = LINE) -> Iterator[Line]:
        """Every line, the empty ones too; of one that is longer than `size` only its beginning."""
        number = 0
        stream = self._stream
        while text := stream.readline(size + 1):
            number += 1
            is_cut = len(text) > size and not text.endswith(b"\n")
            yield Line(number, text.rstrip(b"\r\n")[:size], is_cut)
            while is_cut and (text := stream.readline(_BUFFER)):
                if text.endswith(b"\n"):
                    break


def text_of(line: bytes) -> str:
    """A line as text: UTF-8, and what is none of it as Latin-1 has it."""
    try:
        return line.decode("utf-8")
    except ValueError:
        return line.decode("latin-1")


def _read(file: BinaryIO, size: int) -> bytes:
    """`read` that a pipe answers in pieces."""
    found = bytearray()
    while len(found) < size and (piece := file.read(size - len(found))):
        found += piece
    return bytes(found)


class _Again(RawIOBase):
    """A file whose beginning was read already."""

    def __init__(self, head: bytes, file: BinaryIO) -> None:
        self._head = memoryview(head)
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        into = memoryview(buffer).cast("B")
        piece = self._head[: len(into)] if self._head else memoryview(self._file.read(len(into)) or b"")
        self._head = self._head[len(piece) :] if self._head else self._head
        into[: len(piece)] = piece
        return len(piece)


class _Unpacked(RawIOBase):
    """What is in a gzip file, within the bounds."""

    def __init__(self, packed: BinaryIO) -> None:
        import gzip  # most files are not packed

        self._packed = _Counted(packed)
        self._file = gzip.GzipFile(fileobj=self._packed, mode="rb")
        self._length = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        import zlib

        into = memoryview(buffer).cast("B")
        try:
            piece = self._file.read(len(into))
        except (OSError, EOFError, zlib.error) as error:
            raise SourceError(f"the packed file is broken: {error}") from None
        self._length += len(piece)
        if self._length > min(UNPACKED, max(FREE, RATIO * self._packed.length)):
            raise SourceError("the packed file unpacks to more than a log does: unpack it yourself if you trust it")
        into[: len(piece)] = piece
        return len(piece)


class _Counted(RawIOBase):
    """A file that knows how much of it was read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.length = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        into = memoryview(buffer).cast("B")
        piece = self._file.read(len(into))
        into[: len(piece)] = piece
        self.length += len(piece)
        return len(piece)


def _unpacked_head(head: bytes) -> bytes:
    """The beginning of what is packed in these bytes; empty where they are broken, which reading on will tell."""
    import zlib

    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, HEAD)
    except zlib.error:
        return b""
