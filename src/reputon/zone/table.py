"""Table: what DNS answers, compiled: several zones in flat arrays, which a lookup reads as they lie in a file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reputon.zone import names, rdata
from reputon.zone.content import (
    EXCLUDED,
    FOREVER,
    LONGEST_TEXT,
    LONGEST_TTL,
    MOST_CODES,
    MOST_TEXTS,
    Content,
    ContentError,
    Dataset,
    Value,
)  # fmt: skip
from reputon.zone.flat import Bounds, Intervals, flatten, overlay
from reputon.zone.kernel import jit
from reputon.zone.kernel.hashing import hash_of, put, slot_of, slots_for
from reputon.zone.kernel.layout import (
    INDEX_SIZE,
    NODE_COLUMNS,
    NOWHERE,
    SUBJECT,
    VALUE_COLUMNS,
    ZONE_COLUMNS,
    Arrays,
)  # fmt: skip

_MANY = 50_000  # names, from which compiling the hashing pays
_WORD = np.uint64(0xFFFF_FFFF)
_END4 = np.uint64(1 << 32)


@dataclass(frozen=True, slots=True)
class ZoneOf:
    """What is known of one zone of a table beside its arrays: for people, and for transfers."""

    apex: str
    serial: int
    entries: int


@dataclass(frozen=True, slots=True)
class Table:
    """Several zones; made by `compile_zones` or opened from a file, never changed."""

    arrays: Arrays
    zones: tuple[ZoneOf, ...]
    made: int = 0  # Unix seconds


def compile_zones(contents: Sequence[Content], made: int = 0, seed: int = 0x811C9DC5) -> Table:
    """The table of these zones; ContentError where one cannot be served.  `seed` should be random in a server."""
    apexes = [each.apex.rstrip(".").lower() for each in contents]
    if len(set(apexes)) < len(apexes):
        raise ContentError("two zones have one name: give each its own")
    building = _Building(seed)
    for content in contents:
        building.add(content)
    told = (ZoneOf(apex, each.soa.serial, len(each)) for apex, each in zip(apexes, contents, strict=True))
    return Table(building.arrays(), tuple(told), made)


class _Building:
    """The arrays of a table while they grow."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._blob = bytearray()
        self._interned: dict[bytes, int] = {}
        self._zones: list[list[int]] = []
        self._parts: dict[str, list[NDArray[Any]]] = {each: [] for each in Arrays._fields}
        self._sizes: dict[str, int] = dict.fromkeys(Arrays._fields, 0)
        self._push("values", np.zeros((1, VALUE_COLUMNS), np.uint32))

    def add(self, content: Content) -> None:
        """One zone more."""
        values, first_value = list(content.values), self._sizes["values"] - 1  # the excluded one is everybody's

        @cache
        def united(several: tuple[int, ...]) -> int:
            values.append(_union([values[each] for each in several], content.ttl))
            return len(values) - 1

        def combine(several: Sequence[int]) -> int:
            return united(tuple(several))

        index4 = self._add4(_intervals(content.datasets, 4, combine), first_value)
        index6 = self._add6(_intervals(content.datasets, 6, combine), first_value)
        nodes = names.gather(content.datasets, list(rdata.records(content)), combine)
        node, slots, mask = self._add_names(nodes, first_value)
        apex = names.wire(content.apex.rstrip(".")) + b"\0"
        if len(apex) == 1:
            raise ContentError("the root is no list: give the zone a name")
        negative = min(content.soa.ttl, content.soa.minimum)
        soa = rdata.start(content, negative)
        self._zones.append([
            self._put(apex), len(apex), index4, index6, node, slots, mask, self._seed, content.ttl, negative,
            self._put(soa), len(soa), content.stale, int(len(nodes) > 1 or bool(nodes[b""].below)),
        ])  # fmt: skip
        self._add_values(values[1:])

    def arrays(self) -> Arrays:
        """What was gathered, read only."""
        self._push("zones", np.array(self._zones, np.int64).reshape(-1, ZONE_COLUMNS))
        self._push("zone_slots", self._zone_slots())
        self._push("blob", np.frombuffer(bytes(self._blob), np.uint8))
        columns = {"first6": 4, "nodes": NODE_COLUMNS}
        found = {}
        for name, parts in self._parts.items():
            shape = (0, columns[name]) if name in columns else 0
            empty = np.zeros(shape, np.uint16 if name == "first4" else np.uint32)
            found[name] = np.ascontiguousarray(np.concatenate(parts) if parts else empty)
            found[name].flags.writeable = False
        return Arrays(**found)

    def _push(self, name: str, part: NDArray[Any]) -> int:
        """Put rows at the end of an array; where they begin."""
        begin = self._sizes[name]
        self._parts[name].append(part)
        self._sizes[name] += len(part)
        return begin

    def _put(self, data: bytes) -> int:
        """Where these bytes lie in the blob."""
        at = self._interned.get(data)
        if at is None:
            at = self._interned[data] = len(self._blob)
            self._blob += data
        return at

    def _add4(self, intervals: Intervals | None, first_value: int) -> int:
        if intervals is None:
            return NOWHERE
        inside = intervals.first.lower < _END4
        first, value = intervals.first.lower[inside].astype(np.int64), _moved(intervals.value[inside], first_value)
        # The first interval of each of the 65,536 parts begins with it, so that a search stays within a part.
        starts = np.arange(INDEX_SIZE - 1, dtype=np.int64) << 16
        before = np.searchsorted(first, starts, side="right") - 1
        lacks = first[before] != starts
        at = before[lacks] + 1
        first, value = np.insert(first, at, starts[lacks]), np.insert(value, at, value[before[lacks]])
        begin = self._push("first4", (first & 0xFFFF).astype(np.uint16))
        self._push("value4", value)
        index = np.searchsorted(first, np.arange(INDEX_SIZE, dtype=np.int64) << 16) + begin
        return self._push("index4", index.astype(np.uint32))

    def _add6(self, intervals: Intervals | None, first_value: int) -> int:
        if intervals is None:
            return NOWHERE
        upper, lower = intervals.first.upper, intervals.first.lower
        half = np.uint64(32)
        words = np.stack([upper >> half, upper & _WORD, lower >> half, lower & _WORD], axis=1).astype(np.uint32)
        begin = self._push("first6", words)
        self._push("value6", _moved(intervals.value, first_value))
        parts = np.arange(INDEX_SIZE - 1, dtype=np.uint64) << np.uint64(48)
        # Beginning at or before the part's first address: its lower half is 0.
        at = np.searchsorted(upper, parts, side="left")
        exactly = (upper[np.minimum(at, len(upper) - 1)] == parts) & (lower[np.minimum(at, len(upper) - 1)] == 0)
        index = np.append(np.where(exactly, at, at - 1), len(upper) - 1) + begin
        return self._push("index6", index.astype(np.uint32))

    def _add_names(self, nodes: dict[bytes, names.Node], first_value: int) -> tuple[int, int, int]:
        rows = np.zeros((len(nodes), NODE_COLUMNS), np.uint32)
        for row, (owner, node) in enumerate(nodes.items()):
            records = sorted(set(node.records))  # no set of records has one twice (RFC 2181 section 5)
            rows[row] = (
                hash_of(owner, self._seed), self._put(owner), len(owner), _one_moved(node.self_, first_value),
                _one_moved(node.below, first_value), self._put(b"".join(records)), len(records), node.exists,
            )  # fmt: skip
        begin = self._sizes["nodes"]
        slots = np.zeros(slots_for(len(nodes)), np.uint32)
        into = jit.compiled(put) if len(nodes) >= _MANY and jit.is_there() else put
        into(rows, slots, 0, len(slots) - 1, 0, len(rows))
        slots[slots != 0] += np.uint32(begin)
        return self._push("nodes", rows), self._push("slots", slots), len(slots) - 1

    def _add_values(self, values: Iterable[Value]) -> None:
        rows = [self._value(each) for each in values]
        self._push("values", np.array(rows, np.uint32).reshape(-1, VALUE_COLUMNS))

    def _value(self, value: Value) -> tuple[int, ...]:
        codes = list(dict.fromkeys(map(_code, value.codes)))
        texts = list(dict.fromkeys(map(_template, value.texts)))
        if not 1 <= len(codes) <= MOST_CODES or len(texts) > MOST_TEXTS:
            raise ContentError(f"an entry has 1 to {MOST_CODES} codes and at most {MOST_TEXTS} texts")
        if not 0 <= value.ttl <= LONGEST_TTL or not 0 <= value.expires < 1 << 32:
            raise ContentError(f"an entry's TTL {value.ttl} or end {value.expires} is out of range: write seconds")
        return (
            self._put(b"".join(codes)), len(codes), self._put(b"".join(texts)), len(texts), value.ttl, value.expires,
        )  # fmt: skip

    def _zone_slots(self) -> NDArray[np.int32]:
        slots = np.full(slots_for(len(self._zones)), NOWHERE, np.int32)
        for row, zone in enumerate(self._zones):
            name = bytes(self._blob[zone[0] : zone[0] + zone[1] - 1])
            at = slot_of(hash_of(name, self._seed), len(slots) - 1)
            while slots[at] != NOWHERE:
                at = (at + 1) & (len(slots) - 1)
            slots[at] = row
        return slots


def _moved(value: NDArray[np.uint32], by: int) -> NDArray[np.uint32]:
    """Indices of a zone's values to those of the table's; the excluded one stays."""
    return np.where(value == EXCLUDED, 0, value + np.uint32(by)).astype(np.uint32)


def _one_moved(value: int, by: int) -> int:
    return value and value + by


def _intervals(datasets: Iterable[Dataset], version: int, combine: names.Combine) -> Intervals | None:
    """The intervals of all lists of a zone; None where none has such addresses."""
    found = [
        flatten(first, length, np.frombuffer(value, np.uint32), combine)
        for first, length, value in (_prefixes4(each) if version == 4 else _prefixes6(each) for each in datasets)
        if len(value)
    ]
    return overlay(found, combine) if found else None


def _prefixes4(dataset: Dataset) -> tuple[Bounds, NDArray[np.uint8], Any]:
    lower = np.frombuffer(dataset.first4, np.uint32).astype(np.uint64)
    length = np.frombuffer(dataset.length4, np.uint8) + np.uint8(96)
    return Bounds(np.zeros(len(lower), np.uint64), lower), length, dataset.value4


def _prefixes6(dataset: Dataset) -> tuple[Bounds, NDArray[np.uint8], Any]:
    halves = np.frombuffer(dataset.first6, np.uint64).reshape(-1, 2)
    return Bounds(halves[:, 0], halves[:, 1]), np.frombuffer(dataset.length6, np.uint8), dataset.value6


def _union(values: Sequence[Value], zone_ttl: int) -> Value:
    """What several values say at once; it ends with the first of them, and is then made anew."""
    ends = [each.expires for each in values if each.expires != FOREVER]
    return Value(
        tuple(dict.fromkeys(code for each in values for code in each.codes))[:MOST_CODES],
        tuple(dict.fromkeys(text for each in values for text in each.texts))[:MOST_TEXTS],
        min(each.ttl or zone_ttl for each in values),
        min(ends, default=FOREVER),
    )


def _code(text: str) -> bytes:
    try:
        return IPv4Address(text).packed
    except ValueError:
        raise ContentError(f"{text!r} is no return code: write an IPv4 address as 127.0.0.2") from None


def _template(text: str) -> bytes:
    """Its length, and the template with SUBJECT for each `$`."""
    raw = text.encode("utf-8", "surrogateescape").replace(bytes((SUBJECT,)), b" ")
    whole = b"$".join(each.replace(b"$", bytes((SUBJECT,))) for each in raw.split(b"$$"))
    if len(whole) > LONGEST_TEXT:
        raise ContentError(f"the text {text[:40]!r}... is longer than {LONGEST_TEXT} bytes")
    return len(whole).to_bytes(2, "big") + whole
