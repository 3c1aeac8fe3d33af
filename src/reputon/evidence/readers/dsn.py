"""Unknown users, from the delivery reports (RFC 3464) of a receiving server that takes mail first and looks later.

Such a report is the server's word about the client that gave it the message: Received-From-MTA names it, or the
Received field that the server itself wrote on top of the message that it returns.  Only what says that there is no such
user counts, and it counts as volume too, like a line of a log: the server did take the message.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from reputon.authentication.domains import aligned
from reputon.evidence import border
from reputon.evidence.border import Border
from reputon.evidence.files import Line
from reputon.evidence.ingest import Found, Reader, unreadable
from reputon.evidence.kinds import Evidence, EvidenceError, Kind
from reputon.evidence.tenant import authenticated, proved
from reputon.mail import date, dsn, mime, received, returned
from reputon.mail.dsn import DeliveryStatus, Group
from reputon.mail.header import Fields
from reputon.subject import address_key

UNKNOWN = "5.1.1"  # RFC 3463: bad destination mailbox address
PERHAPS = ("5.1.10", "5.1.0")  # RFC 7505 and "other address status": only with words that say so
WORDS = (
    "user unknown", "unknown user", "no such user", "no such recipient", "unknown recipient", "recipient not found",
    "recipientnotfound", "mailbox not found", "no mailbox", "user doesn't exist", "user does not exist",
    "address does not exist", "unknown local part", "unknown address",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Report:
    status: DeliveryStatus
    returned: Fields
    reported_at: datetime | None

    @property
    def server(self) -> str:
        """Whose report it is: the Reporting-MTA."""
        return dsn.value_of(self.status.message_fields.get("reporting-mta", "")).strip("[]").lower()

    @property
    def time(self) -> datetime | None:
        return date.of_mail(self.status.message_fields.get("arrival-date")) or self.reported_at


class DeliveryReports:
    """One report."""

    def line(self, line: Line) -> Iterator[Found]:
        """What it says of the client, if it is that there is no such user."""
        try:
            yield from _evidence(_parsed(line.text))
        except ValueError as error:
            yield unreadable(line, error)


def _parsed(text: bytes) -> _Report:
    message = mime.parse(text)
    parts = list(mime.parts(message))
    part = next((each for each in parts if each.content_type in dsn.TYPES), None)
    if part is None:
        raise EvidenceError("is no delivery report: it has no part message/delivery-status (RFC 3464)")
    if len(text) < mime.SIZE and not message.is_closed:
        raise EvidenceError("is cut short: the boundary at its end is missing")
    return _Report(dsn.parse(part), returned.header(parts), date.of_mail(message.first("date")))


def _evidence(report: _Report) -> Iterator[Evidence]:
    unknown = [group for group in report.status.recipients if _is_unknown(group) and _is_own(group, report.server)]
    if not unknown:
        return
    if report.time is None:
        raise EvidenceError("the report has no Arrival-Date, nor has it a Date itself")
    address, said = _client(report)
    if address is None:
        return
    subject = address_key(address)
    sender = next(iter(returned.values(report.returned, "return-path")), None)
    tenant = proved(authenticated(said, report.returned, sender), subject)
    for kind in (Kind.SENT, Kind.UNKNOWN_USER):
        identity = _identity(report, unknown, subject, kind)
        yield Evidence(report.time, subject, tenant, kind, len(unknown), identity)


def _is_unknown(group: Group) -> bool:
    status = group.get("status", "").partition(" ")[0]
    if group.get("action", "failed").lower() != "failed":
        return False
    words = group.get("diagnostic-code", "").lower()
    return status == UNKNOWN or (status in PERHAPS and any(each in words for each in WORDS))


def _is_own(group: Group, server: str) -> bool:
    """Whether the server looked among its own users: what another host refused is about those who send through it."""
    remote = dsn.value_of(group.get("remote-mta", "")).strip("[]").lower()
    found = received.address(remote)
    return not remote or remote == "localhost" or aligned(remote, server) or bool(found and received.is_inner(found))


def _client(report: _Report) -> tuple[received.Address | None, tuple[str, ...]]:
    """Who gave the server the message, and what the server wrote of it; None for a user of its own."""
    named = _address(report.status.message_fields.get("received-from-mta", ""))
    own = _own_field(report)
    if own is not None and named in (None, own.address):
        said = tuple(each for each in own.results if aligned(border.speaker(each), report.server))
        return (None, ()) if own.hop.is_submitted else (own.address, said)
    if named is None:
        raise EvidenceError("the report does not tell the address of the client: Received-From-MTA names none")
    return (None if received.is_inner(named) else named), ()


def _own_field(report: _Report) -> Border | None:
    """What the server itself wrote on top of the message; nobody knows who wrote another host's field."""
    try:
        found = border.crossed(report.returned)
    except EvidenceError:
        return None
    return found if found.hop.by and aligned(found.hop.by, report.server) else None


def _address(field: str) -> received.Address | None:
    """The address in `dns; mail.example.org (192.0.2.1)`, `dns; [192.0.2.1]`: what stands last."""
    words = (word.strip("(),;") for word in reversed(dsn.value_of(field).split()))
    return next((found for word in words if (found := received.address(word)) is not None), None)


def _identity(report: _Report, unknown: list[Group], subject: int, kind: Kind) -> bytes | None:
    """The name of the failed delivery; a report that names no message is known by its bytes alone."""
    message_id = next(iter(returned.values(report.returned, "message-id")), None)
    if message_id is None:
        return None
    recipients = sorted(group.get("final-recipient", "") for group in unknown)
    name = "\0".join((str(subject), report.server, message_id, kind, *recipients))
    return hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=16, person=b"dsn").digest()


READER = Reader(lambda _: DeliveryReports(), whole=True)
