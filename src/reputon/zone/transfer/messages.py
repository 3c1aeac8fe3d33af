"""Transfer: a zone, or what changed in it, as the messages of AXFR (RFC 5936) and IXFR (RFC 1995)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from reputon.zone.content import ContentError
from reputon.zone.dump.aligned import U64, Blocks
from reputon.zone.dump.blocks import zone_blocks
from reputon.zone.dump.named import apex_records, zone_names
from reputon.zone.dump.records import said_by
from reputon.zone.table import Table
from reputon.zone.transfer.alike import MANY, Rows
from reputon.zone.transfer.items import SOA, Item, Wordings, of_blocks, of_name, zone_ttl

FULL = 64_000  # bytes of a message or a record; what is left up to 65535 is for the owner, the OPT and the signature
_REACH = 0x3FFF  # bytes into a message that a compression pointer can point to
_RESPONSE = 0x8400  # an authoritative answer
_APEX = b"\xc0\x0c"  # a pointer to the name in the question


@dataclass(frozen=True, slots=True)
class Step:
    """What changed between two serials: their SOA records from the type on, and the items that went and that came."""

    old_serial: int
    new_serial: int
    old_soa: bytes
    new_soa: bytes
    deleted: tuple[Item, ...]
    added: tuple[Item, ...]

    def count(self) -> int:
        """Records, without the SOA."""
        return sum(len(records) for _, records in (*self.deleted, *self.added))


def whole(begin: bytes, table: Table, row: int) -> Iterator[bytes]:
    """The messages of AXFR: the SOA, everything else, the SOA again (RFC 5936 section 2.2).

    The first has the SOA alone, so that it is there at once, whatever the zone's size.  A serial says the same at any
    time: what had ended when the table was made is left out, and nothing else.
    """
    start = [(b"", (soa_of(table, row),))]
    yield from messages(begin, start)
    wording, ttl = Wordings(said_by(table, row)), zone_ttl(table.arrays, row)
    names = zone_names(table, row, table.made)
    yield from messages(begin, (item for named in names for item in of_name(named, wording, ttl)))
    for blocks in zone_blocks(table, row, table.made):
        yield from _of_blocks(begin, blocks, wording)
    yield from messages(begin, start)


def _of_blocks(begin: bytes, blocks: Blocks, wording: Wordings) -> Iterator[bytes]:
    """Addresses of which many say the same as rows, the others one by one."""
    if blocks.version == 4 and blocks.is_whole:
        values, counts = np.unique(blocks.value, return_counts=True)
        for value in values[counts >= MANY].tolist():
            rows = wording[value].rows()
            if rows is not None:
                is_this = blocks.value == value
                yield from _of_rows(begin, rows, blocks.lower[is_this])
                blocks = blocks.take(~is_this)
    yield from messages(begin, of_blocks(blocks, wording))


def _of_rows(begin: bytes, rows: Rows, addresses: U64) -> Iterator[bytes]:
    for data, ends in rows.written(addresses):
        first = at = 0
        while first < len(ends):
            last = max(first + 1, int(np.searchsorted(ends, at + FULL - len(begin), side="right")))
            out = bytearray(begin) + data[at : ends[last - 1]]
            yield _counted(out, (last - first) * rows.count)
            first, at = last, int(ends[last - 1])


def step_items(steps: Iterable[Step], soa: bytes) -> Iterator[Item]:
    """Differences as IXFR has them (RFC 1995 section 4); `soa`: the newest."""
    yield b"", (soa,)
    for step in steps:
        yield b"", (step.old_soa,)
        yield from step.deleted
        yield b"", (step.new_soa,)
        yield from step.added
    yield b"", (soa,)


def soa_of(table: Table, row: int) -> bytes:
    """The SOA record from its type on."""
    return next(each for each in apex_records(table, row) if each[:2] == SOA)


def header(query: bytes, question: bytes) -> bytes:
    """The beginning of each message: the query's number, an authoritative answer, and its question."""
    return query[:2] + _RESPONSE.to_bytes(2, "big") + b"\0\1\0\0\0\0\0\0" + question


def messages(begin: bytes, items: Iterable[Item]) -> Iterator[bytes]:
    """The items in messages of up to 64 KB that all begin alike; made one at a time, as they are wanted.

    ContentError: a record is too long for any message.
    """
    out, count = bytearray(begin), 0
    for owner, records in items:
        name = owner + _APEX
        for record in records:
            if count and len(out) + len(name) + len(record) > FULL:
                yield _counted(out, count)
                out, count, name = bytearray(begin), 0, owner + _APEX
            if len(record) > FULL:
                raise ContentError(f"a record of {len(record)} bytes is too long for a message")
            at = len(out)
            out += name
            out += record
            count += 1
            if len(name) > 2 and at <= _REACH:
                name = (0xC000 | at).to_bytes(2, "big")
    if count:
        yield _counted(out, count)


def _counted(out: bytearray, count: int) -> bytes:
    out[6:8] = count.to_bytes(2, "big")
    return bytes(out)
