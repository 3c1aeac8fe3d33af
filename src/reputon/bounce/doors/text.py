"""text: pasted text: the words of a bounce, a line that a person copied, a single refusal."""

from collections.abc import Iterator

from reputon.bounce.doors.eml import is_binary
from reputon.bounce.doors.event import Item
from reputon.bounce.doors.source import Source
from reputon.mail import mime


def read(source: Source) -> Iterator[Item] | None:
    """The text, up to a bound: people do not paste more."""
    if is_binary(mime.recoded(source.head)):
        return None
    text = mime.decode(source.read(2 * mime.TEXT), "utf-8")[: mime.TEXT]
    return iter([mime.unescaped(text.replace("\r\n", "\n"))])
