"""Probe: a question each half millisecond, and when which answer came.

`python -m bench.dnsbl.probe PORT NAME SECONDS`, for `swap`.  A process of its own that goes before the load on their
core: what it waits for is then the server.
"""

import gc
import json
import os
import select
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field

from bench.dnsbl.ask import query
from bench.dnsbl.machine import CLIENT

EVERY, PATIENCE, SHORT = 0.0005, 1.0, 0.001  # seconds between questions; after the last; a gap not worth telling


@dataclass
class Seen:
    """Times are of the monotonic clock; `changes` is when the answer was first another one, and whether it is yes."""

    sent: int = 0
    waits: list[float] = field(default_factory=list)
    arrived: list[float] = field(default_factory=list)
    changes: list[tuple[float, bool]] = field(default_factory=list)


def first() -> None:
    """Stay on the client's core, and go before whatever else runs there where we may; children do not inherit it."""
    os.sched_setaffinity(0, {CLIENT})
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(10))


def watched(port: int, name: str, seconds: float) -> Seen:
    """Ask for so many seconds."""
    seen, under_way, question = Seen(), dict[bytes, float](), query(name)[2:]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.connect(("127.0.0.1", port))
        door.setblocking(False)
        began = due = time.monotonic()
        while (now := time.monotonic()) < began + seconds or (under_way and now < began + seconds + PATIENCE):
            if due <= now < began + seconds:
                number = (seen.sent & 0xFFFF).to_bytes(2)
                under_way[number] = now
                door.send(number + question)
                seen.sent, due = seen.sent + 1, max(due + EVERY, now)
            if select.select([door], [], [], max(due - time.monotonic(), 0) if due < began + seconds else EVERY)[0]:
                _read(door, under_way, seen)
    return seen


def _read(door: socket.socket, under_way: dict[bytes, float], seen: Seen) -> None:
    said, now = door.recv(4096), time.monotonic()
    asked = under_way.pop(said[:2], None)
    if asked is None:
        return
    seen.waits.append(now - asked)
    seen.arrived.append(now)
    listed = said[3] & 15 == 0 and said[7] > 0
    if not seen.changes or seen.changes[-1][1] != listed:
        seen.changes.append((now, listed))


def main() -> None:
    """Watch, and print it."""
    first()
    gc.disable()
    seen = watched(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]))
    pairs = zip(seen.arrived, seen.arrived[1:], strict=False)
    gaps = [(later, later - earlier) for earlier, later in pairs if later - earlier > SHORT]
    said = {"sent": seen.sent, "received": len(seen.waits), "wait": max(seen.waits, default=0)}
    print(json.dumps({**said, "gaps": gaps, "changes": seen.changes}))


if __name__ == "__main__":
    main()
