"""Webhook: the JSON objects of a file, one by one, whether it is one object, an array of them, or JSON lines."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from reputon.bounce.doors.event import Event, Item
from reputon.bounce.doors.source import Line, Source
from reputon.bounce.report import unreadable

OBJECT = 1 << 20  # bytes of one object; services allow themselves a quarter of that
EVENTS = 1000  # events of one object, recipients of one event
TEXT = 8192  # characters of one value

Object = dict[str, Any]
# What an object tells: None where it is no event of this form.
Told = Callable[[Object], Event | None]

_MARKS = re.compile(rb'["\\{}]')
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
    """The text of each object with the line that it begins on; what stands between them is an object that is broken."""
    lines = source.lines(OBJECT)
    return _by_line(lines) if _is_lines(source.head) else _by_brace(lines)


def _is_lines(head: bytes) -> bool:
    """Whether every line is an object of its own: then a broken one spoils no other."""
    first, _, rest = head.lstrip(b"\xef\xbb\xbf \r\n").partition(b"\n")
    first, second = first.strip(), rest.lstrip()
    if len(first) < 2 or (first.startswith(b"[") and not first.endswith(b"]")):
        return False
    return second.startswith((b"{", b"[")) if rest.strip() else False


def _by_line(lines: Iterator[Line]) -> Iterator[Line]:
    for line in lines:
        if line.text.lstrip().startswith(b"["):
            yield from _by_brace(iter([line]))
        elif line.text.strip():
            yield line


def _by_brace(lines: Iterator[Line]) -> Iterator[Line]:
    """Objects by their braces, which may lie on many lines or several on one."""
    scan = _Scan()
    for line in lines:
        yield from scan.line(line)
    if scan.depth:
        yield Line(scan.number, bytes(scan.text))


class _Scan:
    """How deep in an object, and whether in a string, the text has come."""

    def __init__(self) -> None:
        self.depth = 0
        self.number = 0
        self.text = bytearray()
        self._in_string = False
        self._is_cut = False

    def line(self, line: Line) -> Iterator[Line]:
        """The objects that end on this line."""
        at = begin = skip = 0
        data = line.text
        for mark in _MARKS.finditer(data):
            at = mark.start()
            if at < skip:
                continue
            if mark.group() == b"\\":
                skip = at + 2
            elif mark.group() == b'"':
                self._in_string = not self._in_string and self.depth > 0
            elif self._in_string:
                continue
            elif mark.group() == b"{":
                if not self.depth:
                    yield from self._between(data[begin:at], line.number)
                    begin, self.number = at, line.number
                self.depth += 1
            elif self.depth:
                self.depth -= 1
                if not self.depth:
                    yield self._whole(data[begin : at + 1])
                    begin = at + 1
        if not self.depth:
            yield from self._between(data[begin:], line.number)
        else:
            self._add(data[begin:] + b"\n")
            self._is_cut = self._is_cut or line.is_cut

    def _add(self, text: bytes) -> None:
        self._is_cut = self._is_cut or len(self.text) + len(text) > OBJECT + 1
        self.text += text[: max(0, OBJECT + 1 - len(self.text))]

    def _whole(self, text: bytes) -> Line:
        self._add(text)
        found = Line(self.number, bytes(self.text), self._is_cut)
        self.text.clear()
        self._is_cut = False
        return found

    def _between(self, text: bytes, number: int) -> Iterator[Line]:
        if text.strip(_BLANK):
            yield Line(number, text.strip()[:TEXT])


def word(value: object) -> str | None:
    """A value as text, where there is one; numbers too, as services write their codes both ways."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    try:
        return str(value).strip()[:TEXT] or None
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
