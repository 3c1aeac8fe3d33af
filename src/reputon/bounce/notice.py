"""A notice: a message about a message, taken apart: what it says to people, to programs, and what it returns."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from email.message import Message as Mail

from reputon.bounce.report import Returned
from reputon.mail import dsn, mime

TEXT = 64 << 10  # characters of a notice's text that are read
_REPORT_TYPES = {"feedback-report": "complaint", "disposition-notification": "other"}
_TEXTS = frozenset({"text/plain", "text/html", "text/rfc822-headers"})

_FIELD = re.compile(r"(?:> ?|\s{1,8})?([A-Za-z][A-Za-z0-9-]{1,60}):(?!//)")
# A block of these is a returned header, whatever words announce it.
_KNOWN = frozenset(
    ("received", "from", "to", "subject", "date", "message-id", "mime-version", "return-path", "content-type",
     "reply-to", "x-mailer", "dkim-signature", "delivered-to", "sender")
)  # fmt: skip
_TRANSPORT = frozenset(("received", "message-id", "mime-version", "return-path", "content-type"))
_BLOCK = 3  # known fields in a row that make a returned header; a summary of the message has only people's fields
# Fields that reports in plain text are made of: no returned header, though they look like one.
_REPORTED = frozenset(("final-recipient", "action", "status", "diagnostic-code", "reporting-mta"))


@dataclass(frozen=True, slots=True)
class Notice:
    """`header` gives the notice's own fields by lower-case name; `text` is what people read, without what came back.

    `status` is the machine's report (None where there is none); `type` what a multipart/report says it is;
    `embedded` the message that came back or was forwarded, whole.
    """

    header: dict[str, str]
    text: str
    status: dsn.DeliveryStatus | None = None
    returned: Returned | None = None
    type: str | None = None
    embedded: Mail | None = None


def take_apart(mail: Mail) -> Notice:
    """The notice in a mail."""
    texts: list[tuple[str, str]] = []
    status: dsn.DeliveryStatus | None = None
    returned: Returned | None = None
    embedded: Mail | None = None
    kind = _type(mail)
    for part in mime.parts(mail):
        content = part.get_content_type()
        if content in dsn.TYPES:
            status = status or dsn.parse(part)
        elif content == "message/feedback-report":
            kind = "complaint"
        elif content == "message/disposition-notification":
            kind = "other"
        elif content == "text/rfc822-headers":
            returned = returned or _headers_of(mime.text_of(part))
        elif content.startswith("message/"):
            embedded = embedded or _message_in(part)
            returned = returned or _embedded(part)
        elif content in _TEXTS and sum(len(each) for _, each in texts) < TEXT:
            texts.append((content, mime.text_of(part)))
    text, inline = split(_readable(texts))
    return Notice(_header(mail), text, status or status_in(text), returned or inline, kind, embedded)


def split(text: str) -> tuple[str, Returned | None]:
    """The words of a notice, and the returned header that follows them in the same text."""
    text = text[:TEXT]
    lines = text.split("\n")
    start = _returned_at(lines)
    if start is None:
        return text, None
    return "\n".join(lines[:start]), _headers_of("\n".join(lines[start:]))


def _returned_at(lines: list[str]) -> int | None:
    """The line at which a returned header begins: several known fields without a gap, one of them of the transport."""
    begun: int | None = None
    known: set[str] = set()
    for at, line in enumerate(lines):
        field = _FIELD.match(line)
        name = field.group(1).lower() if field else None
        if not line.strip() or name in _REPORTED or (name is None and line[0] not in " \t>"):
            begun, known = None, set()
        elif name is not None:
            begun = at if begun is None else begun
            known |= {name} & _KNOWN
            if len(known) >= _BLOCK and known & _TRANSPORT:
                return begun
    return None


def _headers_of(text: str) -> Returned | None:
    """The header at the beginning of a text, also one that is quoted or indented."""
    found: list[tuple[str, str]] = []
    lines = text.strip("\n").split("\n")
    margin = min((_margin(line) for line in lines[:3]), default="", key=len)
    for line in (each.removeprefix(margin) for each in lines):
        if not line.strip():
            break
        field = _FIELD.match(line) if line[0] not in " \t" else None
        if field:
            found.append((field.group(1), line[field.end() :].strip()))
        elif found:
            name, value = found[-1]
            found[-1] = name, f"{value} {line.strip()}".strip()
    return Returned(tuple(found)) if found else None


def _margin(line: str) -> str:
    return line[: len(line) - len(line.lstrip("> \t"))]


def _message_in(part: Mail) -> Mail | None:
    inside = part.get_payload()
    first = inside[0] if isinstance(inside, list) and inside else None
    return first if isinstance(first, Mail) and first.keys() else None


def _embedded(part: Mail) -> Returned | None:
    message = _message_in(part)
    return Returned(mime.fields(message)) if message else _headers_of(mime.text_of(part))


def _readable(texts: Iterable[tuple[str, str]]) -> str:
    """The plain text, or the HTML where that says nothing."""
    texts = list(texts)
    plain = "\n".join(text for content, text in texts if content != "text/html")
    return plain if plain.strip() else "\n".join(text for _, text in texts)


def status_in(text: str) -> dsn.DeliveryStatus | None:
    """A machine's report that was pasted into, or sent as, plain text."""
    at = re.search(r"(?im)^(?:reporting-mta|final-recipient|original-recipient):", text)
    if at is None:
        return None
    status = dsn.parse(text[at.start() :])
    return status if any("action" in each or "status" in each for each in status.recipients) else None


def _header(mail: Mail) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in mime.fields(mail):
        found.setdefault(name.lower(), mime.unfold(value))
    return found


def _type(mail: Mail) -> str | None:
    try:
        report = str(mail.get_param("report-type") or "").lower()
    except (ValueError, LookupError, TypeError):
        return None
    return _REPORT_TYPES.get(report)
