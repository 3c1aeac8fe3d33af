"""Generic records: those of a zone, checked as a name server would check them."""

import dns.exception
import dns.name
import dns.rdata

from reputon.zone.content import ContentError, Record
from reputon.zone.reading.prefixes import name

TYPES = ("A", "AAAA", "CAA", "MX", "SRV", "TXT")
LONGEST = 10_000  # characters


def record(owner: str, rdtype: str, ttl: int, text: str, longest: int) -> Record:
    """A record whose names are whole, with or without their last dot; `longest` as for names; raises ContentError."""
    if rdtype not in TYPES:
        raise ContentError(f"type {rdtype[:20]!r}: write one of {', '.join(TYPES)}")
    if not 0 <= ttl < 1 << 31:
        raise ContentError(f"ttl {ttl}: write seconds from 0 to {(1 << 31) - 1}")
    try:
        data = dns.rdata.from_text("IN", rdtype, text[:LONGEST], dns.name.root, relativize=False)
    except (dns.exception.DNSException, ValueError) as problem:
        raise ContentError(f"{text[:40]!r} is no {rdtype} record: {problem or 'write it as in a zone file'}") from None
    return Record(name(owner, longest) if owner else "", rdtype, ttl, data.to_text())
