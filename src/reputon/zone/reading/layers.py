"""Layers: a list whose entries say several things, as several lists whose entries say one thing each.

rbldnsd has one A record, one text and one TTL for an entry.  Where an entry says nothing in a layer, but lies within
one that does, it is excluded there, so that the longest prefix wins in each layer as it does in the whole.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reputon.zone.content import EXCLUDED, OF_ZONE, Content, Covers, Dataset

CHUNK = 1 << 16
Entry = tuple[int, int, int]  # first address, length, value


@dataclass(frozen=True, slots=True)
class Layer:
    """What the values of a zone say in one layer: for the index of each that says something, its code and text."""

    ttl: int
    says: Mapping[int, tuple[str, str]]
    is_first: bool


def layers(content: Content, dataset: Dataset) -> list[Layer]:
    """As many as its values need; the first also has all that is excluded."""
    found: dict[tuple[int, int], dict[int, tuple[str, str]]] = {}
    for index in sorted({*dataset.value4, *dataset.value6, *dataset.value_of_name}):
        value = content.values[index]
        ttl = content.ttl if value.ttl == OF_ZONE else value.ttl
        for depth in range(max(len(value.codes), len(value.texts))):
            code = value.codes[min(depth, len(value.codes) - 1)]
            text = value.texts[depth] if depth < len(value.texts) else ""
            found.setdefault((depth, ttl), {})[index] = (code, text)
    made = [Layer(ttl, says, not at) for at, ((_, ttl), says) in enumerate(sorted(found.items()))]
    return made or [Layer(content.ttl, {}, True)]


def entries4(dataset: Dataset) -> Iterator[Entry]:
    """The IPv4 prefixes in their order, those around others first."""
    first, length = np.frombuffer(dataset.first4, np.uint32), np.frombuffer(dataset.length4, np.uint8)
    value = np.frombuffer(dataset.value4, np.uint32)
    for at in _chunks(np.lexsort((length, first))):
        yield from zip(first[at].tolist(), length[at].tolist(), value[at].tolist(), strict=True)


def entries6(dataset: Dataset) -> Iterator[Entry]:
    """The IPv6 prefixes likewise."""
    halves, length = np.frombuffer(dataset.first6, np.uint64), np.frombuffer(dataset.length6, np.uint8)
    value, upper, lower = np.frombuffer(dataset.value6, np.uint32), halves[0::2], halves[1::2]
    for at in _chunks(np.lexsort((length, lower, upper))):
        firsts = (high << 64 | low for high, low in zip(upper[at].tolist(), lower[at].tolist(), strict=True))
        yield from zip(firsts, length[at].tolist(), value[at].tolist(), strict=True)


def _chunks(order: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    """Numbers become Python's many at a time, which is much faster, but not all, which would not fit."""
    for start in range(0, len(order), CHUNK):
        yield order[start : start + CHUNK]


def of_prefixes(layer: Layer, entries: Iterator[Entry], bits: int) -> Iterator[Entry]:
    """Those that a layer has, for addresses of 32 or 128 bits; some that say something elsewhere are excluded here."""
    around: list[tuple[int, bool]] = []  # the last address, and whether it is listed
    for first, length, value in entries:
        while around and around[-1][0] < first:
            around.pop()
        is_listed = value in layer.says
        if not is_listed and not (around and around[-1][1]) and not (layer.is_first and value == EXCLUDED):
            continue
        if length < bits:
            around.append((first | (1 << bits - length) - 1, is_listed))
        yield first, length, value if is_listed else EXCLUDED


def of_names(layer: Layer, dataset: Dataset, *, alone: bool) -> Iterator[tuple[str, Covers, int]]:
    """Its names likewise; `alone`: there is no other layer."""
    wide: set[str] = set()
    if not alone:
        wide = {name for name, covers, value in _names(dataset) if covers & Covers.BELOW and value in layer.says}
    for name, covers, value in _names(dataset):
        is_listed = value in layer.says
        if is_listed or (layer.is_first and value == EXCLUDED) or any(above in wide for above in _above(name)):
            yield name, Covers(covers), value if is_listed else EXCLUDED


def _names(dataset: Dataset) -> Iterator[tuple[str, int, int]]:
    return zip(dataset.names, dataset.covers, dataset.value_of_name, strict=True)


def _above(name: str) -> Iterator[str]:
    while "." in name:
        name = name.partition(".")[2]
        yield name
