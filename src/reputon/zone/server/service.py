"""Service: what a service manager is told of a process that it started: ready, loading again, ending (sd_notify(3))."""

import os
import socket
from contextlib import suppress
from time import CLOCK_MONOTONIC, clock_gettime_ns

READY = "READY=1"
STOPPING = "STOPPING=1"


def reloading() -> str:
    """That a configuration is loaded again, until READY is told; the time is what `Type=notify-reload` waits for."""
    return f"RELOADING=1\nMONOTONIC_USEC={clock_gettime_ns(CLOCK_MONOTONIC) // 1000}"


def status(text: str) -> str:
    """A line for people, as `systemctl status` shows it."""
    return f"STATUS={text.splitlines()[0] if text else ''}"


def tell(*states: str) -> None:
    """Say so at $NOTIFY_SOCKET, in one datagram; where there is none, or nobody listens, nobody wants to know."""
    where = os.environ.get("NOTIFY_SOCKET", "")
    if not where.startswith(("/", "@")):
        return
    address = f"\0{where[1:]}" if where.startswith("@") else where
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
        to.setblocking(False)  # a manager that hangs must not hang us
        to.sendto("\n".join(states).encode(), address)
