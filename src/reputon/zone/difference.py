"""Difference: which records went and which came between two tables of a zone, for IXFR."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from reputon.zone.aligned import Blocks
from reputon.zone.blocks import zone_blocks
from reputon.zone.items import Item, Wording, of_blocks, of_name, wordings, zone_ttl
from reputon.zone.named import zone_names
from reputon.zone.records import Said, said_by
from reputon.zone.table import Table
from reputon.zone.transfer import Step, soa_of


def difference(old: Table, old_row: int, new: Table, new_row: int) -> Step | None:
    """What changed; None where telling it would be no shorter than the zone (RFC 1995 section 2)."""
    said: dict[Said, int] = {}
    before, after = _View(old, old_row, said), _View(new, new_row, said)
    deleted, added = before.without(after), after.without(before)
    if sum(map(len, (*deleted, *added))) > after.entries:
        return None  # before a text is made for each of them
    wording = wordings({value: each for each, value in said.items()})
    gone, come = _items(deleted, wording), _items(added, wording)
    _add_names(before, after, wording, gone, come)
    step = Step(
        old.zones[old_row].serial, new.zones[new_row].serial, soa_of(old, old_row), soa_of(new, new_row),
        _only(gone, come), _only(come, gone),
    )  # fmt: skip
    return step if step.count() <= after.records(wording) else None


class _View:
    """One table's zone, with values that mean the same in both tables."""

    def __init__(self, table: Table, row: int, said: dict[Said, int]) -> None:
        ids = [said.setdefault(each, len(said)) for each in said_by(table, row).values()]
        self._table, self._row, self._ids = table, row, np.array(ids, np.uint32)
        self._blocks = {
            (each.version, each.labels): Blocks(
                each.version, each.labels, each.upper, each.lower, self._ids[each.value]
            )
            for each in zone_blocks(table, row, table.made)
        }
        self.entries = sum(map(len, self._blocks.values())) + len(table.arrays.nodes)

    def without(self, other: "_View") -> list[Blocks]:
        """The blocks that the other one does not have."""
        return [_without(each, other._blocks.get(size)) for size, each in self._blocks.items()]

    def names(self, wording: dict[int, Wording]) -> Iterator[Item]:
        """The items of the names."""
        own = {value: wording[each] for value, each in enumerate(self._ids.tolist())}
        for named in zone_names(self._table, self._row, self._table.made):
            yield from of_name(named, own, zone_ttl(self._table.arrays, self._row))

    def records(self, wording: dict[int, Wording]) -> int:
        """How many records the zone has, about: those of addresses, and a node's two."""
        counts = np.array([wording[value].count for value in range(len(wording))])
        of_names = 2 * len(self._table.arrays.nodes)
        return of_names + sum(int(counts[each.value].sum()) for each in self._blocks.values())


def _without(blocks: Blocks, other: Blocks | None) -> Blocks:
    if other is None or not len(other):
        return blocks
    if blocks.version == 4:
        keys, others = (each.lower << np.uint64(32) | each.value for each in (blocks, other))
        return blocks.take(~_is_in(keys, others))
    count = len(blocks)
    upper, lower, value = (
        np.concatenate([getattr(blocks, part), getattr(other, part)]) for part in ("upper", "lower", "value")
    )
    order = np.lexsort((value, lower, upper))
    same = np.ones(len(order) - 1, bool)
    for part in (upper, lower, value):
        same &= part[order[1:]] == part[order[:-1]]
    is_there = np.zeros(len(order), bool)
    is_there[order[1:][same]] = True
    is_there[order[:-1][same]] = True
    return blocks.take(~is_there[:count])


def _is_in(keys: NDArray[np.uint64], others: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which are among the others, which are in order."""
    at = np.minimum(np.searchsorted(others, keys), len(others) - 1)
    return np.asarray(others[at] == keys)


def _items(parts: Iterable[Blocks], wording: dict[int, Wording]) -> dict[bytes, tuple[bytes, ...]]:
    return {owner: records for each in parts for owner, records in of_blocks(each, wording)}


def _add_names(
    before: _View,
    after: _View,
    wording: dict[int, Wording],
    gone: dict[bytes, tuple[bytes, ...]],
    come: dict[bytes, tuple[bytes, ...]],
) -> None:
    """Add the names whose records changed."""
    old = dict(before.names(wording))
    for owner, records in after.names(wording):
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
