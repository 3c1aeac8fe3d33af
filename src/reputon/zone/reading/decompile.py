"""Decompile: the content of a compiled zone: what it says, not how it was written."""

from collections.abc import Iterator

import dns.rdatatype

from reputon.zone.content import EXCLUDED, Content, Covers, Record, Soa, Value
from reputon.zone.dump.entries import meanings
from reputon.zone.dump.heading import record_text
from reputon.zone.dump.named import apex_records, records_of
from reputon.zone.dump.spans import VERSIONS, intervals, prefixes, spans
from reputon.zone.dump.spelling import escaped
from reputon.zone.kernel import layout
from reputon.zone.reading.rows import Filling
from reputon.zone.table import Table


def content_of(table: Table, row: int) -> Content:
    """One zone of a table, as one list: prefixes are the fewest that say the same."""
    zone = table.arrays.zones[row]
    made = Content(table.zones[row].apex, _soa(table, row), ttl=int(zone[layout.TTL]), stale=int(zone[layout.STALE]))
    values = [
        EXCLUDED if not each.codes else made.value_of(Value(each.codes, each.texts, each.ttl, each.expires))
        for each in meanings(table, row)
    ]
    filling = Filling(made)
    for version in VERSIONS:
        for subject, value in prefixes(spans(intervals(table, row, version), version)):
            filling.add(subject, values[value], "")
    _put_names(table, row, made, values)
    return made


def _soa(table: Table, row: int) -> Soa:
    start = next(each for each in apex_records(table, row) if _data(each)[0] == dns.rdatatype.SOA)
    primary, contact, *numbers = _data(start)[1].split()
    serial, refresh, retry, expire, minimum = map(int, numbers)
    return Soa(primary.rstrip("."), contact.rstrip("."), serial, refresh, retry, expire, minimum, _ttl(start))


def _put_names(table: Table, row: int, into: Content, values: list[int]) -> None:
    """The names, and the records of some; one that only stands above others is left out."""
    listed, blob = into.dataset(), memoryview(table.arrays.blob)
    below: dict[bytes, int] = {}
    for owner, node in _nodes(table, row):
        above = below.get(owner[owner[0] + 1 :], EXCLUDED) if owner else EXCLUDED
        itself, below[owner] = node[layout.SELF], node[layout.BELOW]
        name = escaped(owner)
        if itself == below[owner] and (itself or above) != EXCLUDED:
            listed.add_name(name, Covers.BOTH, values[itself])
        elif itself != below[owner]:
            listed.add_name(name, Covers.ITSELF, values[itself])
            listed.add_name(name, Covers.BELOW, values[below[owner]])
        for record in records_of(blob, node[layout.RECORDS], node[layout.RECORD_COUNT]):
            _put_record(into, name, record)


def _nodes(table: Table, row: int) -> Iterator[tuple[bytes, list[int]]]:
    """The names of a zone with their columns, those above before those below."""
    of = table.arrays
    slots = int(of.zones[row, layout.SLOTS])
    used = of.slots[slots : slots + int(of.zones[row, layout.SLOT_MASK]) + 1]
    for node in of.nodes[sorted((used[used != 0] - 1).tolist())].tolist():
        begin = node[layout.OWNER]
        yield bytes(of.blob[begin : begin + node[layout.OWNER_LENGTH]]), node


def _put_record(into: Content, owner: str, record: bytes) -> None:
    rdtype, text = _data(record)
    if not owner and rdtype == dns.rdatatype.NS:
        into.name_servers = (*into.name_servers, text.rstrip("."))
        into.name_server_ttl = _ttl(record)
    elif owner or rdtype != dns.rdatatype.SOA:
        into.records.append(Record(owner, rdtype.name, _ttl(record), text))


def _data(record: bytes) -> tuple[dns.rdatatype.RdataType, str]:
    rdtype, line = record_text(record)
    return rdtype, line.split(" ", 2)[2]


def _ttl(record: bytes) -> int:
    return int.from_bytes(record[4:8], "big")
