"""Blocks: the listed addresses of a compiled zone, in blocks that one owner says each; disjoint."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from reputon.zone.content import EXCLUDED
from reputon.zone.dump.aligned import LABELS, U64, Blocks, blocks4, blocks6, children, gathered
from reputon.zone.kernel import layout
from reputon.zone.kernel.layout import Arrays
from reputon.zone.table import Table

_ONE = np.uint64(1)
_DIGIT = 10  # the first octet that is no nibble too


def zone_blocks(table: Table, row: int, now: int = 0) -> list[Blocks]:
    """The listed addresses of a zone as disjoint blocks; ContentError where they are too many."""
    alive = alive_values(table.arrays, now)
    parts = []
    first4, value4 = intervals4(table.arrays, row)
    if len(value4):
        first, last, value = _listed(first4, np.uint64(0xFFFF_FFFF), alive[value4])
        parts += blocks4(first, last, value)
    upper, lower, value6 = intervals6(table.arrays, row)
    if len(value6):
        parts += _listed6(upper, lower, alive[value6])
    return gathered(list(_apart(gathered(parts))))


def intervals4(arrays: Arrays, row: int) -> tuple[U64, NDArray[np.uint32]]:
    """The first addresses of a zone's intervals, and their values; both empty where it has no IPv4 addresses."""
    index = int(arrays.zones[row, layout.INDEX4])
    if index == layout.NOWHERE:
        return np.zeros(0, np.uint64), np.zeros(0, np.uint32)
    begins = np.asarray(arrays.index4[index : index + layout.INDEX_SIZE]).astype(np.int64)
    upper = np.repeat(np.arange(layout.INDEX_SIZE - 1, dtype=np.uint64), np.diff(begins))
    part = slice(begins[0], begins[-1])
    return upper << np.uint64(16) | np.asarray(arrays.first4[part]), np.asarray(arrays.value4[part])


def intervals6(arrays: Arrays, row: int) -> tuple[U64, U64, NDArray[np.uint32]]:
    """As `intervals4`; the halves of the first addresses."""
    index = int(arrays.zones[row, layout.INDEX6])
    if index == layout.NOWHERE:
        return np.zeros(0, np.uint64), np.zeros(0, np.uint64), np.zeros(0, np.uint32)
    part = slice(int(arrays.index6[index]), int(arrays.index6[index + layout.INDEX_SIZE - 1]) + 1)
    words = np.asarray(arrays.first6[part]).astype(np.uint64)
    half = np.uint64(32)
    return words[:, 0] << half | words[:, 1], words[:, 2] << half | words[:, 3], np.asarray(arrays.value6[part])


def alive_values(arrays: Arrays, now: int) -> NDArray[np.uint32]:
    """For each value itself, or EXCLUDED where it has ended."""
    expires = arrays.values[:, layout.EXPIRES].astype(np.int64)
    return np.where((expires != 0) & (expires <= now), EXCLUDED, np.arange(len(expires))).astype(np.uint32)


def _listed(first: U64, end: np.uint64, value: NDArray[np.uint32]) -> tuple[U64, U64, NDArray[np.uint32]]:
    """The listed intervals with their last addresses; neighbours that say the same are one."""
    first, value = first[_is_new(value)], value[_is_new(value)]
    last = np.append(first[1:] - _ONE, end)
    listed = value != EXCLUDED
    return first[listed], last[listed], value[listed]


def _listed6(upper: U64, lower: U64, value: NDArray[np.uint32]) -> list[Blocks]:
    new = _is_new(value)
    upper, lower, value = upper[new], lower[new], value[new]
    longest = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
    to_lower = np.append(lower[1:] - _ONE, longest)  # 0 less one is the last of the /64 before
    to_upper = np.append(upper[1:] - (lower[1:] == 0), longest)
    listed = value != EXCLUDED
    return blocks6((upper[listed], lower[listed]), (to_upper[listed], to_lower[listed]), value[listed])


def _is_new(value: NDArray[np.uint32]) -> NDArray[np.bool_]:
    new = np.ones(len(value), bool)
    new[1:] = value[1:] != value[:-1]
    return new


def _apart(parts: list[Blocks]) -> Iterator[Blocks]:
    """Without wildcards that would list addresses of the other version too: `*.2` is 2.0.0.0/8 and 2000::/4.

    An address of IPv4 has four labels: a wildcard of IPv6 below four meets none of them.  A wildcard of IPv4 with an
    octet of two digits meets no nibbles.
    """
    waiting = list(parts)
    while waiting:
        each = waiting.pop()
        if each.is_whole or (each.version == 6 and each.labels >= LABELS[4]):
            yield each
            continue
        meets = np.ones(len(each), bool)
        for octet in range(each.labels if each.version == 4 else 0):
            meets &= (each.lower >> np.uint64(24 - 8 * octet) & np.uint64(255)) < _DIGIT
        yield each.take(~meets)
        if meets.any():
            waiting.append(children(each.take(meets)))
