"""Complaint: what a receiver reports of a message that its user called abuse, as ARF writes it (RFC 5965)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from reputon.mail import mime
from reputon.mail.header import Fields

TYPE = "message/feedback-report"
INCIDENTS = 10_000  # messages that one report is believed to stand for
REPEATED = 50  # values of a field that may stand several times
VALUE = 4096  # characters of a field


class ArfError(ValueError):
    """A message that is no complaint, or one cut short; the message says why."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """A report: its fields, who sent it when, and the header of the message that it is about, as far as given.

    `source_ip` is text as it was written; times are UTC; `reporter` is the domain of the report's author.
    """

    feedback_type: str
    user_agent: str | None
    source_ip: str | None
    incidents: int
    arrival_date: datetime | None
    received_date: datetime | None
    reported_domains: tuple[str, ...]
    original_mail_from: str | None
    original_rcpt_to: tuple[str, ...]
    authentication_results: tuple[str, ...]
    reporting_mta: str | None
    reporter: str | None
    reported_at: datetime | None
    message_id: str | None
    headers: Fields

    @property
    def time(self) -> datetime | None:
        """When the message came in; the report's own date where it does not say."""
        return self.arrival_date or self.received_date or self.reported_at


def parse(data: bytes) -> Complaint:
    """The complaint that a message carries; ArfError where it carries none."""
    try:
        message = mime.parse(data)
        report, headers = _parts(message)
    except mime.MailError as error:
        raise ArfError(str(error)) from None
    if report is None:
        raise ArfError(f"is no complaint report: it has no part {TYPE} (RFC 5965)")
    if len(data) < mime.SIZE and not message.is_closed:
        raise ArfError("is cut short: the boundary at its end is missing")
    kind = _first(report, "feedback-type")
    if not kind:
        raise ArfError("is no complaint report: it has no Feedback-Type")
    return _complaint(kind.lower(), report, headers, message)


def _complaint(kind: str, report: Fields, headers: Fields, message: mime.Part) -> Complaint:
    return Complaint(
        feedback_type=kind,
        user_agent=_first(report, "user-agent"),
        source_ip=_first(report, "source-ip"),
        incidents=_incidents(_first(report, "incidents")),
        arrival_date=_time(_first(report, "arrival-date")),
        received_date=_time(_first(report, "received-date")),
        reported_domains=_all(report, "reported-domain"),
        original_mail_from=_first(report, "original-mail-from"),
        original_rcpt_to=_all(report, "original-rcpt-to"),
        authentication_results=_all(report, "authentication-results"),
        reporting_mta=_first(report, "reporting-mta"),
        reporter=domain_of(mime.header(message, "from")),
        reported_at=_time(mime.header(message, "date")),
        message_id=_first(headers, "message-id"),
        headers=headers,
    )


def domain_of(text: str | None) -> str | None:
    """The domain of an address field, lower case."""
    from email.utils import parseaddr  # takes as long to import as hundreds of messages take to read

    try:
        address = parseaddr((text or "")[:VALUE])[1]
    except RecursionError:  # a comment in a comment in a comment, thousands of times
        return None
    return address.rpartition("@")[2].strip(" .").lower() or None


def _parts(message: mime.Part) -> tuple[Fields | None, Fields]:
    """The report's fields, and the header of the message it is about."""
    report: Fields | None = None
    headers: Fields = ()
    for part in mime.parts(message):
        kind = part.content_type
        if kind == TYPE and report is None:
            report = _of_text(part)
        elif kind in _EMBEDDED and report is not None and not headers:
            headers = _EMBEDDED[kind](part)
    return report, headers


def _of_text(part: mime.Part) -> Fields:
    """The fields that a part's text begins with; some reports have empty lines above them."""
    return mime.fields(mime.parse(mime.text_of(part).lstrip().encode("utf-8", "replace")))


def _of_message(part: mime.Part) -> Fields:
    return mime.fields(part.inside[0])


_EMBEDDED = {
    "message/rfc822": _of_message,
    "message/global": _of_message,
    "text/rfc822-headers": _of_text,
    "message/rfc822-headers": _of_message,
}


def _values(fields: Fields, wanted: str) -> Iterator[str]:
    return (value[:VALUE].strip() for name, value in fields if name.lower() == wanted and value.strip())


def _first(fields: Fields, wanted: str) -> str | None:
    return next(_values(fields, wanted), None)


def _all(fields: Fields, wanted: str) -> tuple[str, ...]:
    return tuple(_values(fields, wanted))[:REPEATED]


def _incidents(text: str | None) -> int:
    """RFC 5965 section 3.2; what is no number stands for one message."""
    digits = (text or "").strip()
    if not (digits.isascii() and digits.isdigit()):
        return 1
    return max(1, min(int(digits[:10]), INCIDENTS))


def _time(text: str | None) -> datetime | None:
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime((text or "")[:200])
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
