"""mbox: mails one after the other, each after a line `From sender Mon Nov 24 09:30:00 2026` (RFC 4155)."""

import re
from collections.abc import Iterator

from reputon.bounce.doors.event import Item
from reputon.bounce.doors.source import Source
from reputon.bounce.report import unreadable
from reputon.mail import mime

# A line of a text may begin with `From ` as well; only one with a time and a year, after an empty line, separates.
_SEPARATOR = re.compile(rb"From [^\n]{0,300}?\b\d\d?:\d\d(?::\d\d)?\b[^\n]{0,40}\b(?:19|20)\d\d\b")


def read(source: Source) -> Iterator[Item] | None:
    """Each mail of a mailbox; of a large one its beginning, where a report stands."""
    return _mails(source) if _SEPARATOR.match(source.head.lstrip(b"\r\n")) else None


def _mails(source: Source) -> Iterator[Item]:
    mail: list[bytes] = []
    size = 0
    begun, after_empty = False, True
    for line in source.lines(mime.SIZE):
        if after_empty and _SEPARATOR.match(line.text):
            if begun:
                yield _mail(mail)
            mail, size, begun = [], 0, True
        elif begun and size < mime.SIZE:
            mail.append(line.text[: mime.SIZE - size - 1])
            size += len(line.text) + 1
        after_empty = not line.text
    yield _mail(mail)


def _mail(lines: list[bytes]) -> Item:
    data = b"\n".join(lines)
    return data if data.strip() else unreadable("the message is empty")
