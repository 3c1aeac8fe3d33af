"""Counting: what became of the questions of each zone, in totals that outlive the tables they were counted by.

A loop counts into an array of its own, without a lock; only what no loop counts into any more is added up and let go.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from reputon.zone.kernel import writing
from reputon.zone.kernel.loop import COUNTERS
from reputon.zone.table import Table

NO_ZONE = ""  # as an apex: questions about nothing of ours, and those that could not be read
MOST_GONE = 1000  # zones that are in no table any more and whose totals are kept

# The columns of `counts` by the names under which people see them.
COLUMNS = {
    "listed": writing.LISTED,
    "not_listed": writing.NOT_LISTED,
    "no_data": writing.NO_DATA,
    "record": writing.RECORD,
    "refused": writing.REFUSED_,
    "faulty": writing.FAULTY,
    "truncated": writing.TRUNCATED,
    "dropped": writing.DROPPED,
    "ignored": writing.IGNORED,
    "limited": writing.LIMITED,
    "slipped": writing.SLIPPED,
    "denied": writing.DENIED,
    "no_key": writing.NO_KEY,
    "over_quota": writing.OVER_QUOTA,
    "bytes": writing.BYTES,
}


@dataclass(frozen=True, slots=True)
class Counted:
    """An array of counters, whose zones they are, and whether a loop may still count into it."""

    apexes: tuple[str, ...]
    counts: Any  # int64 (zones + 1, COUNTERS)
    is_used: Callable[[Any], bool]


class Counters:
    """The counters of all loops and all tables of a server."""

    def __init__(self) -> None:
        self._arrays: list[Counted] = []
        self._totals: dict[str, Any] = {}
        self._lock = threading.Lock()

    def add(self, table: Table, counts: Any, is_used: Callable[[Any], bool]) -> None:
        """Read these too from now on; those that nobody uses any more become totals."""
        apexes = (*(each.apex for each in table.zones), NO_ZONE)
        with self._lock:
            self._fold()
            self._forget(apexes)
            self._arrays.append(Counted(apexes, counts, is_used))

    def totals(self) -> dict[str, dict[str, int]]:
        """For each apex (NO_ZONE: none of ours), how often what happened since the server began."""
        with self._lock:
            self._fold()
            found = {apex: row.copy() for apex, row in self._totals.items()}
            for each in self._arrays:
                _add(found, each)
        return {apex: {name: int(row[at]) for name, at in COLUMNS.items()} for apex, row in sorted(found.items())}

    def __len__(self) -> int:
        return len(self._arrays)

    def _fold(self) -> None:
        kept = []
        for each in self._arrays:
            if each.is_used(each.counts):
                kept.append(each)
            else:
                _add(self._totals, each)
        self._arrays = kept

    def _forget(self, apexes: tuple[str, ...]) -> None:
        """Of zones that come and go, only so many are remembered."""
        gone = [each for each in self._totals if each not in apexes]
        for each in gone[: max(0, len(gone) - MOST_GONE)]:
            del self._totals[each]


def _add(totals: dict[str, Any], counted: Counted) -> None:
    for apex, row in zip(counted.apexes, counted.counts, strict=True):
        totals.setdefault(apex, np.zeros(COUNTERS, np.int64))
        totals[apex] += row
