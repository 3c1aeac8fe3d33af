"""Follow: the file of a table, looked at again and again: the next one that is sound takes the place of the last."""

import logging
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from reputon.zone import checks, stored
from reputon.zone.joining import joined
from reputon.zone.stored import StoredError
from reputon.zone.table import Table

EVERY = 0.05  # seconds between looks
_NICE = 4

_log = logging.getLogger(__name__)


class Follower:
    """Reads files that are served as one table; `look` tells of what is new in them."""

    def __init__(self, paths: Sequence[Path], took: Callable[[Table], None]) -> None:
        self._files = [_File(each) for each in paths]
        self._took = took
        self._stopping = False
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reputon-follow", daemon=True)

    def open(self) -> Table:
        """The table that is there now; StoredError, OSError, and ContentError where two files have one zone."""
        for each in self._files:
            each.table = each.open()
        return joined([each.table for each in self._files if each.table])

    def look(self) -> None:
        """Take over the files that are others; one that is not sound changes nothing, and is told once."""
        before = [each.table for each in self._files]
        if not [each for each in self._files if each.is_new() and each.take()]:
            return
        try:
            self._took(joined([each.table for each in self._files if each.table]))
        except Exception as error:  # whatever it is, the zones that are served are still right
            for each, table in zip(self._files, before, strict=True):
                each.table = table
            _log.warning("the zones stay as they are: %s", error)

    def start(self) -> None:
        """Look from now on."""
        self._thread.start()

    def look_now(self) -> None:
        """Look at once."""
        self._woken.set()

    def stop(self) -> None:
        """Look no more."""
        self._stopping = True
        self._woken.set()
        self._thread.join()

    def _run(self) -> None:
        if hasattr(os, "setpriority"):
            # Linux knows it of threads: who answers must not wait for who reads and checks a million entries.
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
        while not self._stopping:
            self.look()
            self._woken.wait(EVERY)
            self._woken.clear()


class _File:
    """One of the files, and the last sound table of it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, ...] | None = ()
        self.table: Table | None = None

    def is_new(self) -> bool:
        """Whether it is another than the one that was opened last, sound or not."""
        return _signature(self._path) != self._seen

    def take(self) -> bool:
        """Open it if it is sound; else it stays as it was, which is told."""
        try:
            self.table = self.open()
        except (OSError, StoredError) as error:
            _log.warning("the zones stay as they are: %s", error)
            return False
        return True

    def open(self) -> Table:
        """The table that is there now; StoredError, OSError."""
        self._seen = _signature(self._path)
        table = stored.read(self._path)
        for warning in checks.warnings(table):
            raise StoredError(f"{self._path} is not served: {warning}")
        return table


def _signature(path: Path) -> tuple[int, ...] | None:
    """What differs when another file has taken the place; None: there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
