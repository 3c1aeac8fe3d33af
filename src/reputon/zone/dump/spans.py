"""Spans: the listed addresses of a compiled zone as ranges, and ranges as the prefixes that people read."""

from collections.abc import Iterator
from dataclasses import dataclass
from socket import AF_INET6, inet_ntop
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reputon.zone.content import EXCLUDED
from reputon.zone.dump.blocks import intervals4, intervals6
from reputon.zone.flat import Bounds, Intervals
from reputon.zone.table import Table

CHUNK = 1 << 16  # ranges that are turned into text at once
VERSIONS = (4, 6)
_LAST4 = (1 << 32) - 1
_LAST6 = (1 << 128) - 1
_ONE = np.uint64(1)


@dataclass(frozen=True, slots=True)
class Spans:
    """Ranges in order, both ends included, each with one value; neighbours that touch have different ones."""

    version: int
    first: Bounds
    last: Bounds
    value: NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.value)

    def take(self, which: NDArray[Any] | slice) -> "Spans":
        """Those of a mask or of a slice."""
        first, last = (Bounds(each.upper[which], each.lower[which]) for each in (self.first, self.last))
        return Spans(self.version, first, last, self.value[which])

    def addresses(self) -> int:
        """How many addresses these are."""
        upper = (self.last.upper - self.first.upper).astype(object).sum() if self.version == 6 else 0
        lower = (self.last.lower - self.first.lower if self.version == 4 else _halves(self)).sum()
        return (int(upper) << 64) + int(lower) + len(self)

    def has(self, address: int) -> bool:
        """Whether an address is in one of them."""
        return self.overlap(address, address) > 0

    def overlap(self, first: int, last: int) -> int:
        """How many of them have an address from `first` to `last`."""
        return _before(self.first, last, "right") - _before(self.last, first, "left")


def intervals(table: Table, row: int, version: int) -> Intervals:
    """What a zone says of every address, in order."""
    if version == 4:
        lower, value = intervals4(table.arrays, row)
        upper = np.zeros(len(lower), np.uint64)
    else:
        upper, lower, value = intervals6(table.arrays, row)
    if not len(value):
        upper = lower = np.zeros(1, np.uint64)
        value = np.zeros(1, np.uint32)
    is_new = np.ones(len(value), bool)
    is_new[1:] = value[1:] != value[:-1]
    return Intervals(Bounds(upper[is_new], lower[is_new]), value[is_new])


def spans(said: Intervals, version: int) -> Spans:
    """The listed ones."""
    first = said.first
    end = np.array([_LAST4 if version == 4 else np.iinfo(np.uint64).max], np.uint64)
    lower = np.append(first.lower[1:] - _ONE, end)  # 0 less one is the last of the /64 before
    upper = np.append(first.upper[1:] - (first.lower[1:] == 0), end if version == 6 else np.zeros(1, np.uint64))
    return Spans(version, first, Bounds(upper, lower), said.value).take(said.value != EXCLUDED)


def prefixes(of: Spans) -> Iterator[tuple[str, int]]:
    """The fewest prefixes that are these ranges, as people write them, with their values; in order."""
    for begin in range(0, len(of), CHUNK):
        chunk = of.take(slice(begin, begin + CHUNK))
        yield from _prefixes4(chunk) if of.version == 4 else _prefixes6(chunk)


def _prefixes4(of: Spans) -> Iterator[tuple[str, int]]:
    first, size, which = _split4(of.first.lower.astype(np.int64), of.last.lower.astype(np.int64))
    for number, bits, value in zip(first.tolist(), size.tolist(), of.value[which].tolist(), strict=True):
        text = f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        yield text if not bits else f"{text}/{32 - bits}", value


def _split4(first: Any, last: Any) -> tuple[Any, Any, Any]:
    """The first addresses of prefixes, the bits that they leave open, and which range they are of."""
    which, found = np.arange(len(first)), []
    while len(first):
        # No prefix begins before the lowest bit of its first address allows, nor is longer than what is left.
        open_ = np.frexp(np.where(first == 0, 1 << 32, first & -first).astype(float))[1] - 1
        left = np.frexp((last - first + 1).astype(float))[1] - 1
        bits = np.minimum(open_, left).astype(np.int64)
        found.append((first, bits, which))
        first = first + (np.int64(1) << bits)
        goes_on = first <= last
        first, last, which = first[goes_on], last[goes_on], which[goes_on]
    starts, sizes, of = (np.concatenate(each) for each in zip(*found, strict=True))
    order = np.argsort(starts)
    return starts[order], sizes[order], of[order]


def _prefixes6(of: Spans) -> Iterator[tuple[str, int]]:
    ends = (of.first.upper, of.first.lower, of.last.upper, of.last.lower, of.value)
    for upper, lower, to_upper, to_lower, value in zip(*(each.tolist() for each in ends), strict=True):
        first, last = upper << 64 | lower, to_upper << 64 | to_lower
        while first <= last:
            bits = min((first & -first or 1 << 128).bit_length(), (last - first + 1).bit_length()) - 1
            text = inet_ntop(AF_INET6, first.to_bytes(16, "big"))
            yield text if not bits else f"{text}/{128 - bits}", value
            first += 1 << bits


def _halves(of: Spans) -> Any:
    """The lower halves' differences as whole numbers, which may be below 0."""
    return of.last.lower.astype(object) - of.first.lower.astype(object)


def _before(bounds: Bounds, address: int, side: Any) -> int:
    """How many are before an address (`left`), or not after it (`right`)."""
    upper, lower = np.uint64(address >> 64), np.uint64(address & _LAST6 >> 64)
    begin, end = (int(np.searchsorted(bounds.upper, upper, side=each)) for each in ("left", "right"))
    return begin + int(np.searchsorted(bounds.lower[begin:end], lower, side=side))
