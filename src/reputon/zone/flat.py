"""Flat: prefixes, nested as they come, to disjoint intervals, each with one value: what a lookup searches.

An interval is its first address; it reaches to the next one's.  Addresses are numbers of 128 bits in two halves, so
that IPv4 and IPv6 are one: the ranks of the bounds are swept, not the bounds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reputon.zone.content import EXCLUDED
from reputon.zone.kernel import jit

_MANY = 50_000  # prefixes, from which compiling the sweep pays
_ALL = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
_ONE = np.uint64(1)

# Of IPv4, in one number of 64 bits: 32 of the address, 6 of the length, and the others of the value.
_NARROW = 96
_END4 = 1 << 32
_KNOWN_BITS = np.uint64(32)
_VALUE_BITS = 26

Combine = Callable[[Sequence[int]], int]  # several values that hold at once to one


@dataclass(frozen=True, slots=True)
class Bounds:
    """Addresses in order: `upper` and `lower` 64 bits, uint64."""

    upper: NDArray[np.uint64]
    lower: NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.lower)

    def take(self, which: NDArray[Any]) -> "Bounds":
        """Those of a mask or of indices."""
        return Bounds(self.upper[which], self.lower[which])


@dataclass(frozen=True, slots=True)
class Intervals:
    """Disjoint and complete: the first begins at 0, and neighbours have different values; EXCLUDED is not listed."""

    first: Bounds
    value: NDArray[np.uint32]


_NOTHING = Intervals(Bounds(np.zeros(1, np.uint64), np.zeros(1, np.uint64)), np.zeros(1, np.uint32))


def flatten(first: Bounds, length: NDArray[np.uint8], value: NDArray[np.uint32], combine: Combine) -> Intervals:
    """The intervals of one list's prefixes: the longest prefix wins; what one prefix says twice is combined.

    `length` counts from the upper end of 128 bits, for IPv4 as for IPv6.
    """
    if len(value) == 0:
        return _NOTHING
    if (
        length.min() >= _NARROW
        and not first.upper.any()
        and first.lower.max() < _END4
        and value.max() < 1 << _VALUE_BITS
    ):
        return _flatten4(first.lower, length, value, combine)
    order = np.lexsort((length, first.lower, first.upper))
    first, length, value = _united(first.take(order), length[order], value[order], combine)
    after, is_last = _after(first, length)
    start_and_end, bounds = _numbered(
        Bounds(
            np.concatenate([np.zeros(1, np.uint64), first.upper, after.upper]),
            np.concatenate([np.zeros(1, np.uint64), first.lower, after.lower]),
        )
    )
    start, end = start_and_end[1 : len(value) + 1], start_and_end[len(value) + 1 :]
    end[is_last] = len(bounds)
    at, said = _swept(start, end, value, len(bounds))
    return Intervals(bounds.take(at), said)


def _flatten4(
    first: NDArray[np.uint64], length: NDArray[np.uint8], value: NDArray[np.uint32], combine: Combine
) -> Intervals:
    """The same of addresses of 32 bits: all that is known of a prefix is one number, and sorted as one."""
    known = first << _KNOWN_BITS | (length - np.uint8(_NARROW)).astype(np.uint64) << np.uint64(_VALUE_BITS) | value
    known.sort()
    known = known[np.append(True, known[1:] != known[:-1])]
    lower = known >> _KNOWN_BITS
    length = (known >> np.uint64(_VALUE_BITS) & np.uint64(63)).astype(np.uint8)
    value = (known & np.uint64((1 << _VALUE_BITS) - 1)).astype(np.uint32)
    united, length, value = _united(Bounds(np.zeros(len(lower), np.uint64), lower), length, value, combine)
    start = united.lower.astype(np.int64)
    end = start + (np.int64(1) << (np.int64(32) - length))
    at, said = _swept(start, end, value, 1 << 33)
    return Intervals(Bounds(np.zeros(len(at), np.uint64), at.astype(np.uint64)), said)


def overlay(lists: Sequence[Intervals], combine: Combine) -> Intervals:
    """What several lists say together."""
    if len(lists) == 1:
        return lists[0]
    if not lists:
        return _NOTHING
    _, bounds = _numbered(
        Bounds(
            np.concatenate([each.first.upper for each in lists]), np.concatenate([each.first.lower for each in lists])
        )
    )
    said = np.stack([each.value[_ranks(each.first, bounds)] for each in lists], axis=1)
    value = said.max(axis=1)
    several = np.flatnonzero((said != EXCLUDED).sum(axis=1) > 1)
    rows, which = np.unique(said[several], axis=0, return_inverse=True)
    made = [_together(row, combine) for row in rows.tolist()]
    value[several] = np.array(made, np.uint32)[which.reshape(-1)] if made else 0
    return _merged(bounds, value)


def _together(values: Sequence[int], combine: Combine) -> int:
    listed = sorted(set(values) - {EXCLUDED})
    return listed[0] if len(listed) == 1 else combine(listed)


def _united(
    first: Bounds, length: NDArray[np.uint8], value: NDArray[np.uint32], combine: Combine
) -> tuple[Bounds, NDArray[np.uint8], NDArray[np.uint32]]:
    """Each prefix once."""
    is_again = np.zeros(len(value), bool)
    is_again[1:] = (
        (first.upper[1:] == first.upper[:-1]) & (first.lower[1:] == first.lower[:-1]) & (length[1:] == length[:-1])
    )
    if not is_again.any():
        return first, length, value
    value, start = value.copy(), 0
    for at in np.flatnonzero(is_again).tolist():
        if not is_again[at - 1]:
            start = at - 1
        pair = {int(value[start]), int(value[at])}
        value[start] = EXCLUDED if EXCLUDED in pair else pair.pop() if len(pair) == 1 else combine(sorted(pair))
    return first.take(~is_again), length[~is_again], value[~is_again]


def _after(first: Bounds, length: NDArray[np.uint8]) -> tuple[Bounds, NDArray[np.bool_]]:
    """The addresses after each prefix, and where there are none."""
    short = np.minimum(length, 64).astype(np.uint64)
    long = np.maximum(length, 64).astype(np.uint64) - np.uint64(64)
    # A shift by 64 has no meaning; by two halves it has.
    low = np.where(long == 64, np.uint64(0), _ALL >> (long % np.uint64(64)))
    high = np.where(short == 64, np.uint64(0), _ALL >> (short % np.uint64(64)))
    upper, lower = first.upper | high, first.lower | low
    carries = lower == _ALL
    is_last = carries & (upper == _ALL)
    return Bounds(upper + carries.astype(np.uint64), lower + _ONE), is_last


def _numbered(bounds: Bounds) -> tuple[NDArray[np.int64], Bounds]:
    """The bounds in order, each once, and which of them each one was."""
    if not bounds.upper.any():
        lower, number = np.unique(bounds.lower, return_inverse=True)
        return number.astype(np.int64), Bounds(np.zeros(len(lower), np.uint64), lower)
    order = np.lexsort((bounds.lower, bounds.upper))
    bounds = bounds.take(order)
    is_new = np.ones(len(bounds), bool)
    is_new[1:] = (bounds.upper[1:] != bounds.upper[:-1]) | (bounds.lower[1:] != bounds.lower[:-1])
    number = np.empty(len(bounds), np.int64)
    number[order] = np.cumsum(is_new) - 1
    return number, bounds.take(is_new)


def _ranks(bounds: Bounds, wanted: Bounds) -> NDArray[np.int64]:
    """For each that is wanted, which of the bounds is the last one not after it."""
    if not bounds.upper.any() and not wanted.upper.any():
        return np.searchsorted(bounds.lower, wanted.lower, side="right").astype(np.int64) - 1
    both = Bounds(np.concatenate([bounds.upper, wanted.upper]), np.concatenate([bounds.lower, wanted.lower]))
    is_wanted = np.zeros(len(both), np.uint8)
    is_wanted[len(bounds) :] = 1
    order = np.lexsort((is_wanted, both.lower, both.upper))
    ranks = np.cumsum(is_wanted[order] == 0) - 1
    found = np.empty(len(both), np.int64)
    found[order] = ranks
    return found[len(bounds) :]


def _merged(bounds: Bounds, value: NDArray[np.uint32]) -> Intervals:
    """Without bounds between equal values."""
    is_new = np.ones(len(value), bool)
    is_new[1:] = value[1:] != value[:-1]
    return Intervals(bounds.take(is_new), value[is_new])


def _swept(
    start: NDArray[np.int64], end: NDArray[np.int64], value: NDArray[np.uint32], limit: int
) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    """Where a value begins, and which, of prefixes sorted by start, the widest first; nothing begins at the limit."""
    at, said = np.zeros(2 * len(value) + 1, np.int64), np.zeros(2 * len(value) + 1, np.uint32)
    arrays: tuple[Any, ...] = (start, end, value, at, said, np.zeros(130, np.int64), np.zeros(130, np.int64))
    sweep: Any = _sweep
    if len(value) >= _MANY and jit.is_there():
        count = jit.compiled(sweep)(*arrays, limit)
    else:
        count = sweep(*(memoryview(each) for each in arrays), limit)
    return at[:count], said[:count]


@jit.kernel
def _sweep(start: Any, end: Any, value: Any, at: Any, said: Any, ends: Any, values: Any, limit: int) -> int:
    """Fill `at` and `said`; how many there are.  Prefixes nest or are apart: `ends` and `values` are those around."""
    depth = 0
    count = 1
    for each in range(len(start) + 1):
        until = start[each] if each < len(start) else limit
        while depth > 0 and ends[depth - 1] <= until:
            over = ends[depth - 1]
            while depth > 0 and ends[depth - 1] <= over:
                depth -= 1
            if over < limit:
                count = _begin(at, said, count, over, values[depth - 1] if depth > 0 else 0)
        if each < len(start):
            count = _begin(at, said, count, until, value[each] + 0)
            ends[depth] = end[each]
            values[depth] = value[each]
            depth += 1
    return count


@jit.kernel
def _begin(at: Any, said: Any, count: int, place: int, value: int) -> int:
    """Let a value begin here, unless it goes on; what began here before is nothing.  How many there are now."""
    if at[count - 1] == place:
        count -= 1
    if count > 0 and said[count - 1] == value:
        return count
    at[count] = place
    said[count] = value
    return count + 1
