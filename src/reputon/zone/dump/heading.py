"""Heading: how a zone file begins: its origin, its TTL, and the records of its apex, the start of authority first."""

from collections.abc import Iterator

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from reputon.zone.dump.named import apex_records
from reputon.zone.kernel import layout
from reputon.zone.table import Table


def heading(table: Table, row: int) -> Iterator[str]:
    """The first lines of a zone file: `$ORIGIN`, `$TTL`, SOA and NS.

    BIND does not load a zone without name servers, nor with one inside of it that has no address: a zone without gets
    its primary, or `localhost` where that lies inside.
    """
    apex = f"{table.zones[row].apex}."
    yield f"$ORIGIN {apex}\n$TTL {int(table.arrays.zones[row, layout.TTL])}\n"
    records = {dns.rdatatype.SOA: "", dns.rdatatype.NS: ""}
    for each in apex_records(table, row):
        rdtype, line = record_text(each)
        if rdtype in records:
            records[rdtype] += f"@ {line}\n"
    start = records[dns.rdatatype.SOA]
    yield start
    primary = start.split()[3]
    server = "localhost." if f".{primary}".endswith(f".{apex}") else primary
    yield records[dns.rdatatype.NS] or f"@ NS {server}\n"


def record_text(record: bytes) -> tuple[dns.rdatatype.RdataType, str]:
    """Its type, and TTL, type and data as in a zone file, of a record in wire format from its type on."""
    rdtype = dns.rdatatype.RdataType.make(int.from_bytes(record[:2], "big"))
    ttl = int.from_bytes(record[4:8], "big")
    data = dns.rdata.from_wire(dns.rdataclass.IN, rdtype, record, 10, len(record) - 10)
    return rdtype, f"{ttl} {dns.rdatatype.to_text(rdtype)} {data.to_text()}"
