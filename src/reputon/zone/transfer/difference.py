"""Difference: which records went and which came between two tables of a zone, for IXFR."""

import hashlib
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from reputon.zone.dump.aligned import Blocks
from reputon.zone.dump.blocks import zone_blocks
from reputon.zone.dump.named import zone_names
from reputon.zone.dump.records import said_by
from reputon.zone.kernel import layout
from reputon.zone.table import Table
from reputon.zone.transfer.items import Item, Wordings, of_blocks, of_name, zone_ttl
from reputon.zone.transfer.messages import Step, soa_of


def difference(old: Table, old_row: int, new: Table, new_row: int) -> Step | None:
    """What changed; None where telling it would be no shorter than the zone (RFC 1995 section 2)."""
    known: dict[bytes, int] = {}
    before, after = _View(old, old_row, known), _View(new, new_row, known)
    deleted, added = before.without(after), after.without(before)
    if sum(map(len, (*deleted, *added))) > after.entries:
        return None  # before a text is made for each of them
    gone, come = before.items(deleted), after.items(added)
    _add_names(before, after, gone, come)
    step = Step(
        old.zones[old_row].serial, new.zones[new_row].serial, soa_of(old, old_row), soa_of(new, new_row),
        _only(gone, come), _only(come, gone),
    )  # fmt: skip
    return step if step.count() <= after.records() else None


class _View:
    """One table's zone; `known` gives what its values say the same numbers in both tables."""

    def __init__(self, table: Table, row: int, known: dict[bytes, int]) -> None:
        self._table, self._row = table, row
        self._said = said_by(table, row)
        self._wording = Wordings(self._said)
        self._blocks = {(each.version, each.labels): each for each in zone_blocks(table, row, table.made)}
        self.entries = sum(map(len, self._blocks.values())) + len(table.arrays.nodes)
        self._same = np.zeros(len(table.arrays.values), np.uint32)
        used = np.zeros(len(self._same), bool)
        for each in self._blocks.values():
            used[each.value] = True
        for value in np.flatnonzero(used).tolist():
            # A digest, since a million values may each have a text of their own.
            said = self._said[value]
            text = repr((said.codes, said.templates, said.ttl))
            digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
            self._same[value] = known.setdefault(digest, len(known))

    def without(self, other: "_View") -> list[Blocks]:
        """The blocks that the other one does not have."""
        return [each.take(~_is_in(self._alike(size), other._alike(size))) for size, each in self._blocks.items()]

    def items(self, parts: Iterable[Blocks]) -> dict[bytes, tuple[bytes, ...]]:
        """The records of some blocks."""
        return {owner: records for each in parts for owner, records in of_blocks(each, self._wording)}

    def names(self) -> Iterator[Item]:
        """The items of the names."""
        for named in zone_names(self._table, self._row, self._table.made):
            yield from of_name(named, self._wording, zone_ttl(self._table.arrays, self._row))

    def records(self) -> int:
        """How many records the zone has, about: those of addresses, and a node's two."""
        values = self._table.arrays.values
        counts = values[:, layout.CODE_COUNT].astype(np.int64) + values[:, layout.TEXT_COUNT]
        return 2 * len(self._table.arrays.nodes) + sum(int(counts[each.value].sum()) for each in self._blocks.values())

    def _alike(self, size: tuple[int, int]) -> Blocks:
        """The blocks of a size, with the numbers of both tables as values."""
        empty = np.zeros(0, np.uint64)
        each = self._blocks.get(size) or Blocks(*size, empty, empty, np.zeros(0, np.uint32))
        return Blocks(*size, each.upper, each.lower, self._same[each.value])


def _is_in(blocks: Blocks, other: Blocks) -> NDArray[np.bool_]:
    """Which blocks are among the others; both are in order."""
    if not len(other):
        return np.zeros(len(blocks), bool)
    if blocks.version == 4:
        keys, others = (each.lower << np.uint64(32) | each.value for each in (blocks, other))
        at = np.minimum(np.searchsorted(others, keys), len(others) - 1)
        return np.asarray(others[at] == keys)
    upper, lower, value = (
        np.concatenate([getattr(blocks, part), getattr(other, part)]) for part in ("upper", "lower", "value")
    )
    order = np.lexsort((value, lower, upper))
    same = np.ones(len(order) - 1, bool)
    for part in (upper, lower, value):
        same &= part[order[1:]] == part[order[:-1]]
    found = np.zeros(len(order), bool)
    found[order[1:][same]] = True
    found[order[:-1][same]] = True
    return found[: len(blocks)]


def _add_names(
    before: _View, after: _View, gone: dict[bytes, tuple[bytes, ...]], come: dict[bytes, tuple[bytes, ...]]
) -> None:
    """Add the names whose records changed."""
    old = dict(before.names())
    for owner, records in after.names():
        was = old.pop(owner, ())
        if was != records:
            come[owner] = come.get(owner, ()) + records
            gone[owner] = gone.get(owner, ()) + was
    for owner, was in old.items():
        gone[owner] = gone.get(owner, ()) + was


def _only(items: dict[bytes, tuple[bytes, ...]], other: dict[bytes, tuple[bytes, ...]]) -> tuple[Item, ...]:
    """The items without the records that the other has as well: a text may stay where a code changes."""
    found = []
    for owner, records in items.items():
        kept = set(other.get(owner, ()))
        left = tuple(each for each in records if each not in kept)
        if left:
            found.append((owner, left))
    return tuple(found)
