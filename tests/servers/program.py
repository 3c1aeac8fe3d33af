"""A program that serves in the foreground until its test is over."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

WAIT = 30.0  # seconds


class Program:
    """A running command; `ready` says when it serves.  `directory` is its own, open to every user, and goes with it."""

    def __init__(self, name: str) -> None:
        self._own = tempfile.TemporaryDirectory(prefix=f"reputon-{name}-")
        self.name = name
        self.directory = Path(self._own.name)
        self.directory.chmod(0o755)
        self._said = self.directory / "said"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, command: Sequence[str], ready: Callable[[], bool]) -> None:
        """Run it, and wait until it serves; AssertionError with its own words where it never does."""
        with self._said.open("ab") as output:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        try:
            self._until(ready)
        except BaseException:
            self.__exit__(None, None, None)
            raise

    def _until(self, ready: Callable[[], bool]) -> None:
        assert self._process is not None
        end = time.monotonic() + WAIT
        while not ready():
            assert self._process.poll() is None, f"{self.name} ended: {self.said()[-3000:]}"
            assert time.monotonic() < end, f"{self.name} does not serve: {self.said()[-3000:]}"
            time.sleep(0.05)

    def said(self) -> str:
        """What it wrote to its standard output and error so far."""
        return self._said.read_text(errors="replace") if self._said.exists() else ""

    @property
    def pid(self) -> int:
        """Of the command that was started."""
        assert self._process is not None
        return self._process.pid

    def maps(self) -> str:
        """What is mapped into its memory (proc(5))."""
        return Path(f"/proc/{self.pid}/maps").read_text()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._end(self._process)
        self._own.cleanup()

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(WAIT)
        # Those that it started may outlive it, and write into its directory while that is taken away.
        end = time.monotonic() + WAIT
        with suppress(ProcessLookupError):
            while time.monotonic() < end:
                os.killpg(process.pid, signal.SIGKILL)
                process.poll()
                time.sleep(0.01)
