"""BIND: a zone file that any authoritative server loads (RFC 1035 section 5), and answers from as `records` says."""

from typing import TextIO

import dns.rdatatype

from reputon.zone.content import Content
from reputon.zone.dump.heading import heading, record_text
from reputon.zone.dump.records import generic, told
from reputon.zone.kernel import layout
from reputon.zone.reading.master import quoted
from reputon.zone.table import Table, compile_zones

_OF_HEADING = (dns.rdatatype.SOA, dns.rdatatype.NS)


def write(content: Content, out: TextIO) -> None:
    """The zone file of some content; raises ContentError where no zone can say it."""
    write_table(compile_zones([content]), 0, out)


def write_table(table: Table, row: int, out: TextIO, now: int = 0) -> None:
    """The zone file of one zone of a table, without what has ended by `now` (Unix seconds)."""
    out.writelines(heading(table, row))
    for owner, record in generic(table, row):
        rdtype, text = record_text(record)
        if owner or rdtype not in _OF_HEADING:
            out.write(f"{owner or '@'} {text}\n")
    zone_ttl = int(table.arrays.zones[row, layout.TTL])
    for each in told(table, row, now):
        ttl = "" if each.ttl == zone_ttl else f"{each.ttl} "
        lines = [f"A {code}" for code in each.codes] + [f"TXT {quoted(text)}" for text in each.texts]
        out.writelines(f"{each.labels or '@'} {ttl}{line}\n" for line in lines)
