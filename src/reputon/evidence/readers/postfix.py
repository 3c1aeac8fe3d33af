"""Evidence in the log of a receiving Postfix: each recipient that a client tried, and what became of it.

The log is read by queue id, from its beginning: the client's line names the address, later lines the outcome.
A message whose first line lies in another file is left out: whose it was is not known.  Mail of our own users
(logged in, or from this host) is no evidence, nor is a temporary refusal, after which the client comes again.
Volume (`sent`) is what was delivered or went to nobody; what was refused otherwise is `rejected` and no volume.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address
from typing import TypeVar

from reputon.evidence.files import Line
from reputon.evidence.ingest import Found, Reader, unreadable
from reputon.evidence.kinds import Evidence, Kind
from reputon.evidence.tenant import proved
from reputon.mail import postfix_log as log
from reputon.subject import address_key

OPEN = 100_000  # messages and SPF proofs that are remembered; the oldest are forgotten
STAGES = frozenset(("MAIL", "RCPT", "DATA", "END-OF-MESSAGE"))  # before these, no mail was tried

_Address = IPv4Address | IPv6Address
_K = TypeVar("_K")
_V = TypeVar("_V")


@dataclass(slots=True)
class _Mail:
    """What is known of a message in the queue."""

    address: _Address
    sender: str | None = None
    author: str | None = None
    signer: str | None = None
    is_verified: bool = False


class Log:
    """One log file."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._mails: OrderedDict[str, _Mail] = OrderedDict()
        self._spf: OrderedDict[tuple[_Address, str], None] = OrderedDict()

    def line(self, line: Line) -> Iterator[Found]:
        """The evidence that a line completes; a line without its end is still being written."""
        if not line.is_whole:
            return
        try:
            entry = log.parse(line.text.decode("utf-8", "replace"), self._now)
            yield from self._entry(entry) if entry else ()
        except ValueError as error:
            yield unreadable(line, error)

    def _entry(self, entry: log.Entry) -> Iterator[Evidence]:
        said = entry.said
        if isinstance(said, log.Refusal):
            yield from self._refused(entry.time, said)
        elif isinstance(said, log.SpfPassed):
            _remember(self._spf, (said.address, said.domain), None)
        elif isinstance(said, log.Client) and entry.queue_id:
            self._begun(entry.queue_id, said)
        elif mail := self._mails.get(entry.queue_id or ""):
            if isinstance(said, log.Delivery):
                yield from self._ended(entry.time, said, mail)
            elif isinstance(said, log.Removed):
                del self._mails[entry.queue_id or ""]
            else:
                _learn(mail, said)

    def _begun(self, queue_id: str, client: log.Client) -> None:
        self._mails.pop(queue_id, None)  # queue ids are used again
        if client.address and not client.is_own and not client.address.is_loopback:
            _remember(self._mails, queue_id, _Mail(client.address))

    def _refused(self, time: datetime, refusal: log.Refusal) -> Iterator[Evidence]:
        if not refusal.is_final or refusal.is_own or refusal.stage not in STAGES:
            return
        if refusal.address and not refusal.address.is_loopback:
            yield from self._seen(time, _outcome(refusal.enhanced), _Mail(refusal.address, refusal.sender))

    def _ended(self, time: datetime, delivery: log.Delivery, mail: _Mail) -> Iterator[Evidence]:
        if delivery.status == "sent":
            yield from self._seen(time, Kind.DELIVERED, mail)
        elif delivery.status == "bounced":
            yield from self._seen(time, _outcome(delivery.enhanced), mail)

    def _seen(self, time: datetime, outcome: Kind, mail: _Mail) -> Iterator[Evidence]:
        """Volume is counted from `sent` alone; what was refused is none, or a listed spammer would whitewash itself."""
        subject = address_key(mail.address)
        tenant = proved(self._proofs(mail), subject)
        if outcome is not Kind.REJECTED:
            yield Evidence(time, subject, tenant, Kind.SENT)
        yield Evidence(time, subject, tenant, outcome)

    def _proofs(self, mail: _Mail) -> Iterator[str | None]:
        yield mail.author
        yield mail.signer if mail.is_verified else None
        yield mail.sender if (mail.address, mail.sender) in self._spf else None


def _learn(mail: _Mail, said: log.Said) -> None:
    if isinstance(said, log.Sender):
        mail.sender = said.domain
    elif isinstance(said, log.DmarcPassed):
        mail.author = said.domain
    elif isinstance(said, log.Signed):
        mail.signer = said.domain
    elif isinstance(said, log.Verified):
        mail.is_verified = True


def _outcome(enhanced: str | None) -> Kind:
    return Kind.UNKNOWN_USER if enhanced == "5.1.1" else Kind.REJECTED


def _remember(known: "OrderedDict[_K, _V]", key: _K, value: _V) -> None:
    known[key] = value
    if len(known) > OPEN:
        known.popitem(last=False)


READER = Reader(Log)
