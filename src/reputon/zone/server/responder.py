"""Responder: one packet at a time, whole: for TCP, for the slow path, and for whoever asks without a server."""

import threading
from collections.abc import Callable, Generator, Iterator
from time import time
from typing import Any, Protocol

from reputon.zone.guard import Guard, open_guard
from reputon.zone.kernel.answer import IGNORE, answer
from reputon.zone.kernel.client import row_of
from reputon.zone.kernel.loop import new_counts, note
from reputon.zone.kernel.question import RARE, RCODE, REFUSED, WORK, ZONE
from reputon.zone.kernel.writing import ROOM
from reputon.zone.server import rare
from reputon.zone.server.rare import Identity, Ordinary
from reputon.zone.table import Table

TCP_SIZE = 65535
QUERY_SIZE = 4096  # bytes: no honest question is longer

Elsewhere = Callable[[bytes], bytes | None]


class Transfers(Protocol):
    """What serves whole zones (AXFR, IXFR)."""

    def serve(self, message: bytes, client: str, over_tcp: bool) -> Iterator[bytes] | None:
        """The messages that answer this one; None: it is none of its business."""
        ...

    def published(self, old: Table | None, new: Table) -> None:
        """What is served has changed; called in a thread of its own, table by table."""
        ...

    def close(self) -> None:
        """The server stops."""
        ...


class Responder:
    """Answers from the table in force; for one thread at a time each.

    `elsewhere` answers for names that are not ours.
    """

    def __init__(
        self,
        table: Table,
        guard: Guard | None = None,
        identity: Identity | None = None,
        clock: Callable[[], float] = time,
        transfers: Transfers | None = None,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        self._identity = identity or Identity()
        self._clock = clock
        self._transfers = transfers
        self._elsewhere = elsewhere
        self._counting = threading.Lock()  # streams and the slow path have a thread each
        self.take(table, guard or open_guard(table))

    def take(self, table: Table, guard: Guard) -> Any:
        """Answer from this table from now on; the counters for it."""
        counts = new_counts(table)
        with self._counting:
            self._served = table.arrays.plain(), guard.plain(), counts
        return counts

    def is_counting(self, counts: Any) -> bool:
        """Whether it counts into this array."""
        return self._served[2] is counts

    def respond(self, packet: bytes, client: str, over_tcp: bool = False) -> Generator[bytes, None, None]:
        """The messages that answer a packet: one, none, or a transfer's many."""
        if self._is_ignored(client):
            return
        said = self._ordinary(client, TCP_SIZE if over_tcp else 0)(packet)
        if said is None:
            moved = self._transfers.serve(packet, client, over_tcp) if self._transfers is not None else None
            if moved is not None:
                yield from moved
                return
            said = rare.respond(packet, self._ordinary(client, TCP_SIZE), self._identity, over_tcp)
        if said:
            yield said

    def one(self, packet: bytes, client: str, over_tcp: bool = False) -> bytes | None:
        """The first message that answers a packet; None: say nothing."""
        return next(self.respond(packet, client, over_tcp), None)

    def _ordinary(self, client: str, most: int) -> Ordinary:
        """How the kernel answers this client: None is rare, and nothing is silence."""

        def said(packet: bytes) -> bytes | None:
            buffer, work = bytearray(packet) + bytes(TCP_SIZE + ROOM), [0] * WORK
            arrays, guard, _ = served = self._served
            row = row_of(guard, client) if client else 0
            length = answer(buffer, 0, len(packet), arrays, guard, row, int(self._clock()), most, work)
            if length == RARE:
                return None
            self._note(served, work, length)
            if self._elsewhere is not None and length and work[ZONE] < 0 and work[RCODE] == REFUSED:
                return self._elsewhere(packet) or b""
            return bytes(buffer[: max(0, length)])

        return said

    def _is_ignored(self, client: str) -> bool:
        """Whether all zones ignore a client."""
        _, guard, counts = self._served
        return bool(client) and guard.actions[row_of(guard, client), len(counts) - 1] == IGNORE

    def _note(self, served: Any, work: list[int], length: int) -> None:
        with self._counting:
            if served is self._served:  # else the zones may be others, and who counts has gone
                note(served[2], work, length)
