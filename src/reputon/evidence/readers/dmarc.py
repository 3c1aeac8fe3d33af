"""Mail as receivers saw it, from DMARC aggregate reports: XML, packed by gzip or zip, or within a message.

A row is volume (`sent`) unless the receiver refused it by policy, which is `rejected` and no volume (decisions/0004);
where neither DKIM nor SPF passed for the author it is an `authentication-failure` too, unless the receiver knows that
the mail was forwarded.  A report is known by its author and its name there: sent twice, it counts once.
"""

import hashlib
from collections.abc import Iterator

from reputon.evidence.files import Line
from reputon.evidence.ingest import Found, Reader, unreadable
from reputon.evidence.kinds import Evidence, EvidenceError, Kind
from reputon.evidence.tenant import proved
from reputon.mail import aggregate, mime, packed
from reputon.mail.aggregate import Aggregate, Row
from reputon.subject import address_key

FORWARDED = frozenset(("forwarded", "trusted_forwarder", "mailing_list"))  # RFC 7489 section 7.2: reasons to override
_XML = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe", b"\xfe\xff")


class Aggregates:
    """One report."""

    def line(self, line: Line) -> Iterator[Found]:
        """What its rows say; a row that cannot be read is kept aside by itself."""
        try:
            report = aggregate.parse(_document(line.text))
        except ValueError as error:
            cut = f" (only the first {mime.SIZE >> 20} MiB were read)" if len(line.text) >= mime.SIZE else ""
            yield unreadable(line, f"{error}{cut}")
            return
        for number, row in enumerate(report.rows, 1):
            try:
                yield from _evidence(report, number, row)
            except ValueError as error:
                yield unreadable(Line(row.source_ip.encode(), f"{line.where} row {number}", line.is_whole), error)


def _document(data: bytes) -> bytes:
    """The XML: bare, packed, or in the first part of a message that holds such."""
    data = packed.unpacked(data)
    if data.lstrip()[:3].startswith(_XML):
        return data
    for part in mime.parts(mime.parse(data)):
        content = part.content
        if packed.is_packed(content) or (content.lstrip().startswith(_XML) and part.content_type != "text/html"):
            return packed.unpacked(content)
    raise EvidenceError("is neither an aggregate report (XML, gzip, zip) nor a message that carries one")


def _evidence(report: Aggregate, number: int, row: Row) -> Iterator[Evidence]:
    subject = address_key(row.source_ip)
    if not (row.count.isascii() and row.count.isdigit() and len(row.count) <= 12):
        raise EvidenceError(f"count {row.count[:40]!r} is not a whole number")
    passed = "pass" in (row.dkim, row.spf)
    tenant = proved([row.header_from or report.domain] if passed else [], subject)
    kinds = [Kind.REJECTED if row.disposition == "reject" else Kind.SENT]
    if not passed and row.reason not in FORWARDED:
        kinds.append(Kind.AUTHENTICATION_FAILURE)
    for kind in kinds:
        yield Evidence(report.end, subject, tenant, kind, int(row.count), _identity(report, number, kind))


def _identity(report: Aggregate, number: int, kind: Kind) -> bytes:
    parts = (report.org_name, report.report_id, report.domain, report.begin.isoformat(), report.end.isoformat(),
             str(number), kind)  # fmt: skip
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=16, person=b"dmarc").digest()


READER = Reader(lambda _: Aggregates(), whole=True)
