"""Joining: the tables of several files as one, which is what a server serves."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from reputon.zone.content import ContentError
from reputon.zone.kernel.hashing import hash_of, slot_of, slots_for
from reputon.zone.kernel.layout import (
    BELOW,
    CODES,
    INDEX4,
    INDEX6,
    NAME,
    NAME_LENGTH,
    NODE,
    NOWHERE,
    OWNER,
    RECORDS,
    SEED,
    SELF,
    SLOTS,
    SOA,
    TEXTS,
    Arrays,
)  # fmt: skip
from reputon.zone.table import Table, ZoneOf

_MOST = 1 << 32  # of anything that an index of 32 bits points to


def joined(tables: Sequence[Table]) -> Table:
    """One table of all their zones, which was made when the oldest was; ContentError where two have the same zone."""
    if len(tables) == 1:
        return tables[0]
    zones = tuple(zone for table in tables for zone in table.zones)
    _refuse_twice(zones)
    moved = [_moved(each.arrays, sizes) for each, sizes in zip(tables, _sizes(tables), strict=True)]
    parts = {name: np.concatenate([getattr(each, name) for each in moved]) for name in Arrays._fields}
    parts["zone_slots"] = zone_slots(parts["zones"], parts["blob"])
    for each in parts.values():
        each.flags.writeable = False
    return Table(Arrays(**parts), zones, min((each.made for each in tables), default=0))


def _refuse_twice(zones: Sequence[ZoneOf]) -> None:
    for apex, times in Counter(each.apex for each in zones).items():
        if times > 1:
            raise ContentError(f"two tables have the zone {apex}: serve one of them, or give each its own name")


def _sizes(tables: Sequence[Table]) -> list[dict[str, int]]:
    """For each table, where its parts begin among all."""
    at, found = dict.fromkeys(Arrays._fields, 0), []
    for table in tables:
        found.append(dict(at))
        for name, array in zip(Arrays._fields, table.arrays, strict=True):
            at[name] += len(array)
    if max(at.values(), default=0) >= _MOST:
        raise ContentError("the tables are too large to be served together: serve each by a process of its own")
    return found


def _moved(of: Arrays, by: dict[str, int]) -> Arrays:
    """The arrays of a table whose parts begin there: all that points is moved, and what points nowhere stays."""
    zones, nodes, values = of.zones.copy(), of.nodes.copy(), of.values.copy()
    for column, target in (
        (NAME, "blob"), (SOA, "blob"), (INDEX4, "index4"), (INDEX6, "index6"), (NODE, "nodes"), (SLOTS, "slots"),
    ):  # fmt: skip
        zones[:, column] += np.where(zones[:, column] == NOWHERE, 0, by[target])
    for column in (SELF, BELOW):
        nodes[:, column] = _listed(nodes[:, column], by["values"])
    for rows, columns in ((nodes, (OWNER, RECORDS)), (values, (CODES, TEXTS))):
        rows[:, list(columns)] += np.uint32(by["blob"])
    return of._replace(
        zones=zones,
        nodes=nodes,
        values=values,
        index4=of.index4 + np.uint32(by["first4"]),
        index6=of.index6 + np.uint32(by["first6"]),
        value4=_listed(of.value4, by["values"]),
        value6=_listed(of.value6, by["values"]),
        slots=_listed(of.slots, by["nodes"]),
    )


def _listed(values: Any, by: int) -> Any:
    """0 says that nothing is there, and stays."""
    return np.where(values == 0, 0, values + np.uint32(by)).astype(np.uint32)


def zone_slots(zones: Any, blob: Any) -> Any:
    """The rows of zones by the hash of their names, which has the seed of the first."""
    slots = np.full(slots_for(max(1, len(zones))), NOWHERE, np.int32)
    for row, zone in enumerate(zones.tolist()):
        name = bytes(blob[zone[NAME] : zone[NAME] + zone[NAME_LENGTH] - 1])
        at = slot_of(hash_of(name, int(zones[0, SEED])), len(slots) - 1)
        while slots[at] != NOWHERE:
            at = (at + 1) & (len(slots) - 1)
        slots[at] = row
    return slots
