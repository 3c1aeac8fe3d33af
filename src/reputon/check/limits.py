"""Limits: what the terms of a list allow one asker, as times to wait for and questions that are left today."""

from dataclasses import dataclass

from reputon.lists import BlockList


@dataclass(frozen=True, slots=True)
class Pace:
    """When the next question may go to a list: evenly, so that no second sees more than it allows."""

    free_at: float = 0.0  # seconds on the asker's clock

    def take(self, now: float, per_second: float) -> tuple[float, "Pace"]:
        """The time of one question that is wanted now, and the pace after it; 0 a second is no limit."""
        if not per_second:
            return now, self
        at = max(now, self.free_at)
        return at, Pace(at + 1 / per_second)


def granted(wanted: int, spent: int, per_day: int) -> int:
    """How many of the questions the day still has room for; 0 a day is no limit."""
    return max(0, min(wanted, per_day - spent)) if per_day else wanted


def over_limit(entry: BlockList) -> str:
    """Why a list was not asked any more."""
    return f"limit of {entry.per_day} a day reached: asked again tomorrow (UTC)"


def subjects_at_a_time(entries: "list[BlockList]", least: int = 32, most: int = 256, seconds: float = 20.0) -> int:
    """How many subjects to ask together: so many that waiting for the last answers costs little of the slowest pace."""
    slowest = min((entry.per_second for entry in entries if entry.per_second), default=float(most))
    return max(least, min(most, int(slowest * seconds)))
