"""Comparing: what came, went and changed between two tables, as prefixes and names."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from reputon.zone.content import EXCLUDED
from reputon.zone.dump.entries import Meaning, Name, meanings, names, spelled
from reputon.zone.dump.spans import VERSIONS, Spans, intervals, prefixes, spans
from reputon.zone.flat import Bounds, Intervals, overlay
from reputon.zone.table import Table


class Kind(StrEnum):
    """What became of an entry."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


_ORDER = tuple(Kind)


@dataclass(frozen=True, slots=True)
class Difference:
    """An entry that is not the same: what it said, and what it says; None: nothing."""

    kind: Kind
    subject: str
    before: Meaning | None
    after: Meaning | None


@dataclass(frozen=True, slots=True)
class Compared:
    """One zone in two tables.  `ranges`: how many ranges of addresses, and `names`: how many names, by kind."""

    apex: str
    ranges: dict[Kind, int]
    addresses: dict[Kind, int]
    names: dict[Kind, int]
    _found: Sequence["_Ranges"]
    _named: Sequence[Difference]

    def __len__(self) -> int:
        return sum(self.ranges.values()) + sum(self.names.values())

    def differences(self) -> Iterator[Difference]:
        """Prefixes in order, then names."""
        for each in self._found:
            yield from each.differences()
        yield from self._named


def compare(old: Table, new: Table) -> Iterator[Compared]:
    """Zone by zone; one that is in one table only has come or gone with all of its entries."""
    rows_old, rows_new = ({each.apex: row for row, each in enumerate(table.zones)} for table in (old, new))
    for apex in sorted({*rows_old, *rows_new}):
        yield _compare(apex, _Side.of(old, rows_old.get(apex)), _Side.of(new, rows_new.get(apex)))


@dataclass(frozen=True, slots=True)
class _Side:
    """One table's zone; without a table it says nothing."""

    table: Table | None
    row: int
    meanings: Sequence[Meaning | None]

    @classmethod
    def of(cls, table: Table, row: int | None) -> "_Side":
        return cls(None, 0, [None]) if row is None else cls(table, row, [None, *meanings(table, row)[1:]])

    def intervals(self, version: int) -> Intervals:
        """What it says of every address."""
        if self.table is None:
            empty = np.zeros(1, np.uint64)
            return Intervals(Bounds(empty, empty), np.zeros(1, np.uint32))
        return intervals(self.table, self.row, version)

    def names(self) -> dict[str, Name]:
        """Its names."""
        return {each.owner: each for each in names(self.table, self.row)} if self.table else {}


@dataclass(frozen=True, slots=True)
class _Ranges:
    """Ranges whose value is an index into `pairs`: what they said and say."""

    spans: Spans
    pairs: Sequence[tuple[Meaning | None, Meaning | None]]

    def differences(self) -> Iterator[Difference]:
        for subject, value in prefixes(self.spans):
            before, after = self.pairs[value]
            yield Difference(_kind(before, after), subject, before, after)

    def by_kind(self) -> Iterator[tuple[Kind, Spans]]:
        kinds = np.array([_ORDER.index(_kind(*each)) for each in self.pairs], np.int64)[self.spans.value]
        for at, kind in enumerate(_ORDER):
            yield kind, self.spans.take(kinds == at)


def _compare(apex: str, old: _Side, new: _Side) -> Compared:
    found = [_ranges(old, new, version) for version in VERSIONS]
    named = list(_names(old, new))
    ranges, addresses, of_names = (dict.fromkeys(Kind, 0) for _ in range(3))
    for each in found:
        for kind, same in each.by_kind():
            ranges[kind] += len(same)
            addresses[kind] += same.addresses()
    for difference in named:
        of_names[difference.kind] += 1
    return Compared(apex, ranges, addresses, of_names, found, named)


def _ranges(old: _Side, new: _Side, version: int) -> _Ranges:
    """Where the two do not say the same.  The values of both are numbered apart, and met pairs after them."""
    begin = len(old.meanings)
    pairs: list[tuple[Meaning | None, Meaning | None]] = [(each, None) for each in old.meanings]
    pairs += [(None, each) for each in new.meanings]

    def combine(several: Sequence[int]) -> int:
        before, after = (pairs[each][side] for each, side in zip(several, (0, 1), strict=True))
        if before == after:
            return EXCLUDED
        pairs.append((before, after))
        return len(pairs) - 1

    said = new.intervals(version)
    moved = Intervals(said.first, _moved(said.value, begin))
    return _Ranges(spans(overlay([old.intervals(version), moved], combine), version), pairs)


def _moved(value: NDArray[np.uint32], by: int) -> NDArray[np.uint32]:
    return np.where(value == EXCLUDED, EXCLUDED, value + np.uint32(by)).astype(np.uint32)


def _names(old: _Side, new: _Side) -> Iterator[Difference]:
    before, after = old.names(), new.names()
    for owner in sorted({*before, *after}):
        was = {subject: old.meanings[value] for subject, value in _spelled(before.get(owner))}
        says = {subject: new.meanings[value] for subject, value in _spelled(after.get(owner))}
        for subject in sorted({*was, *says}):
            if was.get(subject) != says.get(subject):
                yield Difference(
                    _kind(was.get(subject), says.get(subject)), subject, was.get(subject), says.get(subject)
                )


def _spelled(name: Name | None) -> Iterator[tuple[str, int]]:
    return spelled(name) if name else iter(())


def _kind(before: Meaning | None, after: Meaning | None) -> Kind:
    if before is None:
        return Kind.ADDED
    return Kind.REMOVED if after is None else Kind.CHANGED
