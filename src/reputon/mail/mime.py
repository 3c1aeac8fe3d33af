"""MIME: a message's bytes as a tree of parts, and a part's bytes as text; hostile and broken mail included.

Every step reads each byte a fixed number of times, so that no message is slow; docs/decisions/0009 says why it is ours.
"""

import re
from collections.abc import Iterator

from reputon.mail import boundary, transfer
from reputon.mail import header as heads
from reputon.mail.charset import decode, recoded
from reputon.mail.header import Fields, unfold
from reputon.mail.markup import plain, unescaped

__all__ = [
    "MailError", "Part", "decode", "fields", "header", "parse", "parts", "plain", "recoded", "text_of", "unescaped",
    "unfold",
]  # fmt: skip

SIZE = 4 << 20  # bytes of one message; a report stands at its beginning, so callers may cut the rest away
PARTS = boundary.PARTS  # parts that are walked
HEAD = heads.SIZE  # bytes of a header
_LONG_HEAD = 8 << 10  # bytes of a header that is not taken apart for a single field
DEPTH = 20  # containers within containers
TEXT = 256 << 10  # characters of one part's text

REPORTS = frozenset(
    ("message/delivery-status", "message/global-delivery-status", "message/feedback-report",
     "message/disposition-notification", "message/global-disposition-notification")
)  # fmt: skip

_TYPE = re.compile(r"""["'\s]*([a-z0-9!#$&^_.+-]++)\s*+/\s*+([a-z0-9!#$&^_.+*-]++)""")
# In UTF-16 an end of line has zeros between its bytes: there a carriage return is not ours to change.
_LINE_END = re.compile(r"\r\n|(?<!\0)\r(?!\0)")
_LEADING_LINES = re.compile(rb"\A[ \t]{0,20}\n\s{0,200}(?=(?:(?:>?From |[A-Za-z][A-Za-z0-9-]{0,60}:)[^\n]*\n){2})")


class MailError(ValueError):
    """Mail that cannot be read: too large, or no mail at all."""


class Part:
    """A message, or a part of one: its header at once, all else when it is asked for.

    `body` holds the bytes below the header as they came, `content` with their transfer encoding undone; ends of lines
    are `\\n`.
    """

    __slots__ = ("_closed", "_content_type", "_default", "_fields", "_first", "_head", "_inside", "_parameters", "body")

    def __init__(self, data: bytes, default: str = "text/plain") -> None:
        end = heads.length(data)
        self._head = data[:end]
        self.body = data[end + 1 :] if data.startswith(b"\n", end) else data[end:]
        self._default = default
        self._closed = True
        self._fields: Fields | None = None
        self._first: dict[str, str] | None = None
        self._content_type: str | None = None
        self._parameters: dict[str, str] | None = None
        self._inside: tuple[Part, ...] | None = None

    @property
    def fields(self) -> Fields:
        """Every field, (name, value) in order, on one line but otherwise as it was written."""
        if self._fields is None:
            self._fields = heads.fields(self._head)
        return self._fields

    def first(self, name: str) -> str:
        """The value of the first field with this lower-case name; empty where there is none."""
        if self._first is None:
            if self._fields is None and len(self._head) > _LONG_HEAD:
                return heads.find(self._head, name)
            self._first = {}
            for key, value in self.fields:
                self._first.setdefault(key.lower(), value)
        return self._first.get(name, "")

    @property
    def content_type(self) -> str:
        """`type/subtype` in lower case; `text/plain` where it cannot be told."""
        if self._content_type is None:
            value = self.first("content-type").lower()
            found = _TYPE.match(value)
            lost = "multipart/mixed" if value.startswith("multipart") else "text/plain" if value else self._default
            self._content_type = f"{found[1]}/{found[2]}" if found else lost
        return self._content_type

    def parameter(self, name: str) -> str | None:
        """A parameter of the content type, by lower-case name."""
        if self._parameters is None:
            self._parameters = heads.parameters(self.first("content-type"))
        return self._parameters.get(name)

    @property
    def charset(self) -> str:
        """The charset that the part claims, in lower case."""
        return (self.parameter("charset") or "us-ascii").strip("'\" ").lower()

    @property
    def encoding(self) -> str:
        """The content transfer encoding, in lower case."""
        return self.first("content-transfer-encoding").partition(";")[0].strip("'\" ").lower()

    @property
    def content(self) -> bytes:
        """The body with its transfer encoding undone, also one that text shows but does not declare."""
        is_text = self.content_type.startswith("text/") or self.content_type in REPORTS
        if is_text and self.encoding not in ("base64", "quoted-printable") and transfer.is_quoted(self.body):
            return transfer.unquoted(self.body)
        return transfer.undone(self.body, self.encoding)

    @property
    def inside(self) -> tuple["Part", ...]:
        """The parts of a multipart, or the one message that is embedded; nothing in a leaf."""
        if self._inside is None:
            kind = self.content_type
            self._inside = ()
            if kind.startswith("multipart/"):
                self._inside = self._split("message/rfc822" if kind == "multipart/digest" else "text/plain")
            elif kind.startswith("message/") and kind not in REPORTS:
                self._inside = (Part(_unified(self.content)),)
        return self._inside

    @property
    def is_closed(self) -> bool:
        """Whether nothing is missing at the end: a multipart has its closing boundary."""
        return self._closed if self.inside else not self.content_type.startswith("multipart/")

    def _split(self, default: str) -> tuple["Part", ...]:
        """The parts between boundaries; where theirs was lost or changed on the way, by the one that the body shows.

        A body that shows none is one text.
        """
        claimed = (self.parameter("boundary") or "").encode("utf-8", "replace").rstrip()
        found, self._closed = boundary.between(self.body, claimed)
        if not found:
            found, self._closed = boundary.between(self.body, boundary.shown(self.body))
        if not found and self.body.strip():
            found = [b"\n" + self.body]
        return tuple([Part(each, default) for each in found])


def parse(data: bytes) -> Part:
    """The message.  Broken mail gives what can be read of it; MailError only for what passes a bound."""
    if len(data) > SIZE:
        raise MailError(f"the message is larger than {SIZE >> 20} MiB")
    part = Part(_unified(data))
    if len(part._head) >= HEAD:
        raise MailError(f"the message's header is longer than {HEAD >> 10} KiB")
    return part


def parts(message: Part) -> Iterator[Part]:
    """The leaves and the embedded messages, in order, within the bounds; not what lies inside embedded messages."""
    left = PARTS
    stack = [(message, 0)]
    while stack and left:
        part, depth = stack.pop()
        left -= 1
        if not part.content_type.startswith("multipart/"):
            yield part
        elif depth < DEPTH:
            stack.extend([(each, depth + 1) for each in reversed(part.inside)])


def text_of(part: Part, most: int = TEXT) -> str:
    """A part's text, decoded with its charset or the next best one, with `\\n` line ends; HTML as plain text.

    Of a long one, the first `most` characters.
    """
    data = part.content
    if len(data) > 4 * most:  # cut at the end of a line, which is no character's middle
        data = data[: data.rfind(b"\n", 0, 4 * most) + 1 or 4 * most]
    text = decode(data, part.charset)[:most]
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return plain(text) if part.content_type == "text/html" else text


def header(message: Part, name: str) -> str:
    """The value of the field with this lower-case name, on one line and decoded; empty where there is none."""
    return unfold(message.first(name))


def fields(message: Part) -> Fields:
    """Every field in order, unfolded but otherwise as it was written."""
    return message.fields


def _unified(data: bytes) -> bytes:
    """A message's bytes with one kind of line end, in something that extends ASCII, from its first field on."""
    data = recoded(data)
    if b"\r" in data:
        is_wide = b"\0" in data
        # As text: to join millions of bytes objects takes a hundred bytes for each.
        data = (
            _LINE_END.sub("\n", data.decode("latin-1")).encode("latin-1")
            if is_wide
            else data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        )
    if data[:1] in b" \t\n" and (leading := _LEADING_LINES.match(data)):
        data = data[leading.end() :]
    return data
