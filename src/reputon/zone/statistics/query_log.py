"""Query log: sampled answers as JSON lines in a file that may be moved away: `reopen` begins another in its place."""

import json
import logging
import os
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from reputon.zone.kernel.sampling import Sample
from reputon.zone.statistics.counting import COLUMNS

MOST = 1 << 30  # bytes of one file: a log that nobody moves away must not fill the disk

_OUTCOMES = {column: name for name, column in COLUMNS.items()}
_log = logging.getLogger(__name__)


class QueryLog:
    """Writes what `samples` gives each time that somebody calls `drain`; what cannot be written is let go, and told."""

    def __init__(self, path: Path, samples: Callable[[], Iterable[Sample]], most: int = MOST) -> None:
        self._path = path
        self._samples = samples
        self._most = most
        self._file: TextIO | None = None
        self._told = ""
        self._lock = threading.Lock()

    def drain(self) -> None:
        """Write what was noted since the last time."""
        lines = [_line(each) for each in self._samples()]
        if not lines:
            return
        with self._lock:
            try:
                self._write("".join(lines))
            except OSError as error:
                self._tell(f"{self._path} cannot be written, its samples are lost: {error.strerror}")
                self._close()

    def reopen(self) -> None:
        """Write to the file that has this name from now on."""
        with self._lock:
            self._close()
            self._told = ""

    def close(self) -> None:
        """Write what is left, and end."""
        self.drain()
        with self._lock:
            self._close()

    def _write(self, text: str) -> None:
        if self._file is None:
            self._file = open(self._path, "a", encoding="ascii", opener=_private)  # noqa: SIM115 - it stays open
        if self._file.tell() >= self._most:
            self._tell(f"{self._path} is full at {self._most} bytes: move it away and send SIGHUP")
            return
        self._file.write(text)
        self._file.flush()

    def _close(self) -> None:
        if self._file is not None:
            with suppress(OSError):  # the disk is full: told already
                self._file.close()
            self._file = None

    def _tell(self, what: str) -> None:
        if what != self._told:
            self._told = what
            _log.warning("%s", what)


def _private(path: str, flags: int) -> int:
    """What people ask is nobody's business but the operator's."""
    return os.open(path, flags, 0o640)


def _line(sample: Sample) -> str:
    from dns.rdatatype import RdataType

    try:
        rdtype = RdataType.to_text(RdataType.make(sample.rdtype)) if sample.rdtype else None
    except ValueError:
        rdtype = None
    told = {
        "time": datetime.fromtimestamp(sample.time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "client": sample.client,
        "zone": sample.zone or None,
        "name": sample.name if sample.zone else None,
        "type": rdtype,
        "outcome": _OUTCOMES.get(sample.outcome, str(sample.outcome)),
    }
    return json.dumps(told) + "\n"
