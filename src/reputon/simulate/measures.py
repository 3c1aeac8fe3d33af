"""Measures: what became of every letter, and what two worlds have in common and not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reputon.simulate.scene import Letter


class Fate(StrEnum):
    """What became of a letter in the end."""

    DELIVERED = "delivered"
    ROUND = "delivered by the way round"
    RETURNED = "returned: refused by the list"
    NO_SUCH_USER = "returned: no such user"
    STOPPED = "not taken: tenant stopped"
    LOST = "lost"
    DOUBLED = "doubled"


@dataclass(frozen=True, slots=True)
class Track:
    """A letter's way: from which addresses it was delivered, how often it was returned, whether it was taken."""

    letter: Letter
    delivered_from: tuple[str, ...]
    returned: int
    was_taken: bool

    def fate(self, relay: str) -> Fate:
        """What became of it."""
        if len(self.delivered_from) > 1:
            return Fate.DOUBLED
        if self.delivered_from:
            return Fate.ROUND if self.delivered_from[0] == relay else Fate.DELIVERED
        if self.returned:
            return Fate.NO_SUCH_USER if self.letter.whose == "unknown" else Fate.RETURNED
        return Fate.LOST if self.was_taken else Fate.STOPPED


@dataclass(frozen=True, slots=True)
class Times:
    """When things happened; None for what never did."""

    spam_began: datetime
    listed: datetime | None = None
    first_bounce: datetime | None = None
    rerouted: datetime | None = None
    noisy_stopped: datetime | None = None
    listing_over: datetime | None = None
    route_back: datetime | None = None

    def minutes(self, since: datetime | None, until: datetime | None) -> int | None:
        """Whole minutes between two of them."""
        return None if since is None or until is None else round((until - since).total_seconds() / 60)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a world ended."""

    mode: str
    tracks: tuple[Track, ...]
    times: Times
    relay: str

    def table(self) -> dict[Fate, tuple[int, int]]:
        """Of every fate, how many clean letters and how much spam."""
        found = {fate: [0, 0] for fate in Fate}
        for track in self.tracks:
            found[track.fate(self.relay)][track.letter.is_spam] += 1
        return {fate: (clean, spam) for fate, (clean, spam) in found.items()}

    @property
    def is_whole(self) -> bool:
        """Whether nothing was lost and nothing doubled."""
        table = self.table()
        return table[Fate.LOST] == table[Fate.DOUBLED] == (0, 0)


def comparison(outcomes: Sequence[Outcome]) -> list[tuple[str, list[str]]]:
    """The worlds beside each other: a row's name, and what each world has there."""
    tables = [outcome.table() for outcome in outcomes]
    clean = sum(not track.letter.is_spam for track in outcomes[0].tracks)
    times = [outcome.times for outcome in outcomes]
    return [
        ("clean letters refused by the list", [f"{table[Fate.RETURNED][0]} of {clean}" for table in tables]),
        ("clean letters saved by the way round", [str(table[Fate.ROUND][0]) for table in tables]),
        ("spam delivered", [str(table[Fate.DELIVERED][1]) for table in tables]),
        ("spam refused by the list", [str(table[Fate.RETURNED][1]) for table in tables]),
        ("minutes from the first spam to the listing", [_told(t.minutes(t.spam_began, t.listed)) for t in times]),
        ("minutes that a shared address was listed",
         [_told(t.minutes(t.listed, t.listing_over)) if o.mode == "address" else "0"
          for o, t in zip(outcomes, times, strict=True)]),
        ("letters lost or doubled", [str(sum(sum(table[f]) for f in (Fate.LOST, Fate.DOUBLED))) for table in tables]),
    ]  # fmt: skip


def _told(minutes: int | None) -> str:
    return "-" if minutes is None else str(minutes)
