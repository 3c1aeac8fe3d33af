"""Returned: the header of the message that a report is about, as reports give it back (RFC 3462, RFC 5965)."""

from collections.abc import Iterable

from reputon.mail import mime
from reputon.mail.header import Fields

_WHOLE = frozenset(("message/rfc822", "message/global", "message/rfc822-headers"))
_HEADERS = "text/rfc822-headers"


def header(parts: Iterable[mime.Part]) -> Fields:
    """The fields of the first part that holds a message or its header; nothing where none does."""
    for part in parts:
        if part.content_type in _WHOLE and part.inside:
            fields = mime.fields(part.inside[0])
        elif part.content_type == _HEADERS:
            fields = of_text(part)
        else:
            continue
        if fields:
            return fields
    return ()


def of_text(part: mime.Part) -> Fields:
    """The fields that a part's text begins with; some reports have empty lines above them."""
    return mime.fields(mime.parse(mime.text_of(part).lstrip().encode("utf-8", "replace")))


def values(fields: Fields, wanted: str) -> tuple[str, ...]:
    """The values of the fields with this lower-case name, in order."""
    return tuple(value for name, value in fields if name.lower() == wanted)
