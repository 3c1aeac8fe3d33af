"""Publisher: keeps the table current with the ledger: a change, or the end of a listing, makes the next one."""

import logging
import secrets
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from reputon.zone import closing, own
from reputon.zone.content import FOREVER, Content
from reputon.zone.own import Settings
from reputon.zone.table import Table, compile_zones

if TYPE_CHECKING:  # what scores is big, and the server only serves
    from reputon.listing.policy import Listing
    from reputon.score.model import PublishedScore

_log = logging.getLogger(__name__)

Took = Callable[[Table], None]


class Source(Protocol):
    """What a publisher reads: the ledger."""

    def revision(self) -> int:
        """A number that grows with every change."""
        ...

    def listings(self, now: datetime) -> "Iterable[Listing]":
        """Who is listed."""
        ...

    def scores(self) -> "Iterable[PublishedScore]":
        """The scores that may be seen."""
        ...


def wall_clock() -> datetime:
    """The time."""
    return datetime.now(UTC)


class Publisher:
    """The table in force.  A reload builds the next one aside and then takes its place in one step."""

    def __init__(self, ledger: Source, settings: Settings, clock: Callable[[], datetime] = wall_clock) -> None:
        self._ledger = ledger
        self._settings = settings
        self._clock = clock
        self._reloading = threading.Lock()
        self._revision: int | None = None
        self._next = FOREVER  # Unix seconds from which there is another table, though the ledger has not changed
        self._trouble = ""
        self._serial = 0
        self._told: list[Took] = []
        self.table = compile_zones(own.contents((), (), settings))  # so that wrong settings are told at once
        self._warn()
        self.reload()

    def tell(self, took: Took) -> None:
        """Tell somebody of every table from now on."""
        self._told.append(took)

    def reload(self) -> bool:
        """Take over what the ledger says now, if that has changed; whether it had."""
        with self._reloading:
            now, revision = self._clock(), self._ledger.revision()
            if revision == self._revision and (self._next == FOREVER or now.timestamp() < self._next):
                return False
            contents = self.contents(now)
            self.table = compile_zones(contents, int(now.timestamp()), secrets.randbits(32))
            # Read before the rows: a change in between is then seen by the next reload.
            self._revision, self._next = revision, _next(contents, now, self._settings.stale)
            for took in self._told:
                took(self.table)
            return True

    def contents(self, now: datetime) -> list[Content]:
        """The zones as the ledger has them; the serial is the time, which also another process's next one exceeds."""
        self._serial = max(self._serial + 1, int(now.timestamp()))
        made = own.contents(self._ledger.listings(now), self._ledger.scores(), self._settings, self._serial)
        for each in made:
            each.stale = int(now.timestamp()) + self._settings.stale if self._settings.stale else FOREVER
        closing.close(made, self._settings.closes, int(now.timestamp()))
        return made

    def _warn(self) -> None:
        """Tell the operator what the zones tell their clients."""
        closes, now = self._settings.closes, int(self._clock().timestamp())
        if closes != FOREVER:
            _log.warning("%s", closing.warning(self._settings.apex, closes, now))
        if closing.is_short_notice(closes, now):
            _log.warning("clients should be told a month or more before (RFC 6471 section 3.4)")

    def try_reload(self) -> bool:
        """As `reload`, but a ledger that cannot be read now leaves the table as it is, with a warning."""
        try:
            is_new = self.reload()
        except Exception as error:  # whatever the ledger's driver raises: an old table is better than none
            if str(error) != self._trouble:  # once, and not each second
                self._trouble = str(error)
                _log.warning("the ledger cannot be read, the zones stay as they are: %s", error)
            return False
        if self._trouble:
            self._trouble = ""
            _log.info("the ledger can be read again")
        return is_new


def _next(contents: Iterable[Content], now: datetime, stale: int) -> int:
    """When a listing ends, or a third of the time has passed in which the zones must be written anew."""
    ends = [value.expires for content in contents for value in content.values if value.expires != FOREVER]
    if stale:
        ends.append(int(now.timestamp()) + stale // 3)
    return min(ends, default=FOREVER)
