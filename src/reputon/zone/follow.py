"""Follow: the file of a table, looked at again and again: the next one that is sound takes the place of the last."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from reputon.zone import checks, stored
from reputon.zone.stored import StoredError
from reputon.zone.table import Table

EVERY = 0.2  # seconds between looks

_log = logging.getLogger(__name__)


class Follower:
    """Reads a file; `look` tells of what is new in it."""

    def __init__(self, path: Path, took: Callable[[Table], None]) -> None:
        self._path = path
        self._took = took
        self._seen: tuple[int, ...] = ()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reputon-follow", daemon=True)

    def open(self) -> Table:
        """The table that is there now; StoredError, OSError."""
        self._seen = _signature(self._path)
        table = stored.read(self._path)
        for warning in checks.warnings(table):
            raise StoredError(f"{self._path} is not served: {warning}")
        return table

    def look(self) -> None:
        """Take over the file if it is another; one that is not sound changes nothing, and is told once."""
        try:
            if _signature(self._path) == self._seen:
                return
            self._took(self.open())
        except (OSError, StoredError) as error:
            _log.warning("the zones stay as they are: %s", error)

    def start(self) -> None:
        """Look from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(EVERY):
            self.look()


def _signature(path: Path) -> tuple[int, ...]:
    """What differs when another file has taken the place."""
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
