"""Staleness: zones that are to be renewed until a time, and what an operator is told of it before and after."""

from reputon.zone.content import FOREVER
from reputon.zone.kernel.layout import STALE
from reputon.zone.table import Table

LATE = 0.5  # of a table's time: it should have been renewed at a third


class Staleness:
    """Tells once of each zone that is late, and once that it has gone stale; a new table begins anew."""

    def __init__(self) -> None:
        self._table: Table | None = None
        self._told: set[tuple[str, bool]] = set()

    def news(self, table: Table, now: float) -> list[str]:
        """Sentences for the log; `now` in Unix seconds."""
        if table is not self._table:
            self._table, self._told = table, set()
        found: list[str] = []
        if not table.arrays.zones[:, STALE].any():
            return found
        for each, row in zip(table.zones, table.arrays.zones, strict=True):
            stale = int(row[STALE])
            if stale == FOREVER or now < table.made + LATE * (stale - table.made):
                continue
            is_over = now >= stale
            if (each.apex, is_over) in self._told:
                continue
            self._told.add((each.apex, is_over))
            found.append(_over(each.apex) if is_over else _late(each.apex, stale - now))
        return found


def _over(apex: str) -> str:
    return f"{apex} is stale and lists nobody (SERVFAIL): it was not renewed in time; see why its table is not written"


def _late(apex: str, left: float) -> str:
    return f"{apex} was not renewed in time and goes stale in {left / 60:.0f} min: see why its table is not written"
