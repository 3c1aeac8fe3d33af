"""Webhook: the JSON objects of a file, one by one, whether it is one object, an array of them, or JSON lines."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from reputon.bounce.doors.event import Event, Item
from reputon.bounce.doors.source import Line, Source
from reputon.bounce.report import unreadable
from reputon.mail.charset import paired

OBJECT = 1 << 20  # bytes of one object; services allow themselves a quarter of that
EVENTS = 1000  # events of one object, recipients of one event
TEXT = 8192  # characters of one value

Object = dict[str, Any]
# What an object tells: None where it is no event of this form.
Told = Callable[[Object], Event | None]

_MARKS = re.compile(rb'["\\{}]')
_OPEN, _QUOTE, _BACKSLASH = b'{"\\'
_PIECE = 64 << 10
_BLANK = b" \t\r\n,[]\xef\xbb\xbf"  # what stands between objects
_SHOWN = 60


def read(source: Source, form: str, is_ours: re.Pattern[bytes], told: Told) -> Iterator[Item] | None:
    """The events of one service; None where the head is no JSON or has not the keys that it writes."""
    head = source.head.lstrip(_BLANK)
    if not head.startswith(b"{") or not is_ours.search(head):
        return None
    return _items(source, form, told)


def _items(source: Source, form: str, told: Told) -> Iterator[Item]:
    for line in objects(source):
        found = _object(line)
        if isinstance(found, str):
            yield unreadable(f"line {line.number}: {found}")
            continue
        try:
            event = told(found)
        except (ValueError, TypeError, AttributeError, KeyError, IndexError, OverflowError, RecursionError):
            event = None  # a value of another type than the service writes
        yield event or unreadable(f"line {line.number}: this is no event of {form}")


def _object(line: Line) -> Object | str:
    """The object of a text, or the sentence that says why there is none."""
    import json  # only webhooks need it

    if line.is_cut:
        return f"an object is longer than {OBJECT >> 20} MiB"
    try:
        found = json.loads(line.text)
    except RecursionError:
        return "an object is nested too deeply"
    except ValueError as error:
        return f"this is no JSON: {str(error)[:200]}"
    return found if isinstance(found, dict) else f"no object stands here: {line.text[:_SHOWN]!r}"


def objects(source: Source) -> Iterator[Line]:
    """The text of each object with the line that it begins on; what else stands between them is one that is broken."""
    if not _is_lines(source.head):
        yield from _by_brace(iter(lambda: source.read(_PIECE), b""))
        return
    for line in source.lines(OBJECT):
        if line.text.lstrip().startswith(b"["):  # several on a line
            yield from _by_brace(iter([line.text]), line.number)
        elif line.text.strip():
            yield line


def _is_lines(head: bytes) -> bool:
    """Whether every line is an object of its own: then a broken one spoils no other."""
    first, _, rest = head.lstrip(b"\xef\xbb\xbf \r\n").partition(b"\n")
    first = first.strip()
    if len(first) < 2 or not rest.strip() or (first.startswith(b"[") and not first.endswith(b"]")):
        return False
    is_whole = first.endswith((b"}", b"]")) and first.count(b"{") == first.count(b"}")
    return is_whole or rest.lstrip().startswith((b"{", b"["))


def _by_brace(pieces: Iterator[bytes], number: int = 1) -> Iterator[Line]:
    """Objects by their braces, which may lie on many lines or several on one."""
    scan = _Scan(number)
    for piece in pieces:
        yield from scan.objects(piece)
    if scan.depth:
        yield scan.whole(b"")


class _Scan:
    """How deep in an object, and whether in a string, the text has come."""

    def __init__(self, number: int) -> None:
        self.depth = 0
        self._line = number
        self._text = bytearray()
        self._begun = number
        self._in_string = self._is_cut = self._is_escaped = False

    def objects(self, piece: bytes) -> Iterator[Line]:
        """The objects that end in this piece of the text."""
        begin = 0
        for at in self._braces(piece):
            if piece[at] == _OPEN:
                if not self.depth:
                    yield from self._between(piece[begin:at])
                    begin, self._begun = at, self._line
                self.depth += 1
            elif self.depth:
                self.depth -= 1
                if not self.depth:
                    yield self.whole(piece[begin : at + 1])
                    begin = at + 1
        if self.depth:
            self._line += piece.count(b"\n", begin)
            self._add(piece[begin:])
        else:
            yield from self._between(piece[begin:])

    def whole(self, text: bytes) -> Line:
        """The object that this text ends."""
        self._add(text)
        self._line += text.count(b"\n")
        found = Line(self._begun, bytes(self._text), self._is_cut)
        self._text.clear()
        self._is_cut = False
        return found

    def _braces(self, piece: bytes) -> Iterator[int]:
        """Where braces stand that are in no string."""
        after = 1 if self._is_escaped else 0  # what a backslash at the end of the last piece took
        self._is_escaped = False
        for mark in _MARKS.finditer(piece):
            at = mark.start()
            if at < after:
                continue
            if piece[at] == _BACKSLASH:
                after = at + 2
                self._is_escaped = after > len(piece)
            elif piece[at] == _QUOTE:
                self._in_string = not self._in_string and self.depth > 0
            elif not self._in_string:
                yield at

    def _add(self, text: bytes) -> None:
        room = max(0, OBJECT - len(self._text))
        self._is_cut = self._is_cut or len(text) > room
        self._text += text[:room]

    def _between(self, text: bytes) -> Iterator[Line]:
        bare = text.lstrip(_BLANK)
        if bare:
            yield Line(self._line + text.count(b"\n", 0, len(text) - len(bare)), bare.rstrip(_BLANK)[:TEXT])
        self._line += text.count(b"\n")


def word(value: object) -> str | None:
    """A value as text, where there is one; numbers too, as services write their codes both ways."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    try:
        return paired(str(value)[: 2 * TEXT]).strip()[:TEXT] or None
    except ValueError:  # Python writes no number of more than some thousand digits
        return None


def mapping(value: object) -> Object:
    """A value that should be an object; an empty one where it is none."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> list[Object]:
    """The objects of a value that should be an array of them."""
    return [each for each in value[:EVENTS] if isinstance(each, dict)] if isinstance(value, list) else []


def when(value: object) -> str | None:
    """A time: seconds since 1970 as RFC 3339, a text as it was written."""
    from datetime import UTC, datetime

    text = word(value)
    try:
        return datetime.fromtimestamp(float(text or ""), UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return text
