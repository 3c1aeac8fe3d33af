"""Keeper: a process beside this one that is started again whenever it ends, each time after a longer pause."""

import logging
import threading
from collections.abc import Callable
from multiprocessing import connection as _connection  # noqa: F401 - joins need it, perhaps of a user that may not read it
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from typing import Any

FIRST, LONGEST = 1.0, 60.0  # seconds until it is started again: doubled each time
HEALTHY = 60.0  # seconds of running, after which the next end is the first again
_STOP = 5.0  # seconds that it has to end

_log = logging.getLogger(__name__)


class Keeper:
    """Runs `target(*args)`, which can be pickled, in a new process until `stop`.  `what` it does is for the log."""

    def __init__(
        self, what: str, target: Callable[..., None], args: tuple[Any, ...], first: float = FIRST
    ) -> None:  # fmt: skip
        self._what = what
        self._target = target
        self._args = args
        self._first = first
        self._stopping = threading.Event()
        self._process = self._begin()
        self._thread = threading.Thread(target=self._run, name="reputon-keeper", daemon=True)

    @property
    def pid(self) -> int | None:
        """The process that runs now."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Whether it runs now."""
        return self._process.is_alive()

    def keep(self) -> None:
        """Start it again from now on whenever it ends."""
        self._thread.start()

    def stop(self) -> None:
        """End it, and start it no more."""
        self._stopping.set()
        self._process.terminate()
        if self._thread.is_alive():
            self._thread.join()
        self._process.terminate()  # perhaps another was just begun
        self._process.join(_STOP)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _begin(self) -> BaseProcess:
        made = get_context("spawn").Process(target=self._target, args=self._args, daemon=True)
        made.start()
        return made

    def _run(self) -> None:
        pause = self._first
        while not self._stopping.is_set():
            self._process.join(HEALTHY)
            if self._process.is_alive():
                pause = self._first  # it has run for long enough
                continue
            if self._stopping.is_set():
                return
            _log.warning(
                "%s has ended (exit code %s): starting it again in %.0f s", self._what, self._process.exitcode, pause
            )
            if self._stopping.wait(pause):
                return
            try:
                self._process = self._begin()
            except OSError as error:  # too many processes, say: perhaps not in a moment
                _log.warning("%s cannot be started: %s", self._what, error)
            pause = min(LONGEST, 2 * pause)
