"""mbox: mails one after the other, each after a line `From sender Mon Nov 24 09:30:00 2026` (RFC 4155)."""

import re
from collections.abc import Iterator

from reputon.bounce.doors.event import Item
from reputon.bounce.doors.source import Source
from reputon.bounce.report import unreadable
from reputon.mail import mime

# A line of a text may begin with `From ` as well; only one with a time and a year, after an empty line, separates.
_LINE = rb"From [^\n]{0,300}?\b\d\d?:\d\d(?::\d\d)?\b[^\n]{0,40}\b(?:19|20)\d\d\b"
_SEPARATOR = re.compile(rb"\n\r{0,9}\n" + _LINE)
_FIRST = re.compile(_LINE)
_LONGEST = 512  # bytes that a separator has at most, up to its year
_PIECE = 256 << 10


def read(source: Source) -> Iterator[Item] | None:
    """Each mail of a mailbox; of a large one its beginning, where a report stands."""
    return _mails(source) if _FIRST.match(source.head.lstrip(b"\r\n")) else None


def _mails(source: Source) -> Iterator[Item]:
    """Read in pieces, not in lines: of those a mail has millions, where somebody wants us to be slow."""
    mail, is_begun = bytearray(), False
    held, is_end = b"\n\n", False
    while not is_end:
        piece = source.read(_PIECE)
        held, is_end = held + piece, not piece
        # What stands at the end may be the beginning of a separator, and waits for what follows.
        end, sure = 0, len(held) - (0 if is_end else _LONGEST)
        for each in _SEPARATOR.finditer(held):
            if each.start() > sure:
                break
            if is_begun:
                yield _mail(_add(mail, held[end : each.start() + 1]))
            mail, is_begun, end = bytearray(), True, each.end()
        rest = max(end, sure)
        _add(mail, held[end:rest])
        held = held[rest:]
    yield _mail(mail)


def _add(mail: bytearray, data: bytes) -> bytearray:
    mail += data[: max(0, mime.SIZE - len(mail))]
    return mail


def _mail(begun: bytearray) -> Item:
    """The mail below the rest of its separator."""
    data = bytes(begun.partition(b"\n")[2])
    return data if data.strip() else unreadable("the message is empty")
