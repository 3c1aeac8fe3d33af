"""Primary: what secondaries ask of us and are told by us: AXFR, IXFR, NOTIFY and TSIG.

For a server: call `serve` with every message that the kernel finds RARE, over UDP and over TCP, and send what it
yields one by one; over TCP in a thread of the connection, with a time-out of `settings.message_seconds` for each send.
If sending fails, or `serve`'s iterator raises reply.TransferError, close the connection, and the iterator (`.close()`).
Call `published` after each swap of tables, and once with None at the start.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dns.edns
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype

from reputon.zone.content import ContentError
from reputon.zone.kernel import layout
from reputon.zone.table import Table, ZoneOf
from reputon.zone.transfer.difference import difference
from reputon.zone.transfer.journal import Journal
from reputon.zone.transfer.messages import Step, messages, soa_of, step_items, whole
from reputon.zone.transfer.notify import Notifier
from reputon.zone.transfer.reply import Bounded, Reply
from reputon.zone.transfer.serials import is_newer
from reputon.zone.transfer.settings import TransferSettings
from reputon.zone.transfer.signing import checked, signed

LONGEST_QUERY = 4096  # bytes
_SIGNS = b"\0\xfb\0\1", b"\0\xfc\0\1", b"\0\xfa\0\xff"  # the type and class of IXFR, AXFR and TSIG
_log = logging.getLogger(__name__)


class Primary:
    """Answers secondaries from the table in force.  Safe to call from several threads."""

    def __init__(
        self,
        table: Callable[[], Table],
        settings: TransferSettings,
        folder: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`folder`: for the differences, beside the table; None: in memory only."""
        self.settings = settings
        self._table = table
        self._keys = settings.by_name()
        self._clock = clock
        self._journal = Journal(folder, settings.journal_records)
        self._notifier = Notifier(self._keys)
        self._slots = threading.BoundedSemaphore(settings.at_once)

    def published(self, old: Table | None, new: Table) -> None:
        """Keep what changed, and tell the secondaries; takes some seconds for a million entries.

        Call it in the thread that swapped.  Until it returns, who asks for changes gets the whole zone.
        A zone that cannot be transferred is told in the log; others are not touched by it.
        """
        rows = {zone.apex: row for row, zone in enumerate(old.zones)} if old is not None else {}
        for row, zone in enumerate(new.zones):
            transfers = self.settings.of(zone.apex)
            if transfers.clients or transfers.keys or transfers.notify:
                try:
                    self._keep(old, rows.get(zone.apex), new, row)
                    self._notifier.tell(zone.apex, soa_of(new, row), transfers.notify)
                except ContentError as error:
                    _log.error("%s cannot be transferred: %s", zone.apex, error)

    def serve(self, message: bytes, client: str, over_tcp: bool) -> Iterator[bytes] | None:
        """The messages of the answer, none if there is to be none; None: not a secondary's question, others answer.

        The iterator raises TransferError where the answer cannot be ended.
        """
        if not _may_concern(message):
            return None
        query = _read(message)
        if query is None:
            return iter((_bare(message),)) if len(message) >= 12 and not message[2] & 0x80 else iter(())
        by = checked(query, message, self._keys, int(self._clock()))
        is_transfer = bool(query.question) and query.question[0].rdtype in (dns.rdatatype.AXFR, dns.rdatatype.IXFR)
        if by is None and not is_transfer and query.opcode() != dns.opcode.NOTIFY:
            return None
        answer = Reply(query, message, by)
        return self._sent(answer, client, over_tcp)

    def close(self) -> None:
        """Tell nobody any more."""
        self._notifier.close()

    def _keep(self, old: Table | None, old_row: int | None, new: Table, row: int) -> None:
        apex, serial = new.zones[row].apex, new.zones[row].serial
        if old is None or old_row is None:
            self._journal.load(apex, serial)
        elif old.zones[old_row].serial != serial:
            is_next = is_newer(serial, old.zones[old_row].serial)
            self._journal.add(apex, difference(old, old_row, new, row) if is_next else None, serial)

    def _sent(self, answer: Reply, client: str, over_tcp: bool) -> Iterator[bytes]:
        told = self._answered(answer, client, over_tcp)
        try:
            yield from signed(told, answer.by, self._clock)
        finally:
            if isinstance(told, Bounded):
                told.close()

    def _answered(self, answer: Reply, client: str, over_tcp: bool) -> Iterator[bytes]:
        query = answer.query
        if answer.by is not None and answer.by.error:
            return answer.refused(dns.rcode.NOTAUTH)
        if query.opcode() != dns.opcode.QUERY:
            # We are the primary: nobody has a newer zone than we.
            return answer.refused(dns.rcode.REFUSED if query.opcode() == dns.opcode.NOTIFY else dns.rcode.NOTIMP)
        if len(query.question) != 1 or query.question[0].rdclass != dns.rdataclass.IN:
            return answer.refused(dns.rcode.FORMERR if len(query.question) != 1 else dns.rcode.REFUSED)
        table = self._table()
        apex = query.question[0].name.to_text(omit_final_dot=True).lower()
        row = next((row for row, zone in enumerate(table.zones) if zone.apex == apex), None)
        if row is None:
            return answer.refused(dns.rcode.NOTAUTH)
        if not self.settings.of(apex).allow(client, answer.by.name if answer.by is not None else ""):
            _log.info("%s may not have %s", client, apex)
            return answer.refused(dns.rcode.REFUSED, dns.edns.EDECode.PROHIBITED)
        stale = int(table.arrays.zones[row, layout.STALE])
        if stale and self._clock() >= stale:
            return answer.refused(dns.rcode.SERVFAIL)
        return self._allowed(answer, table, row, client, over_tcp)

    def _allowed(self, answer: Reply, table: Table, row: int, client: str, over_tcp: bool) -> Iterator[bytes]:
        rdtype = answer.query.question[0].rdtype
        soa = soa_of(table, row)
        if rdtype == dns.rdatatype.SOA:
            return answer.single(soa)
        if rdtype == dns.rdatatype.AXFR:
            return self._long(answer, table, row, client) if over_tcp else answer.refused(dns.rcode.FORMERR)
        if rdtype != dns.rdatatype.IXFR:
            return answer.refused(dns.rcode.REFUSED)
        has = answer.serial()
        if has is None:
            return answer.refused(dns.rcode.FORMERR)
        # Over UDP a client that is behind asks again over TCP (RFC 1995 section 2).
        if not over_tcp or not is_newer(table.zones[row].serial, has):
            return answer.single(soa)
        return self._long(answer, table, row, client, self._steps(table.zones[row], has))

    def _steps(self, zone: ZoneOf, has: int) -> tuple[Step, ...] | None:
        """The differences since a serial; None where they are not known, or longer than the zone."""
        steps = self._journal.steps(zone.apex, has, zone.serial)
        is_long = steps is not None and len(steps) > 1 and sum(each.count() for each in steps) > zone.entries
        return None if is_long else steps

    def _long(
        self, answer: Reply, table: Table, row: int, client: str, steps: tuple[Step, ...] | None = None
    ) -> Iterator[bytes]:
        """The differences, or else the whole zone."""
        zone = table.zones[row]
        if not self._slots.acquire(blocking=False):
            _log.warning("%s does not get %s now: %s transfers run", client, zone.apex, self.settings.at_once)
            return answer.refused(dns.rcode.SERVFAIL)
        _log.info("%s gets %s %s, serial %s", client, "changes of" if steps else "all of", zone.apex, zone.serial)
        if steps is None:
            told = whole(answer.begin(), table, row)
        else:
            told = messages(answer.begin(), step_items(steps, soa_of(table, row)))
        return Bounded(answer.with_options(told), self._slots, self.settings)


def _may_concern(raw: bytes) -> bool:
    """Whether a packet may be NOTIFY, a transfer or signed; most others need not be read for that."""
    is_notify = len(raw) > 2 and raw[2] >> 3 & 15 == dns.opcode.NOTIFY
    return is_notify or any(each in raw for each in _SIGNS)


def _read(raw: bytes) -> dns.message.Message | None:
    """A query; None: it cannot be read.  Its signature is not looked at yet."""
    if not 12 <= len(raw) <= LONGEST_QUERY or raw[2] & 0x80:
        return None
    try:
        return dns.message.from_wire(raw, keyring=False)
    except Exception:  # a parser of hostile bytes: whatever it trips over, the packet is malformed
        return None


def _bare(raw: bytes) -> bytes:
    """FORMERR, without the question: it may be what cannot be read."""
    opcode = raw[2] & 0x78
    return raw[:2] + bytes((0x80 | opcode, dns.rcode.FORMERR)) + bytes(8)
