"""Worker: a thread with a UDP socket of its own, which answers: at first in plain Python, then compiled."""

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

from reputon.zone.answer import answer
from reputon.zone.layout import Arrays
from reputon.zone.loop import (
    CONTROL,
    HDR_SIZE,
    NAME,
    QUERY,
    RARES,
    STOP,
    STRIDE,
    TOKENS,
    Buffers,
    Guard,
    buffers,
    new_counts,
    note,
    refill,
)  # fmt: skip
from reputon.zone.question import RARE, WORK
from reputon.zone.table import Table

Client = tuple[str, int]
Rare = Queue[tuple[bytes, Client, socket.socket | None]]  # without a socket: there is no more
RECEIVE_BUFFER = 4 << 20  # bytes: rbldnsd's 64 KiB lose packets as soon as 160 are on their way (measured)
_FORCE = 33  # SO_RCVBUFFORCE
_PATIENCE = 10_000  # microseconds: a worker looks that often whether something has changed
_NAME_SIZE = {socket.AF_INET: 16, socket.AF_INET6: 28}


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

    `is_slow`: it answers nothing itself; only the plain loop knows of this.
    """

    def __init__(
        self, sock: socket.socket, rare: Rare, clock: Callable[[], float] = time, is_slow: bool = False
    ) -> None:  # fmt: skip
        super().__init__(name=f"reputon-udp-{sock.fileno()}", daemon=True)
        self.socket = sock
        self._rare = rare
        self._clock = clock
        self._is_slow = is_slow
        self._buffers: Buffers = buffers(_NAME_SIZE[socket.AddressFamily(sock.family)])
        self._serve: Any = None
        self._stopping = False
        self._served: tuple[Arrays, Guard, Any] | None = None

    def take(self, table: Table, guard: Guard) -> Any:
        """Answer from this table from now on; the counters for it."""
        counts = new_counts(table)
        self._served = table.arrays, guard, counts
        self._buffers.control[STOP] = 1
        return counts

    def compile(self, serve: Any) -> None:
        """Take the compiled loop from now on."""
        self._serve = serve

    def stop(self) -> None:
        """End after what was received is answered."""
        self._stopping = True
        self._buffers.control[STOP] = 1

    def run(self) -> None:
        """Answer until it is told to stop."""
        while not self._stopping:
            self._buffers.control[STOP] = 0  # before the rest is read: what changes after that sets it again
            served, serve = self._served, self._serve
            assert served is not None
            if self._stopping:
                return
            if serve is None:
                self._answer_plain(*served)
            else:
                serve(self.socket.fileno(), self._buffers, *served)
                self._hand_on_rare()

    def _hand_on_rare(self) -> None:
        of = self._buffers
        for each in of.rare[: of.control[RARES]].tolist():
            size, name = int(of.received[each, HDR_SIZE]) & 0xFFFF, of.names[each * NAME : (each + 1) * NAME]
            packet = of.packets[each * STRIDE : each * STRIDE + size].tobytes()
            self._hand_on(packet, _client(name.tobytes(), self.socket.family))

    def _hand_on(self, packet: bytes, client: Client) -> None:
        with suppress(Full):  # it asks again
            self._rare.put_nowait((packet, client, self.socket))

    def _answer_plain(self, arrays: Arrays, guard: Guard, counts: Any) -> None:
        """The same by Python alone, until something changes."""
        of, plain = PlainBuffers(), arrays.plain()
        allowed, counted = guard.plain(), memoryview(counts)
        while not self._buffers.control[STOP] and self._serve is None:
            try:
                size, client = self.socket.recvfrom_into(of.view, QUERY)
            except OSError:
                continue  # nothing came, or an earlier answer did not arrive
            if self._is_slow:
                self._hand_on(bytes(of.view[:size]), client)
                continue
            now = int(self._clock())
            refill(of.control, now)
            length = answer(of.packet, 0, size, plain, allowed.actions, 0, now, 0, of.work)
            note(counted, of.work, length)
            if length == RARE and of.control[TOKENS] > 0:
                of.control[TOKENS] -= 1
                self._hand_on(bytes(of.view[:size]), client)
            elif length > 0:
                with suppress(OSError):  # one that cannot be sent is passed over
                    self.socket.sendto(of.view[:length], client)


class PlainBuffers:
    """What a loop in plain Python works in."""

    def __init__(self, size: int = STRIDE) -> None:
        self.packet = bytearray(size)
        self.view = memoryview(self.packet)
        self.work = [0] * WORK
        self.control = [0] * CONTROL


def _client(name: bytes, family: int) -> Client:
    """Host and port of a struct sockaddr."""
    if family == socket.AF_INET:
        return socket.inet_ntop(family, name[4:8]), int.from_bytes(name[2:4], "big")
    return socket.inet_ntop(family, name[8:24]), int.from_bytes(name[2:4], "big")
