"""Worker: a thread with a UDP socket of its own, which answers: at first in plain Python, then compiled."""

import logging
import platform
import socket
import struct
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Full, Queue
from time import time
from typing import Any

from reputon.zone.guard import Guard
from reputon.zone.kernel.client import NAME, put_name
from reputon.zone.kernel.layout import Arrays
from reputon.zone.kernel.loop import (
    CLOCK,
    CONTROL,
    HDR_SIZE,
    LOST,
    QUERY,
    RARES,
    STOP,
    STRIDE,
    Buffers,
    answer_packet,
    buffers,
    new_counts,
    refill,
)  # fmt: skip
from reputon.zone.kernel.question import RARE, WORK
from reputon.zone.kernel.sampling import Ring
from reputon.zone.table import Table

Client = tuple[str, int]
Rare = Queue[tuple[bytes, Client, socket.socket | None]]  # without a socket: there is no more
RECEIVE_BUFFER = 4 << 20  # bytes: rbldnsd's 64 KiB lose packets as soon as 160 are on their way (measured)
_FORCE = 33  # SO_RCVBUFFORCE
_PATIENCE = 10_000  # microseconds: a worker looks that often whether something has changed
_NAME_SIZE = {socket.AF_INET: 16, socket.AF_INET6: 28}

_log = logging.getLogger(__name__)


def can_compile() -> bool:
    """Whether the compiled loop fits this system: its structures are those of a 64-bit Linux."""
    return sys.platform == "linux" and sys.byteorder == "little" and platform.architecture()[0] == "64bit"


def open_socket(host: str, port: int) -> socket.socket:
    """A UDP socket at an address of this host, which several workers may have; OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_DGRAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            made.setsockopt(socket.SOL_SOCKET, _FORCE, RECEIVE_BUFFER)
        except OSError:  # only root may; others get as much as net.core.rmem_max allows
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        # The compiled loop must come back by itself; Python's own timeout would make the socket non-blocking.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, _PATIENCE))
        made.bind((host, port))
    except BaseException:
        made.close()
        raise
    return made


class Worker(threading.Thread):
    """Answers at one socket; `rare` takes what it does not answer itself.

    `is_slow`: it answers nothing itself; only the plain loop knows of this.  `sample_every`: see `sampling`.
    """

    def __init__(
        self,
        sock: socket.socket,
        rare: Rare,
        clock: Callable[[], float] = time,
        is_slow: bool = False,
        sample_every: int = 0,
    ) -> None:
        super().__init__(name=f"reputon-udp-{sock.fileno()}", daemon=True)
        self.socket = sock
        self._rare = rare
        self._clock = clock
        self._is_slow = is_slow
        self._buffers: Buffers = buffers(_NAME_SIZE[socket.AddressFamily(sock.family)], sample_every)
        self.ring = Ring(self._buffers.sampling, self._buffers.sampled)
        self._plain = PlainBuffers(self._buffers)
        self._serve: Any = None
        self._stopping = threading.Event()
        self._served: tuple[Arrays, Guard, Any] | None = None
        self._serving: tuple[Arrays, Guard, Any] | None = None
        self.handed_on = 0
        self._not_taken = 0

    def take(self, table: Table, guard: Guard) -> Any:
        """Answer from this table from now on; the counters for it."""
        counts = new_counts(table)
        self._served = table.arrays, guard, counts
        self._buffers.control[STOP] = 1
        return counts

    def is_counting(self, counts: Any) -> bool:
        """Whether it counts into this array, now or soon."""
        used = (self._served, self._serving if self.is_alive() else None)
        return any(each is not None and each[2] is counts for each in used)

    @property
    def lost(self) -> int:
        """Packets that should have gone the slow path, and were dropped because it had no time for them."""
        return int(self._buffers.control[LOST]) + self._plain.control[LOST] + self._not_taken

    def compile(self, serve: Any) -> None:
        """Take the compiled loop from now on."""
        self._serve = serve
        self._buffers.control[STOP] = 1

    def stop(self) -> None:
        """End after what was received is answered."""
        self._stopping.set()
        self._buffers.control[STOP] = 1

    def run(self) -> None:
        """Answer until it is told to stop."""
        while True:
            self._buffers.control[STOP] = 0  # before the rest is read: what changes after that sets it again
            if self._stopping.is_set():
                return
            # Say first what is used, then look whether it still is: else a swap in between would take the counters
            # for unused, add them up, and lose what is counted after that.
            self._serving = self._served
            served, serve = self._served, self._serve
            if served is None or served is not self._serving:
                continue
            if serve is None:
                self._answer_plain(*served)
            else:
                self._answer_left(*served)
                self._run_compiled(serve, served)

    def _run_compiled(self, serve: Any, served: tuple[Arrays, Guard, Any]) -> None:
        try:
            serve(self.socket.fileno(), self._buffers, *served)
        except Exception:  # whatever it is, nobody would be answered any more
            _log.exception("the compiled loop cannot be used: answering in plain Python")
            self._serve = None
            return
        self._hand_on_rare()

    def _hand_on_rare(self) -> None:
        of = self._buffers
        for each in of.rare[: of.control[RARES]].tolist():
            size, name = int(of.received[each, HDR_SIZE]) & 0xFFFF, of.names[each * NAME : (each + 1) * NAME]
            packet = of.packets[each * STRIDE : each * STRIDE + size].tobytes()
            self._hand_on(packet, _client(name.tobytes(), self.socket.family))

    def _hand_on(self, packet: bytes, client: Client) -> None:
        self.handed_on += 1
        try:
            self._rare.put_nowait((packet, client, self.socket))
        except Full:  # it asks again
            self._not_taken += 1

    def _answer_plain(self, arrays: Arrays, guard: Guard, counts: Any) -> None:
        """The same by Python alone, until something changes; what comes after that waits for the next table."""
        of = self._plain
        plain: tuple[Arrays, Guard, Any] = arrays.plain(), guard.plain(), memoryview(counts)
        while True:
            if of.received is None:
                with suppress(OSError):  # nothing came, or an earlier answer did not arrive
                    of.received = self.socket.recvfrom_into(of.view, QUERY)
            if self._buffers.control[STOP]:
                return
            if of.received is not None:
                size, client = of.received
                self._answer_one(size, client, *plain)
                of.received = None

    def _answer_left(self, arrays: Arrays, guard: Guard, counts: Any) -> None:
        """Answer what the plain loop received last, and has left."""
        if self._plain.received is not None:
            self._answer_one(*self._plain.received, arrays.plain(), guard.plain(), memoryview(counts))
            self._plain.received = None

    def _answer_one(self, size: int, client: Client, arrays: Arrays, guard: Guard, counts: Any) -> None:
        of = self._plain
        if self._is_slow:
            self._hand_on(bytes(of.view[:size]), client)
            return
        of.set_clock(self._clock())
        put_name(of.name, client[0])
        length = answer_packet(of.packet, 0, size, of.name, 0, of, arrays, guard, counts)
        if length == RARE:
            self._hand_on(bytes(of.view[:size]), client)
        elif length > 0:
            with suppress(OSError):  # one that cannot be sent is passed over
                self.socket.sendto(of.view[:length], client)


class PlainBuffers:
    """What a loop in plain Python works in."""

    def __init__(self, of: Buffers, size: int = STRIDE) -> None:
        """With the buckets of the compiled loop, which takes over."""
        self.packet = bytearray(size)
        self.view = memoryview(self.packet)
        self.name = bytearray(NAME)
        self.work = [0] * WORK
        self.control = [0] * CONTROL
        self.received: tuple[int, Client] | None = None
        self.buckets, self.slips = memoryview(of.buckets), memoryview(of.slips)
        self.sampling, self.sampled = memoryview(of.sampling), memoryview(of.sampled)

    def set_clock(self, now: float) -> None:
        """Tell the time; new tokens each second."""
        self.control[CLOCK] = int(now)
        self.control[CLOCK + 1] = int((now - int(now)) * 1e9)
        refill(self.control)


def _client(name: bytes, family: int) -> Client:
    """Host and port of a struct sockaddr."""
    if family == socket.AF_INET:
        return socket.inet_ntop(family, name[4:8]), int.from_bytes(name[2:4], "big")
    return socket.inet_ntop(family, name[8:24]), int.from_bytes(name[2:4], "big")
