"""Aligned: ranges of addresses as blocks that end at a label, which is what an owner in a zone can say."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reputon.zone.content import ContentError

OCTET, NIBBLE = 8, 4  # bits of a label
LABELS = {4: 4, 6: 32}  # of a whole address
MOST_BLOCKS = 20_000_000

U64 = NDArray[np.uint64]
_LONGEST = np.uint64(0xFFFF_FFFF_FFFF_FFFF)


@dataclass(frozen=True, slots=True)
class Blocks:
    """Blocks of one size, each of which one owner says: `*` and `labels` labels, or the labels of a whole address.

    `upper` and `lower` are the halves of the first address (of IPv4 the lower half alone); `value` as in the table.
    """

    version: int
    labels: int
    upper: U64
    lower: U64
    value: NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.value)

    @property
    def is_whole(self) -> bool:
        """Whether these are addresses and no wildcards."""
        return self.labels == LABELS[self.version]

    def take(self, which: NDArray[Any]) -> "Blocks":
        """Those of a mask or of indices."""
        return Blocks(self.version, self.labels, self.upper[which], self.lower[which], self.value[which])


def blocks4(first: U64, last: U64, value: NDArray[np.uint32]) -> list[Blocks]:
    """The fewest blocks that are these ranges of IPv4 addresses; both ends included.  ContentError: too many."""
    found = []
    for level, number, which in _split(first, last, OCTET, 4):
        lower = number << np.uint64(OCTET * level)
        found.append(Blocks(4, 4 - level, np.zeros(len(lower), np.uint64), lower, value[which]))
    return found


def blocks6(first: tuple[U64, U64], last: tuple[U64, U64], value: NDArray[np.uint32]) -> list[Blocks]:
    """As `blocks4`, of IPv6 addresses as (upper, lower): whole /64 by their upper halves, what is left by the lower."""
    (upper, lower), (to_upper, to_lower) = first, last
    is_one = upper == to_upper
    begins, ends = lower != 0, to_lower != _LONGEST
    cut = begins.astype(np.uint64) + ends.astype(np.uint64)  # of the /64 at both ends, how many are not whole
    whole = np.flatnonzero(to_upper - upper >= cut)
    from_upper, last_upper = upper[whole] + begins[whole], to_upper[whole] - ends[whole]
    found = []
    for level, number, which in _split(from_upper, last_upper, NIBBLE, 16):
        moved = number << np.uint64(NIBBLE * level) if level < 16 else number
        found.append(Blocks(6, 16 - level, moved, np.zeros(len(moved), np.uint64), value[whole[which]]))
    head = np.flatnonzero(begins)
    tail = np.flatnonzero(ends & (~is_one | ~begins))
    inside = np.concatenate([head, tail])
    of = np.concatenate([upper[head], to_upper[tail]])
    low = np.concatenate([lower[head], np.zeros(len(tail), np.uint64)])
    high = np.concatenate([np.where(is_one[head], to_lower[head], _LONGEST), to_lower[tail]])
    for level, number, which in _split(low, high, NIBBLE, 16):
        found.append(Blocks(6, 32 - level, of[which], number << np.uint64(NIBBLE * level), value[inside[which]]))
    return found


def children(blocks: Blocks) -> Blocks:
    """The same addresses in blocks of one label more."""
    bits = OCTET if blocks.version == 4 else NIBBLE
    width = LABELS[blocks.version] * bits
    shift = width - bits * (blocks.labels + 1)
    each = np.tile(np.arange(1 << bits, dtype=np.uint64), len(blocks))
    wide = blocks.take(np.repeat(np.arange(len(blocks)), 1 << bits))
    upper, lower = wide.upper, wide.lower
    if shift >= 64:
        upper = upper | each << np.uint64(shift - 64)
    else:
        lower = lower | each << np.uint64(shift)
    return Blocks(blocks.version, blocks.labels + 1, upper, lower, wide.value)


def gathered(parts: list[Blocks]) -> list[Blocks]:
    """Those of one size together, in the order of their addresses; the widest first."""
    found = []
    for version, labels in sorted({(each.version, each.labels) for each in parts if len(each)}):
        same = [each for each in parts if (each.version, each.labels) == (version, labels)]
        upper, lower, value = (
            np.concatenate([getattr(each, part) for each in same]) for part in ("upper", "lower", "value")
        )
        order = np.lexsort((lower, upper)) if version == 6 else np.argsort(lower, kind="stable")
        found.append(Blocks(version, labels, upper[order], lower[order], value[order]))
    return found


def _split(first: U64, last: U64, bits: int, levels: int) -> Iterator[tuple[int, U64, NDArray[np.int64]]]:
    """(level, numbers in units of this level, which range they are of), from single numbers up to everything."""
    ones, shift = np.uint64((1 << bits) - 1), np.uint64(bits)
    which = np.arange(len(first))
    for level in range(levels):
        begins, ends = (first & ones) != 0, (last & ones) != ones
        above, end = (first >> shift) + begins, (last >> shift) + ~ends  # ranges of the next level, `end` excluded
        is_tail = ends & (((first >> shift) != (last >> shift)) | ~begins)
        low = np.concatenate([first[begins], np.maximum(first, last & ~ones)[is_tail]])
        high = np.concatenate([np.minimum(last, first | ones)[begins], last[is_tail]])
        if len(low):
            yield (level, *_counted(low, high, np.concatenate([which[begins], which[is_tail]])))
        left = above < end
        first, last, which = above[left], end[left] - np.uint64(1), which[left]
    if len(first):
        yield levels, first, which


def _counted(low: U64, high: U64, which: NDArray[np.int64]) -> tuple[U64, NDArray[np.int64]]:
    """Every number of short ranges."""
    counts = (high - low).astype(np.int64) + 1
    total = int(counts.sum())
    if total > MOST_BLOCKS:
        raise ContentError(
            f"the ranges are {total:,} wildcards and addresses, more than {MOST_BLOCKS:,}: leave out exceptions of "
            "wide prefixes, or let secondaries have the compiled table"
        )
    of = np.repeat(np.arange(len(low)), counts)
    before = np.cumsum(counts) - counts
    return low[of] + (np.arange(total) - before[of]).astype(np.uint64), which[of]
