"""MIME: a message's bytes as a tree of parts, and a part's bytes as text; hostile and broken mail included."""

import html
import re
from collections.abc import Iterator
from email import message_from_bytes
from email.header import decode_header
from email.message import Message

SIZE = 4 << 20  # bytes of one message; a report stands at its beginning, so callers may cut the rest away
PARTS = 200  # parts that are walked, and declarations of containers before a message counts as an attack
LINES = 10_000  # lines that could separate parts
HEAD = 512 << 10  # bytes of a message's own header
DEPTH = 20  # containers within containers
FIELD = 16 << 10  # bytes of one Content-* field: the standard library takes quadratic time over its parameters
TEXT = 256 << 10  # characters of one part's text

_CONTAINERS = re.compile(rb"(?i)boundary\s{0,5}=|content-type:\s{0,9}message/")
_CONTENT_FIELD = re.compile(rb"(?im)^content-[a-z-]{1,30}:[^\n]*(?:\n[ \t][^\n]*)*")
_ENCODED_WORD = "=?"
_BOUNDARY = re.compile(r'(?im)^--([^\s"]{1,70})[ \t]{0,9}\r?\ncontent-[a-z-]{1,30}:')
_HEADER = 4096  # characters of a field that are decoded

# What a name that Python does not know most likely means; the rest is tried in order.
_CHARSETS = {"x-unknown": "utf-8", "unknown-8bit": "utf-8", "ansi_x3.110-1983": "latin-1", "cp932": "cp932"}
_FALLBACKS = ("utf-8", "cp1252", "latin-1")


class MailError(ValueError):
    """Mail that is too large or too deep to be read; the message says which bound it passes."""


def parse(data: bytes) -> Message:
    """The message.  Broken mail gives what can be read of it; MailError only for what passes a bound."""
    if len(data) > SIZE:
        raise MailError(f"the message is larger than {SIZE >> 20} MiB")
    if sum(1 for _ in _CONTAINERS.finditer(data)) > PARTS:
        raise MailError(f"the message has more than {PARTS} containers")
    if data.count(b"\n--") > LINES:
        raise MailError(f"the message has more than {LINES} lines that separate parts")
    if _head_length(data) > HEAD:
        raise MailError(f"the message's header is longer than {HEAD >> 10} KiB")
    if any(found.end() - found.start() > FIELD for found in _CONTENT_FIELD.finditer(data)):
        raise MailError(f"a Content field of the message is longer than {FIELD >> 10} KiB")
    try:
        return message_from_bytes(data)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return _headers_only(data)


def parts(message: Message) -> Iterator[Message]:
    """The leaves and the embedded messages, in order, within the bounds; not what lies inside embedded messages."""
    left = PARTS
    stack = [(message, 0)]
    while stack and left:
        part, depth = stack.pop()
        left -= 1
        inside = _inside(part)
        if inside is not None:
            if depth < DEPTH:
                stack.extend((each, depth + 1) for each in reversed(inside))
        else:
            yield part


def _inside(part: Message) -> list[Message] | None:
    """The parts of a container; where its boundary was lost or changed on the way, by the one that its body shows."""
    if part.get_content_maintype() != "multipart":
        return None
    inside = part.get_payload()
    if isinstance(inside, str) and (shown := _BOUNDARY.search(inside)):
        mended = f'Content-Type: multipart/mixed; boundary="{shown.group(1)}"\n\n{inside}'
        inside = parse(mended.encode("utf-8", "surrogateescape")).get_payload()
    return [each for each in inside if isinstance(each, Message)] if isinstance(inside, list) else None


def text_of(part: Message) -> str:
    """A part's text, decoded with its charset or the next best one, with `\\n` line ends; HTML as plain text."""
    text = _decoded(_bytes_of(part), part)[:TEXT].replace("\r\n", "\n").replace("\r", "\n")
    return plain(text) if part.get_content_type() == "text/html" else text


def header(message: Message, name: str) -> str:
    """The value of the field with this lower-case name, on one line and decoded; empty where there is none."""
    found = (value for key, value in message.raw_items() if key.lower() == name)
    return unfold(str(next(found, "")))


def unfold(value: str) -> str:
    """A field's value on one line, encoded words (RFC 2047) and raw bytes decoded as well as possible."""
    value = " ".join(_readable(value[:_HEADER]).split())
    if _ENCODED_WORD not in value:
        return value
    try:
        words = decode_header(value)
    except (ValueError, LookupError):
        return value
    return " ".join("".join(_word(word, charset) for word, charset in words).split())


def fields(message: Message) -> tuple[tuple[str, str], ...]:
    """Every field in order, unfolded but otherwise as it was written."""
    return tuple((name, " ".join(_readable(str(value)).split())) for name, value in message.raw_items())


def plain(markup: str) -> str:
    """HTML as text: blocks and table cells on lines of their own, `pre` as it stands, no styles or scripts."""
    out: list[str] = []
    hidden, kept = 0, 0
    at = 0
    for tag in _TAG.finditer(markup):
        _add(out, markup[at : tag.start()], hidden, kept)
        at = tag.end()
        name, closing = _tag_name(tag.group(1))
        if name in _HIDDEN:
            hidden = max(0, hidden + (-1 if closing else 1))
        elif name == "pre":
            kept = max(0, kept + (-1 if closing else 1))
        out.append("\n" if name in _BLOCKS else "")
    _add(out, markup[at:], hidden, kept)
    return html.unescape("".join(out)).replace("\xa0", " ")


_TAG = re.compile(r"<([^<>]*)>")  # linear: each `<` is read up to the next one
_HIDDEN = frozenset({"style", "script", "title"})
_BLOCKS = frozenset(
    ("p", "br", "div", "tr", "td", "th", "table", "li", "ul", "ol", "h1", "h2", "h3", "h4", "hr", "pre", "blockquote")
)


def _add(out: list[str], text: str, hidden: int, kept: int) -> None:
    if hidden:
        return
    out.append(text if kept else re.sub(r"\s+", " ", text))


def _tag_name(inside: str) -> tuple[str, bool]:
    words = inside[:20].strip("/ ").split()
    return (words[0].lower() if words else ""), inside.startswith("/")


def _head_length(data: bytes) -> int:
    ends = [at for at in (data.find(b"\n\n"), data.find(b"\r\n\r\n")) if at >= 0]
    return min(ends, default=len(data))


def _headers_only(data: bytes) -> Message:
    head, _, body = data.replace(b"\r\n", b"\n").partition(b"\n\n")
    message = Message()
    for line in head.decode("latin-1").replace("\n ", " ").replace("\n\t", " ").split("\n"):
        name, colon, value = line.partition(":")
        if colon and name.isascii() and name.isprintable() and " " not in name:
            message[name] = value.strip()
    message.set_payload(body.decode("latin-1"))
    return message


def _bytes_of(part: Message) -> bytes:
    try:
        payload = part.get_payload(decode=True)
    except (ValueError, LookupError, TypeError):
        payload = None
    if isinstance(payload, bytes):
        return payload
    inside = part.get_payload()
    return inside.encode("utf-8", "surrogateescape") if isinstance(inside, str) else b""


def _decoded(data: bytes, part: Message) -> str:
    try:
        charset = (part.get_content_charset() or "us-ascii").strip("'\" ")
    except (ValueError, LookupError, TypeError, AttributeError):
        charset = "us-ascii"
    return decode(data[: 4 * TEXT], charset)


def decode(data: bytes, charset: str) -> str:
    """Bytes as text, by the charset they claim or else the first that fits."""
    for each in (_CHARSETS.get(charset.lower(), charset), *_FALLBACKS):
        try:
            return data.decode(each)
        except (ValueError, LookupError):
            continue
    return data.decode("latin-1")


def _word(word: bytes | str, charset: str | None) -> str:
    return word if isinstance(word, str) else decode(word, charset or "us-ascii")


def _readable(value: str) -> str:
    """The standard library keeps bytes above 127 in fields as surrogates."""
    if value.isascii():
        return value
    return decode(value.encode("utf-8", "surrogateescape"), "utf-8")
