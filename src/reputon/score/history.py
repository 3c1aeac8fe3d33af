"""History: what a subject's score was at the end of each past day, redone from its rows by day."""

from collections.abc import Iterator
from dataclasses import dataclass

from reputon.score.arithmetic import Grouped, redone
from reputon.score.model import Parameters

DAYS = 30
_ROWS = 50_000  # that are redone for every day; of more, for every second one, and so on
_WIDEST = 10


@dataclass(frozen=True, slots=True)
class Point:
    """The score at the end of a day since 1970 (None: no data), or that of now.

    `is_whole`: the evidence reaches back over all the days that counted then.
    """

    day: int
    value: float | None
    is_whole: bool


def history(rows: Grouped, count: int, parameters: Parameters, today: int, oldest: int) -> tuple[Point, ...]:
    """The points of the last days, the latest that of now; `count` rows, the `oldest` day that evidence is kept of.

    Fewer points where there are very many rows, and none where even those would take too long.
    """
    every = 1 + count // _ROWS
    if every > _WIDEST:
        return ()
    return tuple(_points(rows, every, parameters, today, oldest))[::-1]


def _points(rows: Grouped, every: int, parameters: Parameters, today: int, oldest: int) -> Iterator[Point]:
    for day in range(today, today - DAYS - 1, -every):
        value = redone(rows, parameters, day).worked.value
        yield Point(day, value, oldest <= day - parameters.memory_days + 1)
