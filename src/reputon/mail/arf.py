"""Complaint: what a receiver reports of a message that its user called abuse, as ARF writes it (RFC 5965)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from reputon.mail import date, mime, returned
from reputon.mail.header import Fields

TYPE = "message/feedback-report"
INCIDENTS = 10_000  # messages that one report is believed to stand for
REPEATED = 50  # values of a field that may stand several times
VALUE = 4096  # characters of a field

# RFC 5965 section 3.1 and 3.2: what stands exactly once, and what else stands once at most.
_ONCE = ("feedback-type", "user-agent", "version")
_AT_MOST_ONCE = (
    "original-envelope-id", "original-mail-from", "arrival-date", "received-date", "reporting-mta", "source-ip",
    "incidents",
)  # fmt: skip


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
    _counted(report)
    return _complaint((_first(report, "feedback-type") or "").lower(), report, headers, message)


def _counted(report: Fields) -> None:
    """ArfError where a field that stands once is missing or stands twice: nobody can tell which was meant."""
    counts = {name: sum(1 for _ in _values(report, name)) for name in (*_ONCE, *_AT_MOST_ONCE)}
    if missing := [name for name in _ONCE if not counts[name]]:
        raise ArfError(f"is no complaint report: it has no {_shown(missing[0])}")
    if doubled := [name for name, count in counts.items() if count > 1]:
        raise ArfError(f"has {_shown(doubled[0])} more than once (RFC 5965 section 3)")
    if counts["arrival-date"] and counts["received-date"]:
        raise ArfError("has both Arrival-Date and Received-Date: only one may say when the message came in")


def _shown(name: str) -> str:
    """A field's name as the RFC writes it."""
    return "-".join(word.upper() if word in ("ip", "mta", "id") else word.title() for word in name.split("-"))


def _complaint(kind: str, report: Fields, headers: Fields, message: mime.Part) -> Complaint:
    return Complaint(
        feedback_type=kind,
        user_agent=_first(report, "user-agent"),
        source_ip=_first(report, "source-ip"),
        incidents=incidents(_first(report, "incidents")),
        arrival_date=date.of_mail(_first(report, "arrival-date")),
        received_date=date.of_mail(_first(report, "received-date")),
        reported_domains=_all(report, "reported-domain"),
        original_mail_from=_first(report, "original-mail-from"),
        original_rcpt_to=_all(report, "original-rcpt-to"),
        authentication_results=_all(report, "authentication-results"),
        reporting_mta=_first(report, "reporting-mta"),
        reporter=domain_of(mime.header(message, "from")),
        reported_at=date.of_mail(mime.header(message, "date")),
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
    parts = mime.parts(message)
    report = next((returned.of_text(part) for part in parts if part.content_type == TYPE), None)
    return report, returned.header(parts)


def _values(fields: Fields, wanted: str) -> Iterator[str]:
    return (value[:VALUE].strip() for name, value in fields if name.lower() == wanted and value.strip())


def _first(fields: Fields, wanted: str) -> str | None:
    return next(_values(fields, wanted), None)


def _all(fields: Fields, wanted: str) -> tuple[str, ...]:
    return tuple(_values(fields, wanted))[:REPEATED]


def incidents(text: str | None) -> int:
    """RFC 5965 section 3.2; what is no number stands for one message."""
    digits = (text or "").strip()
    if not (digits.isascii() and digits.isdigit()):
        return 1
    return max(1, min(int(digits[:10]), INCIDENTS))
