"""Server: a table on the network: UDP workers, TCP streams and the slow path, put together, and the next table."""

import logging
import secrets
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from queue import Queue, SimpleQueue
from time import time
from types import TracebackType
from typing import Self

from reputon.zone.content import ContentError
from reputon.zone.guard import Protection, guard, key_counts, new_uses
from reputon.zone.kernel.sampling import Sample
from reputon.zone.machine import native
from reputon.zone.server.rare import Identity
from reputon.zone.server.responder import Elsewhere, Responder, Transfers
from reputon.zone.server.streams import Limits, Streams
from reputon.zone.server.worker import Rare, Worker, can_compile, open_socket
from reputon.zone.statistics.counting import Counters
from reputon.zone.statistics.seen import Seen
from reputon.zone.table import Table

Address = tuple[str, int]

_TRIES = 20  # ports that are free for UDP, until one is free for TCP too
_BACKLOG = 128
_RARE = 256  # packets that wait for the slow path
_STOP = 5.0  # seconds

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Options:
    """How a server runs.

    `threads` at each address.  `is_fast`: whether the loop is compiled.  `elsewhere` answers for names that are not
    ours, and needs the plain loop.  `when_bound` is called with all ports bound and no thread started.
    `loop` is the compiled one, where somebody has it already.
    `sample_every`th answers over UDP can be read by `samples`; 0: none.
    """

    threads: int = 1
    is_fast: bool = True
    limits: Limits = field(default_factory=Limits)
    identity: Identity = field(default_factory=Identity)
    clock: Callable[[], float] = time
    transfers: Transfers | None = None
    elsewhere: Elsewhere | None = None
    protection: Protection = field(default_factory=Protection)
    when_bound: Callable[[], None] | None = None
    loop: native.Serve | None = None
    sample_every: int = 0


class Server:
    """Answers at each address over UDP and TCP, from `start` to `stop`, or inside of a `with`."""

    def __init__(self, table: Table, listen: Iterable[Address], options: Options | None = None) -> None:
        self._options = options or Options()
        self._listen = tuple(listen)
        self._rare: Rare = Queue(_RARE)
        self._responder = Responder(
            table, None, self._options.identity, self._options.clock, self._options.transfers, self._options.elsewhere
        )
        self._udp: list[socket.socket] = []
        self._tcp: list[socket.socket] = []
        self._workers: list[Worker] = []
        self._streams: Streams | None = None
        self._slow = threading.Thread(target=self._answer_rare, name="reputon-rare", daemon=True)
        self._counters = Counters()
        self._swaps = 0
        self._swapping = threading.Lock()
        self._is_compiled = False
        self._seed = secrets.randbits(32)
        self._uses = new_uses(self._options.protection)  # of keys: quotas outlive tables
        self._published: SimpleQueue[Table | None] = SimpleQueue()
        self._publishing = threading.Thread(target=self._publish, name="reputon-publish", daemon=True)
        self.table = table

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Where it listens; a port that was asked for as 0 has its number."""
        return tuple(each.getsockname()[:2] for each in self._tcp)

    def start(self) -> None:
        """Listen and answer; OSError with the address where that is not possible."""
        try:
            for host, port in self._listen:
                self._open(host, port)
            if self._options.when_bound is not None:
                self._options.when_bound()
            is_slow = self._options.elsewhere is not None
            self._workers = [
                Worker(each, self._rare, self._options.clock, is_slow, self._options.sample_every) for each in self._udp
            ]
            self._streams = Streams(self._tcp, self._responder, self._options.limits)
            self.swap(self.table)
        except BaseException:
            self._close()
            raise
        self._published.put(self.table)
        self._publishing.start()
        self._slow.start()
        self._streams.start()
        for worker in self._workers:
            worker.start()
        if self._options.is_fast and self._options.elsewhere is None and can_compile():
            threading.Thread(target=self._compile, name="reputon-compile", daemon=True).start()

    def stop(self) -> None:
        """Answer what was received, and close everything."""
        for worker in self._workers:
            worker.stop()
        for worker in self._workers:
            worker.join(_STOP)
        self._rare.put((b"", ("", 0), None))
        self._slow.join(_STOP)
        if self._streams is not None:
            self._streams.stop()
        self._published.put(None)
        if self._options.transfers is not None:
            self._options.transfers.close()
        self._publishing.join(_STOP)
        self._close()

    def swap(self, table: Table) -> None:
        """Answer from this table from now on; no packet is lost, and none is answered by half of each."""
        guarded = guard(self._options.protection, table, self._uses, self._seed)
        with self._swapping:
            if self.table is not table:
                self._published.put(table)
            for worker in self._workers:
                self._counters.add(table, worker.take(table, guarded), worker.is_counting)
            self._counters.add(table, self._responder.take(table, guarded), self._responder.is_counting)
            self._swaps += self.table is not table
            self.table = table

    def counters(self) -> dict[str, dict[str, int]]:
        """For each apex, how often what happened since the start; `""` is for what is in no zone of ours."""
        return self._counters.totals()

    def seen(self) -> Seen:
        """What it has done and what it serves."""
        of = self._workers
        return Seen(
            self.table, self.counters(), self._swaps, self._is_compiled,
            sum(each.handed_on for each in of), sum(each.lost for each in of),
            sum(each.ring.taken for each in of), sum(each.ring.lost for each in of),
            key_counts(self._options.protection, self._uses),
        )  # fmt: skip

    def samples(self) -> Iterator[Sample]:
        """Answers that were noted and not read yet; for one thread."""
        for worker in self._workers:
            yield from worker.ring.take(not worker.is_alive())

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _compile(self) -> None:
        """Give the workers the compiled loop; without it they go on as they are."""
        serve = self._options.loop or native.serve()
        if serve is None:
            return
        for worker in self._workers:
            worker.compile(serve)
        self._is_compiled = True

    def _answer_rare(self) -> None:
        while True:
            packet, client, sock = self._rare.get()
            if sock is None:
                return
            try:
                said = self._responder.one(packet, client[0])
            except Exception:  # our own fault: the client asks elsewhere, and the next question is answered
                _log.exception("cannot answer a packet of %d bytes", len(packet))
                continue
            with suppress(OSError):
                if said is not None:
                    sock.sendto(said, client)

    def _publish(self) -> None:
        """Tell whoever serves whole zones of the newest table, again and again: each takes seconds."""
        before = None
        while (table := self._published.get()) is not None:
            while not self._published.empty():
                table = self._published.get() or table
            if self._options.transfers is not None:
                try:
                    self._options.transfers.published(before, table)
                except Exception:  # our own fault: the next table may be told of
                    _log.exception("secondaries cannot be told of a table")
            before = table

    def _open(self, host: str, port: int) -> None:
        for left in reversed(range(1 if port else _TRIES)):
            udp = []
            try:
                udp.append(open_socket(host, port))
                bound = udp[0].getsockname()[1]
                udp += [open_socket(host, bound) for _ in range(1, self._options.threads)]
                self._tcp.append(_listen_tcp(host, bound))
            except OSError as error:
                for each in udp:
                    each.close()
                if not left:
                    raise OSError(f"cannot listen at {host}:{port}: {error.strerror}: choose another address") from None
            else:
                self._udp += udp
                return

    def _close(self) -> None:
        for each in (*self._udp, *self._tcp):
            each.close()


def _listen_tcp(host: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if made.family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((host, port))
        made.listen(_BACKLOG)
    except BaseException:
        made.close()
        raise
    return made


def parse_address(text: str) -> Address:
    """`ADDRESS:PORT` or `[IPv6]:PORT`; ContentError says what is wrong."""
    host, _, port = text.strip().rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        address = str(ip_address(bare))
    except ValueError:
        address = ""
    if not address or (":" in address) != (bare != host) or not _is_port(port):
        raise ContentError(f"{text!r} is no address to listen at: write it as 127.0.0.1:5353 or [::1]:5353")
    return address, int(port)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) < 1 << 16
