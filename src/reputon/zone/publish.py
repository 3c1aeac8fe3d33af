"""Publisher: keeps the table current with the ledger, and answers from it."""

import logging
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Protocol

from reputon.listing.policy import Listing
from reputon.resolver import World
from reputon.score.model import PublishedScore
from reputon.zone import made, table
from reputon.zone.table import Reply, Settings, Table

_log = logging.getLogger(__name__)


class Source(Protocol):
    """What a publisher reads: the ledger."""

    def revision(self) -> int:
        """A number that grows with every change."""
        ...

    def listings(self, now: datetime) -> Iterable[Listing]:
        """Who is listed."""
        ...

    def scores(self) -> Iterable[PublishedScore]:
        """The scores that may be seen."""
        ...


def wall_clock() -> datetime:
    """The time."""
    return datetime.now(UTC)


class Publisher:
    """The table in force.  A reload builds the next one aside and then takes its place in one step."""

    def __init__(
        self,
        ledger: Source,
        settings: Settings,
        clock: Callable[[], datetime] = wall_clock,
        world: World | None = None,
    ) -> None:
        self._ledger = ledger
        self._settings = settings
        self._clock = clock
        self._world = world
        self._reloading = threading.Lock()
        self._revision: int | None = None
        self.table: Table = table.build((), (), settings)  # so that wrong settings are told at once
        self.reload()

    def reload(self) -> bool:
        """Take over what the ledger says now, if that has changed; whether it had."""
        with self._reloading:
            revision = self._ledger.revision()
            if revision == self._revision:
                return False
            listings = self._ledger.listings(self._clock())
            self.table = table.build(listings, self._ledger.scores(), self._settings, revision)
            # Read before the rows: a change in between is then seen by the next reload.
            self._revision = revision
            return True

    def try_reload(self) -> bool:
        """As `reload`, but a ledger that cannot be read now leaves the table as it is, with a warning."""
        try:
            return self.reload()
        except Exception as error:  # whatever the ledger's driver raises: an old table is better than none
            _log.warning("the ledger cannot be read, the zones stay as they are: %s", error)
            return False

    def ask(self, name: str, rdtype: str) -> Reply | None:
        """The reply to a question now; None: stay silent."""
        reply = table.answer(self.table, name, rdtype, self._clock())
        if reply.rcode == "REFUSED" and self._world is not None:
            return made.answer(self._world, name, rdtype)
        return reply
