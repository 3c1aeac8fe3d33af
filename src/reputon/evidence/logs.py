"""Logs of mail servers: what is known of the messages in one, and what became of each recipient as evidence.

Volume is counted from `sent` alone, which stands beside `delivered` and `unknown-user`; what was refused otherwise is
`rejected` and no volume, or a listed spammer would whitewash itself (docs/decisions/0004).
"""

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from reputon.authentication.domains import aligned
from reputon.evidence.files import Line
from reputon.evidence.ingest import Found, unreadable
from reputon.evidence.kinds import Evidence, Kind
from reputon.evidence.tenant import proved
from reputon.mail.milter_log import DmarcPassed, Proof, Signed
from reputon.mail.syslog import Address
from reputon.subject import address_key

OPEN = 100_000  # messages, sessions and proofs that are remembered; the oldest are forgotten
SIGNERS = 10  # of one message that are remembered
UNKNOWN_USER = "5.1.1"  # RFC 3463 section 3.2: bad destination mailbox address

_K = TypeVar("_K")
_V = TypeVar("_V")


class LogReading(ABC):
    """A reader at work on one log file; it reads from the beginning and remembers what earlier lines said."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def line(self, line: Line) -> Iterable[Found]:
        """The evidence that a line completes; a line without its end is still being written."""
        if not line.is_whole:
            return ()
        try:
            return self._read(line.text.decode("utf-8", "replace"))
        except ValueError as error:
            return (unreadable(line, error),)

    @abstractmethod
    def _read(self, text: str) -> Iterable[Evidence]:
        """The evidence that a line completes; ValueError for a broken line of this server's."""


@dataclass(slots=True)
class Mail:
    """What is known of a message: who brought it, which domains were proved, and what waits for that to be known."""

    address: Address | None = None
    sender: str | None = None
    author: str | None = None
    signers: tuple[str, ...] = ()
    is_verified: bool = False
    is_own: bool = False
    is_begun: bool = False
    waiting: tuple[tuple[Kind, int], ...] = ()

    @property
    def is_foreign(self) -> bool:
        """Whether it came from outside: neither from one of our users nor from this host."""
        return self.address is not None and not self.is_own and not self.address.is_loopback

    def learn(self, proof: Proof) -> None:
        """What a milter found."""
        if isinstance(proof, DmarcPassed):
            self.author = proof.domain
        elif isinstance(proof, Signed):
            self.signers = (proof.domain,)  # which of several is the good one, OpenDKIM's lines do not say
        else:
            self.is_verified = True

    def proofs(self, is_spf_passed: bool = False) -> Iterator[str | None]:
        """The domains that were proved, the weightiest first: DMARC, DKIM (the sender's before others), SPF."""
        yield self.author
        if self.is_verified:
            yield from sorted(self.signers, key=lambda each: not (self.sender and aligned(each, self.sender)))
        yield self.sender if is_spf_passed else None


class Queue:
    """The messages of a log by id, for servers whose outcomes and proofs may come before the line of the client."""

    def __init__(self, most: int = OPEN) -> None:
        self._mails: OrderedDict[str, Mail] = OrderedDict()
        self._most = most

    def mail(self, name: str) -> Mail:
        """The message with this id, new where no line spoke of it yet."""
        return self._mails.get(name) or remember(self._mails, name, Mail(), self._most)

    def begun(self, time: datetime, name: str, client: Mail) -> Iterator[Evidence]:
        """Who brought it is known now: the evidence of what became of it before."""
        mail = self.mail(name)
        mail.address, mail.sender, mail.is_own, mail.is_begun = client.address, client.sender, client.is_own, True
        waiting, mail.waiting = mail.waiting, ()
        for kind, count in waiting:
            yield from seen(time, kind, mail, count)

    def ended(self, time: datetime, name: str, kind: Kind, count: int = 1) -> tuple[Evidence, ...]:
        """What became of so many recipients: evidence if it is known who brought it, else it waits."""
        mail = self.mail(name)
        if mail.is_begun:
            return seen(time, kind, mail, count)
        tally = dict(mail.waiting)
        mail.waiting = tuple((tally | {kind: tally.get(kind, 0) + count}).items())
        return ()

    def forget(self, name: str) -> None:
        """The message has left the queue."""
        self._mails.pop(name, None)


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
