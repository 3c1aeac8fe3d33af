"""JSON documents of a file: one a line, or one over many lines, as `rspamc -j` and pretty printers write them."""

import json
import re
from collections.abc import Iterator

from reputon.evidence.files import Line
from reputon.evidence.ingest import unreadable
from reputon.evidence.kinds import Unreadable

SIZE = 16 << 20  # bytes of a document over many lines

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_BEGINS = (b"{", b"[")
_GOES_ON = (b"{", b"[", b",")
_BOM = b"\xef\xbb\xbf"


class Documents:
    """The documents of one file."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._first: Line | None = None  # where the document begins that is not yet whole
        self._depth = self._size = 0

    def read(self, line: Line) -> Iterator[object]:
        """The value of each document that a line completes, and Unreadable for what is none.

        A document over many lines begins at the left margin, and nothing else of it stands there but its end: so one
        that breaks off is noticed where the next begins.  A last line without its end waits unless it is complete.
        """
        if self._first and line.text.startswith(_BEGINS):
            if self._lines:
                yield unreadable(self._first, "the JSON text that begins here breaks off")
            self._forget()
        if self._first:
            yield from self._continued(self._first, line)
        elif line.text.strip(_BOM).strip():
            yield from self._begun(line)

    def _begun(self, line: Line) -> Iterator[object]:
        text = line.text.removeprefix(_BOM)
        value = _value(line, text)
        if not isinstance(value, Unreadable):
            yield value
        elif text.startswith(_BEGINS) and text.endswith(_GOES_ON) and line.is_whole:
            self._first = line
            self._add(text)
        elif line.is_whole:
            yield value

    def _continued(self, first: Line, line: Line) -> Iterator[object]:
        self._add(line.text)
        if self._size > SIZE and self._lines:
            self._lines.clear()  # the rest is passed over, to its end or to where another text begins
            yield unreadable(first, f"a JSON text longer than {SIZE >> 20} MiB: write one object a line")
        elif self._depth <= 0:
            text, is_told = b"\n".join(self._lines), not self._lines
            self._forget()
            if not is_told:
                yield _value(first, text)

    def _add(self, text: bytes) -> None:
        bare = _STRING.sub(b"", text)
        self._depth += sum(bare.count(each) for each in b"{[") - sum(bare.count(each) for each in b"}]")
        self._size += len(text)
        if self._size <= SIZE:
            self._lines.append(text)

    def _forget(self) -> None:
        self._lines.clear()
        self._first = None
        self._depth = self._size = 0


def _value(line: Line, text: bytes) -> object:
    try:
        return json.loads(text.decode("utf-8", "replace"))
    except (ValueError, OverflowError, RecursionError) as error:
        return unreadable(line, f"is no JSON: {error}")
