"""text: pasted text: the words of a bounce, a line that a person copied, a single refusal."""

import html
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator

from reputon.bounce.doors.eml import is_binary
from reputon.bounce.doors.event import Item
from reputon.bounce.doors.source import Source
from reputon.mail import mime


def read(source: Source) -> Iterator[Item] | None:
    """The text, up to a bound: people do not paste more."""
    if source.head.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):  # Windows saves text so
        text = source.read(2 * mime.TEXT).decode("utf-16", "replace")
    elif is_binary(source.head):
        return None
    else:
        text = mime.decode(source.read(mime.TEXT), "utf-8")
    return iter([html.unescape(text.replace("\r\n", "\n"))])
