"""Rows of a CSV file (RFC 4180), each by the names in the header above it: columns in any order, headers anywhere."""

import csv
from collections import deque
from collections.abc import Callable, Iterator

from reputon.evidence.files import Line
from reputon.evidence.ingest import unreadable
from reputon.evidence.kinds import EvidenceError, Unreadable
from reputon.evidence.readers.wide import Text

OPEN = 64 << 10  # characters of a row whose quote is still open

Row = dict[str, str]
# The names of the columns in lower case, if a row is a header; a row that is neither data nor header has none.
Heading = Callable[[list[str]], list[str] | None]


class Rows:
    """The rows of one file.  `heading` tells headers and comments from data; `expected` is for people."""

    def __init__(self, heading: Heading, expected: str) -> None:
        self._heading = heading
        self._expected = expected
        self._text = Text()
        self._names: list[str] | None = None
        self._open: list[tuple[Line, str]] = []  # lines of a row whose quote is not closed yet
        self._quotes = self._size = 0

    def read(self, line: Line) -> Iterator[Row | Unreadable]:
        """The rows that a line completes; a line without its end is still being written.

        A quote that is never closed spoils its own line alone: those behind it are read again without it.  What stands
        in a sound quote is never read as a row, however many lines it has: strangers write subjects and diagnostics.
        """
        text = self._text.of(line) if line.is_whole else None
        if text is None:
            return
        waiting = deque([(line, text)])
        while waiting:
            self._add(*waiting.popleft())
            try:
                yield from self._closed()
            except (EvidenceError, csv.Error) as error:
                (bad, _), *others = self._taken()
                waiting.extendleft(reversed(others))
                yield unreadable(bad, error)

    def _add(self, line: Line, text: str) -> None:
        self._open.append((line, text))
        self._quotes += text.count('"')
        self._size += len(text) + 1

    def _closed(self) -> Iterator[Row]:
        """The row, once its quotes are closed; an error where nothing that may follow can make it one."""
        if self._quotes % 2 == 0:
            values = _parsed("\n".join(text for _, text in self._open))
            names = self._heading(values) if values else []
            row = self._named(values) if names is None else None
            self._names = names or self._names
            self._taken()
            if row is not None:
                yield row
        elif self._size > OPEN:
            raise EvidenceError("has a quote that is not closed")
        elif len(self._open) == 1:
            _parsed(self._open[0][1] + '"')

    def _taken(self) -> list[tuple[Line, str]]:
        lines, self._open = self._open, []
        self._quotes = self._size = 0
        return lines

    def _named(self, values: list[str]) -> Row:
        if self._names is None:
            raise EvidenceError(f"no header stands above: {self._expected}")
        if len(values) != len(self._names):
            raise EvidenceError(f"has {len(values)} columns where the header has {len(self._names)}")
        return dict(zip(self._names, (value.strip() for value in values), strict=True))


def _parsed(text: str) -> list[str]:
    return next(csv.reader([text], strict=True), [])
