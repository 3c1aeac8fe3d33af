"""Attendant: a thread beside a running server that writes samples, and tells what was done and what is late."""

import logging
import threading
from collections.abc import Callable
from time import time

from reputon.zone.staleness import Staleness
from reputon.zone.statistics import seen
from reputon.zone.statistics.query_log import QueryLog
from reputon.zone.statistics.seen import Seen
from reputon.zone.table import Table

EVERY = 0.5  # seconds: a ring has room for 2,000 samples a second then

_log = logging.getLogger(__name__)


class Attendant:
    """Looks at the `table` of a server every half second; `minutes` between two lines about what was done, 0: none."""

    def __init__(
        self,
        look: Callable[[], Seen],
        table: Callable[[], Table],
        minutes: int = 0,
        query_log: QueryLog | None = None,
        clock: Callable[[], float] = time,
    ) -> None:
        self._look = look
        self._table = table
        self._seconds = 60 * minutes
        self._query_log = query_log
        self._clock = clock
        self._staleness = Staleness()
        self._before, self._since = look(), clock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reputon-attendant", daemon=True)

    def start(self) -> None:
        """Attend from now on."""
        self._thread.start()

    def stop(self) -> None:
        """End, with all samples written that were noted."""
        self._stopping.set()
        self._thread.join()
        if self._query_log is not None:
            self._query_log.close()

    def attend(self) -> None:
        """One look."""
        now = self._clock()
        for each in self._staleness.news(self._table(), now):
            _log.warning("%s", each)
        if self._seconds and not 0 <= now - self._since < self._seconds:
            self._tell(self._look(), now)
        if self._query_log is not None:
            self._query_log.drain()

    def _tell(self, found: Seen, now: float) -> None:
        _log.info("%s", seen.line(self._before, found, now - self._since))
        self._before, self._since = found, now

    def _run(self) -> None:
        while not self._stopping.wait(EVERY):
            try:
                self.attend()
            except Exception:  # our own fault: the server must not be left alone for it
                _log.exception("cannot attend to the server")
