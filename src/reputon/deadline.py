"""Deadline: an end to a conversation as a whole, since a socket's timeout begins anew with every byte."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

WHOLE = 60.0  # seconds for a delivery, all its steps together
_AGAIN = 1.0  # seconds until a socket that was not there yet is looked for again


@contextmanager
def ended_by(seconds: float, current: Callable[[], socket.socket | None]) -> Iterator[None]:
    """After so many seconds the socket is shut: who reads from it then meets its end, as if the other side had gone."""
    done = Event()

    def shut() -> None:
        wait = seconds
        while not done.wait(wait):
            wait = _AGAIN
            if (found := current()) is not None:
                with suppress(OSError):
                    # Not TLS's own way, which changes the object under its reader.
                    socket.socket.shutdown(found, socket.SHUT_RDWR)

    guard = Thread(target=shut, daemon=True)
    guard.start()
    try:
        yield
    finally:
        done.set()
        guard.join()
