"""Named: what the names of a compiled zone say, with the owners that stop a wildcard (RFC 4592 section 2.2.1)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reputon.zone.content import EXCLUDED
from reputon.zone.dump.blocks import alive_values
from reputon.zone.dump.meeting import Addresses
from reputon.zone.kernel import layout
from reputon.zone.kernel.layout import Arrays
from reputon.zone.table import Table


@dataclass(frozen=True, slots=True)
class Named:
    """What a name says: values for itself and below it, its generic records from their types on.

    `owner` is relative and in wire format without the root; `stops`: it is there to stop a wildcard, and for that only.
    """

    owner: bytes
    itself: int
    below: int
    records: tuple[bytes, ...] = ()
    stops: bool = False


def zone_names(table: Table, row: int, now: int = 0) -> Iterator[Named]:
    """What the names of a zone say, the apex first.  ContentError: a secondary could not answer for addresses too."""
    arrays = table.arrays
    alive = alive_values(arrays, now).tolist()
    nodes = arrays.nodes[_nodes_of(arrays, row)].tolist()
    blob = bytes(arrays.blob)
    owners = [blob[node[layout.OWNER] : node[layout.OWNER] + node[layout.OWNER_LENGTH]] for node in nodes]
    there = _there(
        owner
        for owner, node in zip(owners, nodes, strict=True)
        if alive[node[layout.SELF]] or alive[node[layout.BELOW]] or node[layout.RECORD_COUNT]
    )
    below: dict[bytes, int] = {}
    addresses = Addresses(table, row)
    for owner, node in zip(owners, nodes, strict=True):
        below[owner] = alive[node[layout.BELOW]]
        stops = owner not in there and below[owner[owner[0] + 1 :]] != EXCLUDED
        records = tuple(records_of(blob, node[layout.RECORDS], node[layout.RECORD_COUNT]))
        named = Named(owner, alive[node[layout.SELF]], below[owner], records, stops)
        has_any = stops or named.itself or named.below or records
        if has_any and not addresses.hide(owner, named.below != EXCLUDED):
            yield named


def apex_records(table: Table, row: int) -> Iterator[bytes]:
    """The generic records of a zone's apex, from their types on."""
    arrays = table.arrays
    node = arrays.nodes[int(arrays.zones[row, layout.NODE])].tolist()
    return records_of(memoryview(arrays.blob), node[layout.RECORDS], node[layout.RECORD_COUNT])


def _there(owners: Iterable[bytes]) -> set[bytes]:
    """These owners and all above them."""
    found = {b""}
    for owner in owners:
        at = owner
        while at not in found:
            found.add(at)
            at = at[at[0] + 1 :]
    return found


def records_of(blob: bytes | memoryview, at: int, count: int) -> Iterator[bytes]:
    """So many generic records from a place on, each from its type on."""
    for _ in range(count):
        size = 10 + int.from_bytes(blob[at + 8 : at + 10], "big")
        yield bytes(blob[at : at + size])
        at += size


def _nodes_of(arrays: Arrays, row: int) -> slice:
    begins = arrays.zones[:, layout.NODE].tolist()
    return slice(begins[row], min((each for each in begins if each > begins[row]), default=len(arrays.nodes)))
