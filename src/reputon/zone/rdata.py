"""Rdata: generic records, and the start of a zone, as bytes of an answer."""

from collections.abc import Iterable

import dns.exception
import dns.name
import dns.rdata
import dns.rdatatype

from reputon.zone import names
from reputon.zone.content import LONGEST_TTL, Content, ContentError, Record

_LEADS_AWAY = {"CNAME", "DNAME"}  # a question of another type has to follow it


def records(content: Content) -> Iterable[tuple[bytes, bytes]]:
    """The generic records, those of the apex among them, as (owner in wire format, record from its type on)."""
    yield b"", start(content, content.soa.ttl)
    for server in content.name_servers:
        yield b"", wire(Record("", "NS", content.name_server_ttl, server.rstrip(".") + "."))
    for record in content.records:
        yield names.wire(record.owner), wire(_answered(record))


def _answered(record: Record) -> Record:
    """The record, if a question of its own type alone asks for it; ContentError."""
    rdtype = record.rdtype.upper()
    if rdtype in _LEADS_AWAY or (rdtype == "NS" and record.owner):
        raise ContentError(f"{record.owner!r} has {rdtype}, which leads elsewhere: write the records that it leads to")
    return record


def start(content: Content, ttl: int) -> bytes:
    """The SOA record from its type on; with the negative TTL, that of negative answers (RFC 2308 section 3)."""
    of = content.soa
    contact = of.contact.replace("@", ".").rstrip(".")
    times = f"{of.serial} {of.refresh} {of.retry} {of.expire} {of.minimum}"
    return wire(Record("", "SOA", ttl, f"{of.primary.rstrip('.')}. {contact}. {times}"))


def wire(record: Record) -> bytes:
    """Type, class, TTL, length and data, whose names are whole (RFC 1035 section 4.1.3); ContentError."""
    if not 0 <= record.ttl <= LONGEST_TTL:
        raise ContentError(
            f"{record.rdtype} {record.text[:80]!r} has TTL {record.ttl}: write 0 to {LONGEST_TTL} seconds"
        )
    try:
        rdtype = dns.rdatatype.from_text(record.rdtype)
        data = dns.rdata.from_text("IN", rdtype, record.text, relativize=False, origin=dns.name.root).to_wire()
    except (dns.exception.DNSException, ValueError) as error:
        raise ContentError(f"{record.rdtype} {record.text[:80]!r} is no record: {error}") from None
    assert data is not None
    return b"".join((
        rdtype.to_bytes(2, "big"), b"\0\1", record.ttl.to_bytes(4, "big"), len(data).to_bytes(2, "big"), data,
    ))  # fmt: skip
