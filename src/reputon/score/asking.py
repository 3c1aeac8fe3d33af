"""Asking: what a run is asked for: evidence, whose word counts how far, the parameters and the time."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from reputon.evidence.rows import key
from reputon.score.model import Parameters
from reputon.score.tallies import Sealed

Names = Callable[[Iterable[int]], dict[int, str]]  # what keys of sources and tenants stand for
DAY, HOUR = 86400, 3600  # seconds
SOURCES = pa.schema([("source", pa.int64()), ("class", pa.int64()), ("sent_cap", pa.int64())])


def sources(registered: Iterable[tuple[str, bool, int | None]], seen: Iterable[int] = ()) -> pa.Table:
    """SOURCES, from names, whether a source is our own, and the volume of a pair and day that it may claim at most.

    `seen`: keys of those that evidence is of; who was struck off the register is not our own.
    """
    rows = {key(name): (0 if is_own else key(name), cap) for name, is_own, cap in registered}
    rows = {each: (each, None) for each in seen} | rows
    found = sorted((each, *rest) for each, rest in rows.items())
    columns = list(zip(*found, strict=True)) or [(), (), ()]
    return pa.table([pa.array(each, pa.int64()) for each in columns], schema=SOURCES)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run is asked for: the files of evidence, the registered sources (SOURCES), parameters and the time."""

    sealed: Sequence[Sealed]
    sources: pa.Table
    parameters: Parameters
    now: datetime
    names: Names

    @property
    def seconds(self) -> int:
        """The time; evidence of later times does not count."""
        return int(self.now.timestamp())

    @property
    def today(self) -> int:
        """The day of the time, since 1970 in UTC."""
        return self.seconds // DAY

    @property
    def oldest_hour(self) -> int:
        """The oldest hour of which more than the sum of its day is asked."""
        return min(self.seconds // HOUR - 24, self.today * 24)

    @property
    def first_day(self) -> int:
        """The oldest day that counts."""
        return self.today - self.parameters.memory_days + 1

    @property
    def capped(self) -> bool:
        """Whether there are sources that are not our own."""
        return any(each for each in self.sources["class"].to_pylist())
