"""A notice: a message about a message, taken apart: what it says to people, to programs, and what it returns."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from reputon.bounce.report import Returned
from reputon.mail import dsn, mime

_COMPLAINED = 100  # recipients of one complaint
TEXT = 64 << 10  # characters of a notice's text that are read
_REPORT_TYPES = {"feedback-report": "complaint", "disposition-notification": "other"}
_TEXTS = frozenset(("text/plain", "text/html"))
_MACHINES = {
    "message/feedback-report": "complaint",
    "message/disposition-notification": "other",
    "message/global-disposition-notification": "other",
}

_FIELD = re.compile(r"(?:> ?|\s{1,8})?([A-Za-z][A-Za-z0-9-]{1,60}):(?!//)")
# A block of these is a returned header, whatever words announce it.
_KNOWN = frozenset(
    ("received", "from", "to", "subject", "date", "message-id", "mime-version", "return-path", "content-type",
     "reply-to", "x-mailer", "dkim-signature", "delivered-to", "sender")
)  # fmt: skip
_TRANSPORT = frozenset(("received", "message-id", "mime-version", "return-path", "content-type"))
_TRANSPORTED = re.compile(rf"(?im)^(?:> ?|[ \t]{{1,8}})?(?:{'|'.join(sorted(_TRANSPORT))}):")
_BLOCK = 3  # known fields in a row that make a returned header; a summary of the message has only people's fields
# Fields that reports in plain text are made of: no returned header, though they look like one.
_REPORTED = frozenset(("final-recipient", "action", "status", "diagnostic-code", "reporting-mta"))
_REPORT = re.compile(r"(?im)^(?:reporting-mta|final-recipient|original-recipient):")
_LOST_REPORT = re.compile(rb"(?i)\A\s{0,100}(?:reporting-mta|final-recipient|original-recipient|arrival-date):")


@dataclass(frozen=True, slots=True)
class Notice:
    """`header` gives the notice's own fields by lower-case name; `text` is what people read, without what came back.

    `status` is the machine's report (None where there is none); `type` what a multipart/report says it is;
    `embedded` the message that came back or was forwarded, whole; `complained` whom a complaint names (RFC 5965).
    """

    header: dict[str, str]
    text: str
    status: dsn.DeliveryStatus | None = None
    returned: Returned | None = None
    type: str | None = None
    embedded: mime.Part | None = None
    complained: tuple[str, ...] = ()


def take_apart(mail: mime.Part) -> Notice:
    """The notice in a mail."""
    texts: list[mime.Part] = []
    status: dsn.DeliveryStatus | None = None
    returned: Returned | None = None
    embedded: mime.Part | None = None
    complained: tuple[str, ...] = ()
    kind = _REPORT_TYPES.get((mail.parameter("report-type") or "").lower())
    for part in mime.parts(mail):
        content = part.content_type
        if content in _TEXTS:
            texts.append(part)
        elif content in dsn.TYPES:
            status = status or dsn.parse(part)
        elif content in _MACHINES:
            kind = _MACHINES[content]
            complained = complained or _complained(part)
        elif content == "text/rfc822-headers":
            returned = returned or _headers_of(mime.text_of(part))
        elif part.inside:
            embedded = embedded or _message_in(part)
            returned = returned or _embedded(part)
        elif _LOST_REPORT.match(part.body):
            status = status or dsn.parse(part)
    said = _readable(texts)
    text, inline = split(said)
    if inline is not None and embedded is None and "report" in (inline.first("content-type") or "").lower():
        embedded = mime.parse(said[len(text) :].lstrip().encode("utf-8", "replace"))
    return Notice(_header(mail), text, status or status_in(text), returned or inline, kind, embedded, complained)


def _complained(part: mime.Part) -> tuple[str, ...]:
    """The recipients that a complaint's report names."""
    fields = mime.fields(mime.parse(mime.text_of(part).lstrip().encode("utf-8", "replace")))
    return tuple(value for name, value in fields if name.lower() == "original-rcpt-to")[:_COMPLAINED]


def split(text: str) -> tuple[str, Returned | None]:
    """The words of a notice, and the returned header that follows them in the same text."""
    text = text[:TEXT]
    start = _returned_at(text)
    if start is None:
        return text, None
    return text[: max(0, start - 1)], _headers_of(text[start:])


def _returned_at(text: str) -> int | None:
    """Where a returned header begins; only paragraphs that hold a field of the transport are looked at."""
    end = 0
    for found in _TRANSPORTED.finditer(text):
        if found.start() < end:
            continue
        begin = max(end, text.rfind("\n\n", end, found.start()) + 2)
        end = text.find("\n\n", found.end())
        end = len(text) if end < 0 else end
        start = _block_in(text[begin:end])
        if start is not None:
            return begin + start
    return None


def _block_in(paragraph: str) -> int | None:
    """Where a block begins: several known fields without a gap, one of them of the transport."""
    begun: int | None = None
    known: set[str] = set()
    at = 0
    for line in paragraph.split("\n"):
        field = _FIELD.match(line)
        name = field.group(1).lower() if field else None
        if not line.strip("> \t") or name in _REPORTED or (name is None and line[0] not in " \t>"):
            begun, known = None, set()
        elif name is not None:
            begun = at if begun is None else begun
            known |= {name} & _KNOWN
            if len(known) >= _BLOCK and known & _TRANSPORT:
                return begun
        at += len(line) + 1
    return None


def _headers_of(text: str) -> Returned | None:
    """The header at the beginning of a text, also one that is quoted or indented."""
    found: list[tuple[str, list[str]]] = []
    lines = text.strip("\n").split("\n")
    margin = min((_margin(line) for line in lines[:3]), default="", key=len)
    for line in (each.removeprefix(margin) for each in lines):
        if not line.strip():
            break
        field = _FIELD.match(line) if line[0] not in " \t" else None
        if field:
            found.append((field.group(1), [line[field.end() :].strip()]))
        elif found:
            found[-1][1].append(line.strip())
    return Returned(tuple([(name, " ".join(values).strip()) for name, values in found])) if found else None


def _margin(line: str) -> str:
    return line[: len(line) - len(line.lstrip("> \t"))]


def _message_in(part: mime.Part) -> mime.Part | None:
    return part.inside[0] if part.inside[0].fields else None


def _embedded(part: mime.Part) -> Returned | None:
    message = _message_in(part)
    return Returned(message.fields) if message else split(mime.text_of(part))[1]


def _readable(parts: list[mime.Part]) -> str:
    """The plain text, or the HTML where that says nothing."""
    plain = _texts_of(part for part in parts if part.content_type != "text/html")
    return plain if plain.strip() else _texts_of(parts)


def _texts_of(parts: Iterable[mime.Part]) -> str:
    texts: list[str] = []
    length = 0
    for part in parts:
        if length >= TEXT:
            break
        texts.append(mime.text_of(part))
        length += len(texts[-1])
    return "\n".join(texts)


def status_in(text: str) -> dsn.DeliveryStatus | None:
    """A machine's report that was pasted into, or sent as, plain text."""
    at = _REPORT.search(text)
    if at is None:
        return None
    status = dsn.parse(text[at.start() :])
    return status if any("action" in each or "status" in each for each in status.recipients) else None


def _header(mail: mime.Part) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in mail.fields:
        key = name.lower()
        if key not in found:
            found[key] = value if value.isascii() and "=?" not in value else mime.unfold(value)
    return found
