"""Complaints as X-ARF reports (0.1 to 4), one report a file, a message or JSON: what is about mail, and nothing else.

X-ARF tells no authentication result: a complaint belongs to its address, whatever the message claims of its sender.
"""

import hashlib
from collections.abc import Iterator

from reputon.evidence.files import Line
from reputon.evidence.ingest import Found, Reader, unreadable
from reputon.evidence.kinds import Evidence, EvidenceError, Kind
from reputon.evidence.tenant import unproved
from reputon.mail import xarf
from reputon.mail.arf import incidents
from reputon.mail.received import address
from reputon.mail.xarf import AbuseReport
from reputon.subject import address_key

# Of what a report is evidence, if it is about mail.
KINDS = {
    "spam": Kind.COMPLAINT,
    "phishing": Kind.COMPLAINT,
    "malware": Kind.MALWARE,
    "malware-attack": Kind.MALWARE,
}


class AbuseReports:
    """One report."""

    def line(self, line: Line) -> Iterator[Found]:
        """The complaint, unless the report is about something else than mail."""
        try:
            yield from _evidence(xarf.parse(line.text))
        except ValueError as error:
            yield unreadable(line, error)


def _evidence(report: AbuseReport) -> Iterator[Evidence]:
    kind = KINDS.get(report.kind)
    if not report.kind:
        raise EvidenceError("the report does not say of what type it is")
    if kind is None or not report.is_mail:
        return
    if report.time is None:
        raise EvidenceError("the report does not say when that was")
    source = address(report.source)
    if source is None:
        raise EvidenceError(f"the source {report.source[:40]!r} is not an IP address")
    subject = address_key(source)
    identity = _identity(report, subject, kind)
    yield Evidence(report.time, subject, unproved(subject), kind, incidents(report.occurrences), identity)


def _identity(report: AbuseReport, subject: int, kind: Kind) -> bytes | None:
    """The name of the report; one that has none is known by its bytes alone."""
    if not (report.report_id and report.reporter):
        return None
    name = "\0".join((str(subject), report.reporter.lower(), report.report_id, kind))
    return hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=16, person=b"xarf").digest()


READER = Reader(lambda _: AbuseReports(), whole=True)
