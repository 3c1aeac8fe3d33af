"""eml: one mail as a file, as most programs save it; perhaps with the `From ` line of an mbox before it."""

import re
from collections.abc import Iterator

from reputon.bounce.doors.event import Item
from reputon.bounce.doors.source import Source
from reputon.mail import mime

# Mail begins with two fields (after the `From ` of an mbox); fields of a report alone are pasted text.
_FIELDS = re.compile(
    rb"\A\s{0,200}(?:(?:>?From |[A-Za-z][A-Za-z0-9-]{0,60}[ \t]{0,3}:)[^\n]{0,4000}\n"
    rb"(?:[ \t(][^\n]{0,4000}\n){0,200}){2}"
)
_PASTED_FIELD = re.compile(
    rb"(?i)\A\s{0,200}(?:reporting-mta|final-recipient|action|status|diagnostic-code|error)\s{0,3}:"
)
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\b\x1b"))


def read(source: Source) -> Iterator[Item] | None:
    """The mail; of a large one only the beginning: a report stands before the message that it returns."""
    head = mime.recoded(source.head)
    if not _FIELDS.match(head) or _PASTED_FIELD.match(head):
        return None
    # NULs in the beginning are no mail, whatever the first lines look like.
    return None if is_binary(head) else iter([mime.recoded(source.read(mime.SIZE)).lstrip()])


def is_binary(head: bytes) -> bool:
    """Whether more than a few bytes are no text (UTF-16 is not mail either)."""
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return b"\0" in head[:512] or controls * 20 > len(head)
