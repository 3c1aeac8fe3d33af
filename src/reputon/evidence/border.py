"""Border: where a message came in: the address that our outermost host took it from, and what we wrote above it.

Hosts put their fields on top, so everything above the field of our outermost host is ours; what lies below it was
written by whoever sent the message.  Fields of hosts that took it from an inner address (a filter on loopback, a relay
in a private network, or those that are named) are passed over.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network

from reputon.evidence.kinds import EvidenceError
from reputon.mail import received
from reputon.mail.header import Fields

HOPS = 20  # fields that are looked at

Networks = Iterable[IPv4Network | IPv6Network]


@dataclass(frozen=True, slots=True)
class Border:
    """The host's field, the address that it took the message from and when, and our own Authentication-Results."""

    hop: received.Hop
    address: received.Address
    time: datetime
    results: tuple[str, ...]


def crossed(fields: Fields, own: Networks = (), trusted: frozenset[str] = frozenset()) -> Border:
    """The border of a message, by its header; EvidenceError where it does not show.

    `own`: networks of our relays.  `trusted`: who is believed in Authentication-Results below the border too (some
    servers write it there), as far as it is the first of that name (RFC 8601 section 5: the border removes others).
    """
    networks, above, hops = tuple(own), list[str](), 0
    for at, (name, value) in enumerate(fields):
        if name.lower() == "authentication-results":
            above.append(value)
        if name.lower() != "received" or hops >= HOPS:
            continue
        hops += 1
        hop = received.parse(value)
        if not hop.is_taken:
            continue
        if hop.address is None or hop.time is None:
            raise EvidenceError("our Received names no address that the message came from, or no time")
        if received.is_inner(hop.address) or any(hop.address in each for each in networks):
            continue
        return Border(hop, hop.address, hop.time, tuple(above) or _named(fields[at:], trusted))
    raise EvidenceError("no Received tells which address outside the message came from")


def speaker(results: str) -> str:
    """Who speaks in an Authentication-Results field, lower case."""
    return next(iter(results.partition(";")[0].split()), "").lower()


def _named(fields: Fields, trusted: frozenset[str]) -> tuple[str, ...]:
    """The first field below the border that a trusted host wrote."""
    results = (value for name, value in fields if name.lower() == "authentication-results")
    return tuple([value for value in results if speaker(value) in trusted][:1])
