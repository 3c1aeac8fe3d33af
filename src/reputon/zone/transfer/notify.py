"""Notify: telling secondaries that a zone changed (RFC 1996), until they have heard it or many tries went unheard."""

import logging
import random
import select
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from reputon.zone.transfer.settings import Secondary
from reputon.zone.transfer.signing import Key

TRIES = 6
FIRST_WAIT = 2.0  # seconds until the second try; each wait is twice the one before
MOST_WAITING = 10_000
_LONGEST = 4096  # bytes of an answer
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Telling:
    """What one secondary is told of one zone."""

    message: dns.message.Message
    wire: bytes
    tries: int = 0
    due: float = 0.0


class Notifier:
    """A thread that tells secondaries; only the newest change of a zone waits for each."""

    def __init__(self, keys: Mapping[str, Key]) -> None:
        self._keys = dict(keys)
        self._waiting: dict[tuple[str, Secondary], _Telling] = {}
        self._lock = threading.Lock()
        self._wake: socket.socket | None = None  # made with the thread: most servers have nobody to tell
        self._sockets: dict[int, socket.socket] = {}
        self._is_closed = False
        self._thread: threading.Thread | None = None

    def tell(self, apex: str, soa: bytes, secondaries: tuple[Secondary, ...]) -> None:
        """Tell them of a zone's new SOA, soon and in another thread."""
        with self._lock:
            for secondary in secondaries:
                if len(self._waiting) >= MOST_WAITING:
                    _log.warning("too many secondaries wait to be told: %s at %s is not", apex, secondary.address)
                    return
                self._waiting[apex, secondary] = self._telling(apex, soa, secondary)
            if self._waiting and self._thread is None and not self._is_closed:
                self._wake, woken = socket.socketpair()
                self._thread = threading.Thread(target=self._run, args=(woken,), name="reputon-notify", daemon=True)
                self._thread.start()
        self._rouse()

    def close(self) -> None:
        """Tell nobody any more."""
        with self._lock:
            self._is_closed = True
        self._rouse()
        if self._thread is not None and self._wake is not None:
            self._thread.join()
            self._wake.close()

    def _rouse(self) -> None:
        """Let the thread look again."""
        if self._wake is not None:
            with suppress(OSError):
                self._wake.send(b"!")

    def _telling(self, apex: str, soa: bytes, secondary: Secondary) -> _Telling:
        message = dns.message.make_query(f"{apex}.", dns.rdatatype.SOA, id=random.SystemRandom().getrandbits(16))
        message.set_opcode(dns.opcode.NOTIFY)
        message.flags = (message.flags & ~dns.flags.RD) | dns.flags.AA
        rdata = dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.SOA, soa, 10, len(soa) - 10)
        message.answer.append(dns.rrset.from_rdata(message.question[0].name, int.from_bytes(soa[4:8], "big"), rdata))
        if secondary.key:
            message.use_tsig(self._keys[secondary.key].for_dns())
        return _Telling(message, b"")

    def _run(self, woken: socket.socket) -> None:
        while True:
            with self._lock:
                if self._is_closed:
                    break
                wait = self._send_due(time.monotonic())
                watched = [woken, *self._sockets.values()]
            readable, _, _ = select.select(watched, [], [], wait)
            for each in readable:
                if each is woken:
                    each.recv(4096)
                else:
                    self._hear(each)
        for each in (woken, *self._sockets.values()):
            each.close()

    def _send_due(self, now: float) -> float | None:
        """Send what is due; seconds until more is."""
        for (apex, secondary), telling in list(self._waiting.items()):
            if telling.due > now:
                continue
            if telling.tries >= TRIES:
                del self._waiting[apex, secondary]
                _log.warning("%s did not hear that %s changed; it asks by itself later", secondary.address, apex)
                continue
            # Signed anew at each try: the time is in the signature.
            telling.wire = telling.message.to_wire()
            telling.due = now + FIRST_WAIT * 2**telling.tries
            telling.tries += 1
            with suppress(OSError):  # no route now: the next try may have one
                self._socket(secondary).sendto(telling.wire, (secondary.address, secondary.port))
        return min((each.due - now for each in self._waiting.values()), default=None)

    def _socket(self, secondary: Secondary) -> socket.socket:
        family = socket.AF_INET6 if ":" in secondary.address else socket.AF_INET
        if family not in self._sockets:
            made = self._sockets[family] = socket.socket(family, socket.SOCK_DGRAM)
            made.setblocking(False)
        return self._sockets[family]

    def _hear(self, from_whom: socket.socket) -> None:
        try:
            data, address = from_whom.recvfrom(_LONGEST)
        except OSError:
            return  # a secondary that does not run yet: the system tells so here
        with self._lock:
            for (apex, secondary), telling in list(self._waiting.items()):
                if (secondary.address, secondary.port) == address[:2] and telling.wire[:2] == data[:2]:
                    self._settle(apex, secondary, telling, data)
                    return

    def _settle(self, apex: str, secondary: Secondary, telling: _Telling, data: bytes) -> None:
        try:
            heard = dns.message.from_wire(
                data, keyring=telling.message.keyring or False, request_mac=telling.message.mac or b""
            )
        except (dns.exception.DNSException, ValueError):
            return  # anybody may send this: it does not end the tries
        if not heard.flags & dns.flags.QR or heard.opcode() != dns.opcode.NOTIFY:
            return
        del self._waiting[apex, secondary]
        if heard.rcode() != dns.rcode.NOERROR:
            code = dns.rcode.to_text(heard.rcode())
            _log.warning("%s answered %s when told that %s changed: allow us there", secondary.address, code, apex)
