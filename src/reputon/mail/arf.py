"""ARF: complaint reports (RFC 5965): which address sent what a user complained about, and how it had authenticated."""

from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime

from reputon.mail import mime
from reputon.mail.mime import MailError

INCIDENTS = 1_000_000  # that one report may claim


class ArfError(ValueError):
    """A message that is no complaint report; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """One report.  Texts are as written, None where the report does not say; `arrival` falls back on its own date."""

    feedback_type: str
    source_ip: str | None
    incidents: int
    arrival: datetime | None
    reporter: str
    mail_from: str | None
    recipients: tuple[str, ...]
    domains: tuple[str, ...]
    authentication_results: tuple[str, ...]
    message_id: str | None


def parse(data: bytes) -> Complaint:
    """The complaint in a message; ArfError says why it is none."""
    try:
        message = mime.parse(data)
    except MailError as error:
        raise ArfError(str(error)) from None
    parts = list(message.walk())
    report = next((part for part in parts if part.get_content_type() == "message/feedback-report"), None)
    if report is None:
        raise ArfError("there is no message/feedback-report part (RFC 5965 section 3)")
    fields = mime.parse(_text(report).encode("utf-8", "replace"))
    if not fields.get("Feedback-Type"):
        raise ArfError("the report has no Feedback-Type (RFC 5965 section 3.1)")
    return _complaint(message, fields, _returned(parts))


def _text(report: Message) -> str:
    # The parser takes any message/* part for a message: its fields are then a message's headers.
    payload = report.get_payload()
    inner = payload[0] if isinstance(payload, list) and payload else payload
    return inner.as_string() if isinstance(inner, Message) else str(inner)


def _returned(parts: list[Message]) -> Message:
    """The headers of the message that was complained of."""
    kinds = ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers")
    found = next((part for part in reversed(parts) if part.get_content_type() in kinds), None)
    if found is None:
        return Message()
    return mime.parse(_text(found).encode("utf-8", "replace"))


def _complaint(message: Message, fields: Message, returned: Message) -> Complaint:
    return Complaint(
        feedback_type=str(fields["Feedback-Type"]).strip().lower(),
        source_ip=_first(fields, "Source-IP"),
        incidents=_incidents(_first(fields, "Incidents")),
        arrival=_time(fields, "Arrival-Date") or _time(fields, "Received-Date") or _time(message, "Date"),
        reporter=_first(fields, "Reporting-MTA") or parseaddr(str(message.get("From", "")))[1],
        mail_from=_bare(_first(fields, "Original-Mail-From")),
        recipients=tuple(sorted(str(each).strip().lower() for each in fields.get_all("Original-Rcpt-To", []))),
        domains=tuple(str(each).strip() for each in fields.get_all("Reported-Domain", [])),
        authentication_results=tuple(str(each) for each in fields.get_all("Authentication-Results", [])),
        message_id=_first(returned, "Message-ID"),
    )


def _first(fields: Message, name: str) -> str | None:
    value = fields.get(name)
    return str(value).strip() if value is not None and str(value).strip() else None


def _bare(address: str | None) -> str | None:
    return address.strip("<> ") or None if address else None


def _incidents(text: str | None) -> int:
    if text is None or not (text.isascii() and text.isdigit() and len(text) < 8):
        return 1
    return min(max(int(text), 1), INCIDENTS)


def _time(fields: Message, name: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(str(fields.get(name, "")))
    except (ValueError, TypeError, OverflowError):
        return None
    return found.astimezone() if found.tzinfo is None else found
