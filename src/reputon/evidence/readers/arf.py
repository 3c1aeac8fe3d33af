"""Complaints as ARF messages (RFC 5965), one message a file: the same report sent again counts once.

Where the report says that authentication passed, it is the tenant's; a domain that is only named there is not.
"""

import hashlib
from collections.abc import Iterator

from reputon.evidence.files import Line
from reputon.evidence.ingest import Found, Reader, unreadable
from reputon.evidence.kinds import Evidence, EvidenceError, Kind
from reputon.evidence.tenant import authenticated, proved
from reputon.mail import arf
from reputon.mail.arf import Complaint
from reputon.subject import address_key

# What each type of report is evidence of (RFC 5965 section 7.3, RFC 6591); None: of nothing against the sender.
KINDS: dict[str, Kind | None] = {
    "abuse": Kind.COMPLAINT,
    "fraud": Kind.COMPLAINT,
    "virus": Kind.MALWARE,
    "auth-failure": Kind.AUTHENTICATION_FAILURE,
    "not-spam": None,
    "other": None,
}


class Complaints:
    """One report."""

    def line(self, line: Line) -> Iterator[Found]:
        """The complaint, unless its type is evidence of nothing."""
        try:
            yield from evidence(arf.parse(line.text))
        except ValueError as error:
            yield unreadable(line, error)


def evidence(complaint: Complaint) -> Iterator[Evidence]:
    """What a complaint is evidence of; ValueError says what it lacks."""
    if complaint.feedback_type not in KINDS:
        raise EvidenceError(f"feedback type {complaint.feedback_type[:40]!r} is none of {', '.join(KINDS)}")
    kind = KINDS[complaint.feedback_type]
    if kind is None:
        return
    if complaint.source_ip is None:
        raise EvidenceError("the report has no Source-IP: it does not say which address sent the message")
    if complaint.time is None:
        raise EvidenceError("the report has no Arrival-Date, nor has it a Date itself")
    subject = address_key(complaint.source_ip.split()[0].strip("[]").removeprefix("IPv6:"))
    passed = authenticated(complaint.authentication_results, complaint.headers, complaint.original_mail_from)
    tenant = proved(passed, subject)
    yield Evidence(complaint.time, subject, tenant, kind, complaint.incidents, _identity(complaint, subject))


def _identity(complaint: Complaint, subject: int) -> bytes | None:
    """The name of what is complained of by whom; a report that names no message is known by its bytes alone."""
    if complaint.message_id is None:
        return None
    parts = (str(subject), complaint.reporter or "", complaint.reporting_mta or "", complaint.message_id,
             complaint.feedback_type, *sorted(complaint.original_rcpt_to))  # fmt: skip
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=16, person=b"arf").digest()


READER = Reader(lambda _: Complaints(), whole=True)
