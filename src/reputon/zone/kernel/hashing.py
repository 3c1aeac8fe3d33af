"""Hashing: names in tables with open addressing; the same hash when a table is made and when it is asked."""

from typing import Any

from reputon.zone.kernel import jit
from reputon.zone.kernel.layout import HASH

_PRIME = 0x01000193  # FNV-1a's, of 32 bits; the seed of each table keeps chosen names from meeting
_MASK = 0xFFFF_FFFF


@jit.kernel
def mix(state: int, byte: int) -> int:
    """The hash with one more byte."""
    return ((state ^ byte) * _PRIME) & _MASK


@jit.kernel
def slot_of(state: int, mask: int) -> int:
    """Where a table of `mask` + 1 slots is looked into first: the low bits of FNV alone know little."""
    return (state ^ (state >> 15)) & mask


def hash_of(wire: bytes, seed: int) -> int:
    """The hash of a name in wire format, without its root: label by label from the root's side."""
    state = seed
    for label in reversed(labels_of(wire)):
        for byte in label:
            state = mix(state, byte)
    return state


def labels_of(wire: bytes) -> list[bytes]:
    """The labels, each with its length before it."""
    found, at = [], 0
    while at < len(wire) and wire[at]:
        found.append(wire[at : at + wire[at] + 1])
        at += wire[at] + 1
    return found


def slots_for(count: int) -> int:
    """A power of two that is at most half full."""
    return 1 << max(1, count * 2 - 1).bit_length()


@jit.kernel
def put(nodes: Any, slots: Any, base: int, mask: int, first: int, last: int) -> None:
    """Put the nodes from `first` to before `last` into the slots from `base`."""
    for node in range(first, last):
        at = slot_of(nodes[node, HASH] + 0, mask)
        while slots[base + at] != 0:
            at = (at + 1) & mask
        slots[base + at] = node + 1
