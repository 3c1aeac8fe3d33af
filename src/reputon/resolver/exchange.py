"""Exchange: many questions in flight over one UDP socket a server, as fast as the servers bear.

Each try has a random number of its own and is matched by server (the socket is connected), number and question, so
that a forger must guess all of them.  The number in flight grows while answers come and is halved when a datagram was
lost: a retry that is answered while the first try never was, or a server that has fallen silent.
"""

import select
import socket
from collections import deque
from collections.abc import Callable, Sequence
from secrets import randbits
from typing import NamedTuple

from reputon.resolver import packets

LEAST, FIRST, MOST = 4, 64, 200  # questions in flight: more loses datagrams at small servers (research/remedy.md 2.3)
_BUFFER = 1 << 21  # bytes
_SIZE = 4096  # bytes of one datagram: more than we say that we take
_EARLY = 0.15  # seconds after which a datagram may be taken for lost, where answers come much faster
_IDLE = 0.05  # seconds to wait at most before the clock is looked at again

Heard = Callable[[int, bytes | None, int], bool]


class Flight(NamedTuple):
    """One try at one question."""

    place: int
    attempt: int
    server: int
    number: int
    sent: float


class Exchange:
    """One batch of packed questions; `run` hands each reply to `heard` as it comes.

    `heard(place, data, server)` says whether the question is done; `data` is None where a server cannot be reached.
    What it leaves open goes to the next server, until every try is spent.  `at` are the monotonic seconds before which
    a question must not be sent.
    """

    def __init__(
        self, servers: Sequence[tuple[str, int]], timeout: float, tries: int, clock: Callable[[], float]
    ) -> None:
        self._timeout, self._tries, self._clock = timeout, tries, clock
        self._sockets = [_connected(server) for server in servers]
        self._by_number: list[dict[int, Flight]] = [{} for _ in servers]
        self._last_heard = [0.0] * len(servers)
        self._flights: deque[Flight] = deque()  # by the time they were sent, since each waits equally long
        self._first: deque[Flight] = deque()  # first tries that were sent once
        self._slowest = 0.0  # seconds that answers took of late
        self._again: deque[tuple[int, int]] = deque()
        self._room = float(FIRST)
        self._halved = 0.0

    def run(self, questions: Sequence[bytes], heard: Heard, at: Sequence[float] | None = None) -> None:
        """Ask until every question is answered or out of tries."""
        self._questions, self._heard = questions, heard
        self._open: dict[int, list[tuple[int, int]]] = {}
        order = range(len(questions)) if at is None else sorted(range(len(questions)), key=at.__getitem__)
        self._due, self._at = deque(order), at
        poller = select.poll()
        for each in self._sockets:
            poller.register(each, select.POLLIN)
        by_descriptor = {each.fileno(): number for number, each in enumerate(self._sockets)}
        started = self._clock()
        try:
            while self._due or self._again or self._flights:
                now = self._clock()
                if not any(self._last_heard) and self._flights and now > started + self._timeout * self._tries:
                    return  # nobody is there: what was not asked yet need not wait for the same silence
                self._send(now)
                self._repeat(now)
                for descriptor, _ in poller.poll(self._wait(now) * 1000):
                    self._receive(by_descriptor[descriptor])
                self._expire(self._clock())
        finally:
            for each in self._sockets:
                each.close()

    def _wait(self, now: float) -> float:
        """Seconds until something is due without a reply."""
        if self._again:
            return 0.0
        ends = [self._flights[0].sent + self._timeout] if self._flights else []
        ends += [self._first[0].sent + self._patience()] if self._first else []
        if self._due and self._at is not None and len(self._open) < self._room:
            ends.append(self._at[self._due[0]])
        return min(max(min(ends, default=now) - now, 0.001), _IDLE)

    def _send(self, now: float) -> None:
        while self._again:
            self._try(*self._again.popleft(), now)
        while self._due and len(self._open) < self._room:
            if self._at is not None and self._at[self._due[0]] > now:
                return
            self._try(self._due.popleft(), 0, now)

    def _try(self, place: int, attempt: int, now: float) -> None:
        tries = self._open.setdefault(place, [])
        server = attempt % len(self._sockets)
        mine = self._by_number[server]
        number = randbits(16)
        while number in mine:
            number = randbits(16)
        flight = mine[number] = Flight(place, attempt, server, number, now)
        tries.append((server, number))
        self._flights.append(flight)
        if not attempt:
            self._first.append(flight)
        self._datagram(flight, now)

    def _datagram(self, flight: Flight, now: float) -> None:
        try:
            self._sockets[flight.server].send(packets.query(flight.number, self._questions[flight.place]))
        except BlockingIOError:
            self._halve(now)  # our own buffer is full: the datagram counts as lost
        except OSError:
            self._failed(flight)

    def _patience(self) -> float:
        """Seconds after which a first try has taken so much longer than others that it is probably lost."""
        return min(max(3 * self._slowest, _EARLY), self._timeout) if self._slowest else self._timeout

    def _repeat(self, now: float) -> None:
        """Send first tries again, as they were, that are probably lost: one datagram must not cost a whole try."""
        before, first = now - self._patience(), self._first
        while first and (first[0].sent <= before or not self._is_open(first[0])):
            flight = first.popleft()
            if self._is_open(flight) and flight.sent + self._timeout > now:
                self._datagram(flight, now)

    def _receive(self, server: int) -> None:
        receive, mine, questions = self._sockets[server].recv, self._by_number[server], self._questions
        for _ in range(MOST):
            try:
                data = receive(_SIZE)
            except BlockingIOError:
                return
            except OSError:  # nobody listens there: whatever this server was asked is not answered by it
                for flight in list(mine.values()):
                    self._failed(flight)
                return
            known = mine.get(packets.identity(data))
            if known is not None and packets.repeats(data, questions[known.place]):
                self._take(known, data)

    def _take(self, flight: Flight, data: bytes) -> None:
        now = self._last_heard[flight.server] = self._clock()
        self._slowest = max(now - flight.sent, self._slowest * 0.98)
        first = self._open[flight.place][0]
        if flight.attempt and first[0] == flight.server and first[1] != flight.number:
            self._halve(now)
        else:
            self._room = min(self._room + 1 / self._room if self._halved else self._room + 1, MOST)
        if self._heard(flight.place, data, flight.server) or not self._retry(flight):
            self._close(flight.place)

    def _failed(self, flight: Flight) -> None:
        done = self._heard(flight.place, None, flight.server)
        if done or not self._retry(flight):
            self._close(flight.place)

    def _retry(self, flight: Flight) -> bool:
        """Ask once more; this try is over.  False where another try is on its way, or none is left."""
        self._by_number[flight.server].pop(flight.number, None)
        tries = self._open[flight.place]
        if len(tries) > flight.attempt + 1:
            return True  # the next try is out already: it will tell
        if flight.attempt + 1 >= self._tries:
            return False
        self._again.append((flight.place, flight.attempt + 1))
        return True

    def _close(self, place: int) -> None:
        for server, number in self._open.pop(place, ()):
            self._by_number[server].pop(number, None)

    def _expire(self, now: float) -> None:
        before = now - self._timeout
        flights = self._flights
        while flights and (flights[0].sent <= before or not self._is_open(flights[0])):
            flight = flights.popleft()
            if not self._is_open(flight):
                continue
            if self._last_heard[flight.server] < flight.sent:
                self._halve(now)
            if flight.attempt + 1 < self._tries:
                self._again.append((flight.place, flight.attempt + 1))  # a late reply to this try still counts
            else:
                self._close(flight.place)

    def _is_open(self, flight: Flight) -> bool:
        return self._by_number[flight.server].get(flight.number) is flight

    def _halve(self, now: float) -> None:
        if now - self._halved >= self._timeout:  # one loss loses many at once
            self._halved = now
            self._room = max(self._room / 2, LEAST)


def _connected(server: tuple[str, int]) -> socket.socket:
    family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
    found = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
    found.connect(server)
    return found
