"""Schedule: when a list is asked next about a watch's subjects, so that its terms hold over all watches.

One look at a subject costs at most two questions to a list (the address, and the words of a listing), and each call
three more for each family of subjects (the list's test entries, one of them once more where somebody is listed).
Where the looks that are wanted would cost more than a list allows in a day or a second, every interval on that list
is stretched by one factor.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from reputon.lists import BlockList

DAY = timedelta(days=1)
JITTER = 0.1  # the part of an interval by which looks are late, at most; never early
LEAST = timedelta(minutes=10)
GRID = timedelta(minutes=5)  # looks are put together by this; by a tenth of it where they are frequent
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
CALL = 200  # subjects in one call: between calls a runner can be told to end
PATIENCE = 20.0  # seconds that a call may take because a list is asked slowly
_RESERVE = 1.25  # of a list's day, a fifth is kept for confirming
_SLOWEST = 10_000  # times the interval that was wanted: years, which is never
_PER_SUBJECT, _PER_FAMILY = 2, 3


@dataclass(frozen=True, slots=True)
class Turn:
    """When a list is asked next about a watch's subjects, and which round of them that is."""

    watch: int
    list: str
    due: datetime
    number: int = 0


@dataclass(frozen=True, slots=True)
class Load:
    """What one watch wants of a list: `subjects` of `families` (IPv4, IPv6, domains), each `every` so often."""

    subjects: int
    families: int
    every: timedelta


@dataclass(frozen=True, slots=True)
class Pace:
    """How a list can be watched: every interval times `factor`; `why` where that is not 1, None as factor for never."""

    factor: float | None = 1.0
    why: str = ""


def call_size(entry: BlockList) -> int:
    """How many subjects go into one call: of a list that is asked slowly only as many as are asked in PATIENCE."""
    able = entry.per_second * PATIENCE / _PER_SUBJECT if entry.per_second else CALL
    return max(1, min(CALL, int(able)))


def cost(subjects: int, families: int, size: int = CALL) -> int:
    """The questions to one list about so many subjects in calls of this size, at most."""
    return _PER_SUBJECT * subjects + _PER_FAMILY * families * -(-subjects // size)


def affordable(questions: int, families: int, size: int = CALL) -> int:
    """How many subjects can be looked at for so many questions."""
    calls, rest = divmod(max(0, questions), cost(size, families, size))
    return calls * size + max(0, (rest - _PER_FAMILY * families) // _PER_SUBJECT)


def pace(entry: BlockList, loads: Iterable[Load]) -> Pace:
    """By how much all intervals on this list must be stretched."""
    loads = tuple(loads)
    size = call_size(entry)
    wanted = sum(cost(each.subjects, each.families, size) * (DAY / each.every) for each in loads)
    least = max((cost(1, each.families) for each in loads), default=0)
    if entry.per_day and least > entry.per_day:
        return Pace(None, f"its terms allow {entry.per_day:g} questions a day, and one look takes {least}")
    allowed = [(float(entry.per_day), "a day")] if entry.per_day else []
    allowed += [(entry.per_second * DAY.total_seconds(), "a day (by the second)")] if entry.per_second else []
    for limit, unit in sorted(allowed):
        factor = wanted * _RESERVE / limit
        if factor > 1:
            able = factor if factor <= _SLOWEST else None
            return Pace(able, f"its terms allow {limit:g} questions {unit}, and {wanted:.0f} were wanted")
    return Pace()


def next_time(at: datetime, every: timedelta, factor: float, share: float, seed: str, house: str = "") -> datetime:
    """When to look next: after the stretched interval, or its share where only some subjects were looked at.

    Late by up to JITTER, by the seed, and then until the house's next full GRID: watches of one house meet in few
    calls, and the houses of the world do not ask at the full hour.
    """
    # Who was not asked for at all tries again after a part of the interval: room comes back that slowly.
    interval = max(every * factor * min(1.0, max(share, 1 / 24)), LEAST)
    when = at + interval * (1 + JITTER * _part(seed))
    grid = GRID if interval >= 12 * GRID else GRID / 10
    beyond = (when - _EPOCH - grid * _part(house)) % grid
    return when + (grid - beyond if beyond else timedelta(0))


def _part(seed: str) -> float:
    """A number from 0 to below 1 that looks like chance and is always the same."""
    return int.from_bytes(sha256(seed.encode()).digest()[:6]) / (1 << 48)
