"""Clock: the time of a made world, which goes only when it is moved."""

from datetime import datetime


class Clock:
    """A clock for whoever takes a function that tells the time."""

    def __init__(self, start: datetime) -> None:
        self.now = start

    def __call__(self) -> datetime:
        """The time."""
        return self.now

    def move(self, to: datetime) -> None:
        """Go on to a later time; ValueError for an earlier one: evidence and listings know no way back."""
        if to < self.now:
            raise ValueError(f"a clock cannot go back from {self.now:%H:%M} to {to:%H:%M}")
        self.now = to
