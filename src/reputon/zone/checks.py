"""Checks: whether a table may go live: every place in it lies in it, since the kernel looks at no bounds.

A fault here is a damaged or forged file; what a sound table says that no list should is `warnings`' business.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from reputon.zone.dump.blocks import intervals4
from reputon.zone.kernel.hashing import labels_of
from reputon.zone.kernel.layout import (
    BELOW,
    CODE_COUNT,
    CODES,
    INDEX4,
    INDEX6,
    INDEX_SIZE,
    NAME,
    NAME_LENGTH,
    NODE,
    NODE_COLUMNS,
    NOWHERE,
    OWNER,
    OWNER_LENGTH,
    RECORD_COUNT,
    RECORDS,
    SELF,
    SLOT_MASK,
    SLOTS,
    SOA,
    SOA_LENGTH,
    TEXT_COUNT,
    TEXTS,
    VALUE_COLUMNS,
    ZONE_COLUMNS,
    Arrays,
)  # fmt: skip
from reputon.zone.table import Table, ZoneOf

_KINDS = {
    "zones": ("int64", ZONE_COLUMNS), "zone_slots": ("int32", 0), "index4": ("uint32", 0), "first4": ("uint16", 0),
    "value4": ("uint32", 0), "index6": ("uint32", 0), "first6": ("uint32", 4), "value6": ("uint32", 0),
    "nodes": ("uint32", NODE_COLUMNS), "slots": ("uint32", 0), "values": ("uint32", VALUE_COLUMNS),
    "blob": ("uint8", 0),
}  # fmt: skip
_ALL4 = 1 << 32
_MOST_LISTED = 0.5  # of all IPv4 addresses: nobody lists that many by intent
_LOOPBACK = 0x7F000001


def faults(table: Table) -> Iterator[str]:
    """What makes this table unfit to be read, in words."""
    of = table.arrays
    for name, (kind, columns) in _KINDS.items():
        array = getattr(of, name)
        shape = (len(array), columns) if columns else (array.size,)
        if array.dtype.name != kind or array.shape != shape:
            yield f"`{name}` has not the form of this version"
            return
    if len(table.zones) != len(of.zones):
        yield "its zones and their names are not as many"
        return
    if not all(map(_is_sound, table.zones)) or not _is_number(table.made):
        yield "what it says of its zones cannot be"
        return
    yield from (f"`{name}` points outside" for name, is_sound in _pointers(of) if not is_sound)
    yield from _zone_faults(of)
    yield from (f"zone {row + 1} has two names" for row, each in enumerate(table.zones) if each.apex != _apex(of, row))


def _is_sound(zone: ZoneOf) -> bool:
    return isinstance(zone.apex, str) and _is_number(zone.serial, 1 << 32) and _is_number(zone.entries)


def _is_number(number: object, bound: int = 1 << 62) -> bool:
    return isinstance(number, int) and 0 <= number < bound


def _apex(of: Arrays, row: int) -> str:
    """The name that the kernel knows a zone by."""
    begin, length = of.zones[row, NAME], of.zones[row, NAME_LENGTH]
    labels = labels_of(bytes(of.blob[begin : begin + length]))
    return ".".join(each[1:].decode("latin-1") for each in labels)


def _pointers(of: Arrays) -> Iterator[tuple[str, bool]]:
    blob, values = len(of.blob), len(of.values)
    yield "value4", len(of.value4) == len(of.first4) and _below(of.value4, values)
    yield "value6", len(of.value6) == len(of.first6) and _below(of.value6, values)
    yield "index4", _below(of.index4, len(of.first4) + 1)
    yield "index6", _below(of.index6, len(of.first6))
    yield "slots", _below(of.slots, len(of.nodes) + 1)
    yield "zone_slots", bool(((of.zone_slots >= NOWHERE) & (of.zone_slots < len(of.zones))).all())
    yield "nodes", _below(of.nodes[:, [SELF, BELOW]], values) and _fits(of.nodes, OWNER, OWNER_LENGTH, 1, blob)
    yield "values", values > 0 and _fits(of.values, CODES, CODE_COUNT, 4, blob)
    yield "texts", _all_within(of.values, TEXTS, TEXT_COUNT, of.blob, 0, 2)
    yield "records", _all_within(of.nodes, RECORDS, RECORD_COUNT, of.blob, 8, 10)
    yield "zones", _fits(of.zones, NAME, NAME_LENGTH, 1, blob) and _fits(of.zones, SOA, SOA_LENGTH, 1, blob)


def _below(array: Any, bound: int) -> bool:
    return not array.size or int(array.max()) < bound


def _fits(rows: Any, begin: int, count: int, size: int, bound: int) -> bool:
    """Whether what each row says to begin and to have lies before `bound`."""
    if not len(rows):
        return True
    first, many = rows[:, begin].astype(np.int64), rows[:, count].astype(np.int64)
    return bool((first >= 0).all() and (many >= 0).all() and (first + many * size <= bound).all())


def _all_within(rows: Any, begin: int, count: int, blob: Any, length_at: int, header: int) -> bool:
    """Whether all that follow one another, each with its length in two bytes, lie in the blob: a step for all rows."""
    at, left = rows[:, begin].astype(np.int64), rows[:, count].astype(np.int64)
    for _ in range(int(left.max(initial=0))):
        going = left > 0
        at, left = at[going], left[going]
        if (at + header > len(blob)).any():
            return False
        at = at + header + (blob[at + length_at].astype(np.int64) << 8) + blob[at + length_at + 1]
        if (at > len(blob)).any():
            return False
        left = left - 1
    return True


def _zone_faults(of: Arrays) -> Iterator[str]:
    """Each zone's own places, and that each search in it ends."""
    if not _ends(of.zone_slots, NOWHERE):
        yield "`zone_slots` is no table that a search ends in"
    for row, zone in enumerate(of.zones):
        slots, mask = int(zone[SLOTS]), int(zone[SLOT_MASK])
        if not 0 <= zone[NODE] < len(of.nodes) or slots < 0 or mask < 0 or slots + mask + 1 > len(of.slots):
            yield f"the names of zone {row + 1} lie outside"
        elif not _ends(of.slots[slots : slots + mask + 1], 0):
            yield f"the names of zone {row + 1} are no table that a search ends in"
        if zone[INDEX4] != NOWHERE and not _is_index4(of, int(zone[INDEX4])):
            yield f"the IPv4 addresses of zone {row + 1} are in no order"
        if zone[INDEX6] != NOWHERE and not _is_index6(of, int(zone[INDEX6])):
            yield f"the IPv6 addresses of zone {row + 1} are in no order"


def _ends(slots: Any, free: int) -> bool:
    size = len(slots)
    return size > 0 and size & (size - 1) == 0 and bool((slots == free).any())


def _is_index4(of: Arrays, begin: int) -> bool:
    index = of.index4[begin : begin + INDEX_SIZE].astype(np.int64)
    if begin < 0 or len(index) < INDEX_SIZE or (np.diff(index) < 1).any():
        return False
    return not of.first4[index[:-1]].any()  # each part begins with an interval of its own


def _is_index6(of: Arrays, begin: int) -> bool:
    index = of.index6[begin : begin + INDEX_SIZE].astype(np.int64)
    if begin < 0 or len(index) < INDEX_SIZE or (np.diff(index) < 0).any():
        return False
    return not of.first6[index[0]].any()


def warnings(table: Table) -> Iterator[str]:
    """What a sound table says that a list should not: that everybody is listed (RFC 5782 section 5, RFC 6471)."""
    for row, zone in enumerate(table.arrays.zones):
        if zone[INDEX4] == NOWHERE:
            continue
        starts, value = intervals4(table.arrays, row)
        first = starts.astype(np.int64)
        share = int(np.diff(np.append(first, _ALL4))[value != 0].sum()) / _ALL4
        apex = table.zones[row].apex
        if value[np.searchsorted(first, _LOOPBACK, side="right") - 1]:
            yield f"{apex} lists 127.0.0.1, as if the world were listed (RFC 5782 section 5)"
        if share > _MOST_LISTED:
            yield f"{apex} lists {share:.0%} of all IPv4 addresses"
