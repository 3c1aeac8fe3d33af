"""Queue: the messages that a mail server's log tells of, and what became of each recipient as evidence.

Volume is counted from `sent` alone, which stands beside `delivered` and `unknown-user`; what was refused otherwise is
`rejected` and no volume, or a listed spammer would whitewash itself (docs/decisions/0004).
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from reputon.authentication.domains import aligned
from reputon.evidence.kinds import Evidence, Kind
from reputon.evidence.tenant import proved
from reputon.mail.syslog import Address
from reputon.subject import address_key

OPEN = 100_000  # messages, sessions and proofs that are remembered; the oldest are forgotten
SIGNERS = 10  # of one message that are remembered
UNKNOWN_USER = "5.1.1"  # RFC 3463 section 3.2: bad destination mailbox address

_K = TypeVar("_K")
_V = TypeVar("_V")


@dataclass(slots=True)
class Mail:
    """What is known of a message in the queue: who brought it, and the domains that were proved."""

    address: Address | None = None
    sender: str | None = None
    author: str | None = None
    signers: tuple[str, ...] = ()
    is_verified: bool = False
    is_own: bool = False

    @property
    def is_foreign(self) -> bool:
        """Whether it came from outside: neither from one of our users nor from this host."""
        return self.address is not None and not self.is_own and not self.address.is_loopback

    def proofs(self, is_spf_passed: bool = False) -> Iterator[str | None]:
        """The domains that were proved, the weightiest first: DMARC, DKIM (the sender's before others), SPF."""
        yield self.author
        if self.is_verified:
            yield from sorted(self.signers, key=lambda each: not (self.sender and aligned(each, self.sender)))
        yield self.sender if is_spf_passed else None


def outcome(enhanced: str | None) -> Kind:
    """What a final refusal with this code is evidence of."""
    return Kind.UNKNOWN_USER if enhanced == UNKNOWN_USER else Kind.REJECTED


def seen(time: datetime, kind: Kind, mail: Mail, count: int = 1, is_spf_passed: bool = False) -> tuple[Evidence, ...]:
    """The evidence of what became of so many recipients; none of our own users' mail.  SubjectError: no such sender."""
    if mail.address is None or not mail.is_foreign:
        return ()
    subject = address_key(mail.address)
    tenant = proved(mail.proofs(is_spf_passed), subject)
    found = Evidence(time, subject, tenant, kind, count)
    return (found,) if kind is Kind.REJECTED else (Evidence(time, subject, tenant, Kind.SENT, count), found)


def remember(known: "OrderedDict[_K, _V]", key: _K, value: _V, most: int = OPEN) -> _V:
    """Remember the latest; the oldest is forgotten."""
    known[key] = value
    if len(known) > most:
        known.popitem(last=False)
    return value
