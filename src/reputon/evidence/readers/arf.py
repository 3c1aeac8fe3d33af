"""Complaint reports (ARF, RFC 5965), one message a file: an abuse desk's feedback loop."""

import hashlib
from collections.abc import Iterator

from reputon.authentication import results
from reputon.authentication.domains import organizational
from reputon.evidence.ingest import Found, Line, Reader
from reputon.evidence.kinds import Evidence, Kind, Unreadable, masked
from reputon.mail import arf
from reputon.mail.arf import ArfError, Complaint
from reputon.subject import SubjectError, address_key, address_text

# What a type of feedback is evidence of (RFC 5965 section 7.3, RFC 6591 section 3.1); None: nothing against anybody.
KINDS: dict[str, Kind | None] = {
    "abuse": Kind.COMPLAINT,
    "fraud": Kind.COMPLAINT,
    "virus": Kind.MALWARE,
    "auth-failure": Kind.AUTHENTICATION_FAILURE,
    "not-spam": None,
}


class Complaints:
    """One message."""

    def line(self, line: Line) -> Iterator[Found]:
        """The one piece of evidence in it, which stands for as many messages as the report says."""
        try:
            found = arf.parse(line.text)
            kind = KINDS[found.feedback_type]
            if kind is not None:
                yield _evidence(found, kind)
        except KeyError:
            yield self._unreadable(line, "a feedback type that says nothing about the sender")
        except (ArfError, SubjectError) as error:
            yield self._unreadable(line, str(error))

    def _unreadable(self, line: Line, why: str) -> Unreadable:
        return Unreadable(line.where, masked(line.text[:1000].decode("utf-8", "replace")), why)


def _evidence(found: Complaint, kind: Kind) -> Evidence:
    if found.source_ip is None:
        raise ArfError("the report does not say from which address the message came (Source-IP)")
    if found.arrival is None:
        raise ArfError("neither the report nor its message has a date")
    subject = address_key(found.source_ip)
    return Evidence(found.arrival, subject, _tenant(found, subject), kind, found.incidents, _identity(found))


def _tenant(found: Complaint, subject: int) -> str:
    """The authenticated domain, a DKIM signature's before the envelope's; else nobody's: `unauth@address`."""
    headers = [("Authentication-Results", each) for each in found.authentication_results]
    verdicts = [verdict for each in results.read(headers) for verdict in each.verdicts]
    for method in ("dkim", "spf"):
        for verdict in verdicts:
            if verdict.method == method and verdict.result == "pass" and verdict.domain:
                return organizational(verdict.domain)
    return f"unauth@{address_text(subject)}"


def _identity(found: Complaint) -> bytes | None:
    """What makes two reports the same: reporter, address, message, type and who complained; None without Message-ID."""
    if found.message_id is None:
        return None
    said = (found.feedback_type, found.reporter, str(found.source_ip), found.message_id, *found.recipients)
    return hashlib.blake2b("\0".join(said).encode("utf-8", "replace"), digest_size=16).digest()


READER = Reader(lambda _: Complaints(), whole=True)
