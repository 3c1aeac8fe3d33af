"""Reply: the messages that answer a secondary's query, and the bounds of a long answer."""

import threading
import time
from collections.abc import Iterator

import dns.edns
import dns.message
import dns.rcode
import dns.rdatatype
from dns.rdtypes.ANY.SOA import SOA

from reputon.zone.content import ContentError
from reputon.zone.transfer.messages import header, messages
from reputon.zone.transfer.settings import TransferSettings
from reputon.zone.transfer.signing import Signed


class TransferError(OSError):
    """A transfer that cannot be ended: close the connection, so that the client does not take a part for all."""


class Reply:
    """One query, and what the messages of its answer have in common."""

    def __init__(self, query: dns.message.Message, raw: bytes, by: Signed | None) -> None:
        self.query = query
        self.by = by
        self._raw = raw

    def begin(self) -> bytes:
        """The header and the question, with the letters as they were asked."""
        end = 12 + len(self.query.question[0].name.to_wire() or b"") + 4
        return header(self._raw, self._raw[12:end])

    def serial(self) -> int | None:
        """The serial that the client of an IXFR has."""
        for rrset in self.query.authority:
            if rrset.rdtype == dns.rdatatype.SOA and isinstance(rrset[0], SOA):
                return rrset[0].serial
        return None

    def single(self, soa: bytes) -> Iterator[bytes]:
        """The SOA alone."""
        return self.with_options(messages(self.begin(), [(b"", (soa,))]))

    def with_options(self, told: Iterator[bytes]) -> Iterator[bytes]:
        """The first message with an OPT record where the query had one (RFC 5936 section 2.2.5)."""
        for number, message in enumerate(told):
            if number == 0 and self.query.edns >= 0:
                yield message[:11] + b"\1" + message[12:] + b"\0\0\x29\x04\xd0\0\0\0\0\0\0"
            else:
                yield message

    def refused(self, rcode: int, why: dns.edns.EDECode | None = None) -> Iterator[bytes]:
        """A response without records, with an extended error where the query had EDNS."""
        response = dns.message.make_response(self.query, our_payload=1232)
        response.tsig = None
        response.want_tsig_sign = False
        response.set_rcode(dns.rcode.Rcode(rcode))
        if why is not None and self.query.edns >= 0:
            response.use_edns(0, 0, 1232, options=[dns.edns.EDEOption(why)])
        return iter((response.to_wire(),))


class Bounded:
    """An iterator of messages that gives its slot back when it ends, by whatever way, and that ends in time."""

    def __init__(self, told: Iterator[bytes], slots: threading.BoundedSemaphore, settings: TransferSettings) -> None:
        self._told = told
        self._slots: threading.BoundedSemaphore | None = slots
        self._settings = settings
        self._begun = time.monotonic()
        self._last = self._begun

    def __iter__(self) -> "Bounded":
        return self

    def __next__(self) -> bytes:
        now = time.monotonic()
        if now - self._last > self._settings.message_seconds or now - self._begun > self._settings.seconds:
            self.close()
            raise TransferError("the client takes the zone too slowly")
        try:
            message = next(self._told)
        except ContentError as error:
            self.close()
            raise TransferError(str(error)) from error
        except BaseException:
            self.close()
            raise
        self._last = time.monotonic()
        return message

    def close(self) -> None:
        """Give the slot back."""
        slots, self._slots = self._slots, None
        if slots is not None:
            slots.release()
