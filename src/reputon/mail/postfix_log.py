"""Postfix's log: what one line says of a client, a refusal, a delivery or a proof of who sent it.

Beside Postfix's own daemons, OpenDKIM, OpenDMARC and policyd-spf are read.  A log has millions of lines: the program
decides who reads a line, and its first characters whether there is anything to read.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from reputon.mail import milter_log, syslog
from reputon.mail.envelope import domain_of
from reputon.mail.milter_log import Proof, SpfPassed
from reputon.mail.syslog import Address, LogError


class Client(NamedTuple):
    """A client began a message.  No address: it had gone.  `is_own`: it logged in, so it is one of our users."""

    address: Address | None
    is_own: bool


class Sender(NamedTuple):
    """The queue knows the domain of the envelope's sender; none for a bounce."""

    domain: str | None


class Refusal(NamedTuple):
    """A recipient or a message was refused: at which stage, with which codes."""

    stage: str
    address: Address | None
    smtp: str | None
    enhanced: str | None
    sender: str | None
    is_own: bool

    @property
    def is_final(self) -> bool:
        """Whether the client was told not to come again."""
        return (self.smtp or self.enhanced or "").startswith("5")


class Delivery(NamedTuple):
    """What became of one recipient: `sent`, `bounced`, `deferred`, `expired`, and the enhanced code."""

    status: str
    enhanced: str


@dataclass(frozen=True, slots=True)
class Removed:
    """The message has left the queue."""


Said = Client | Sender | Refusal | Delivery | Removed | Proof | SpfPassed


class Entry(NamedTuple):
    """One line: when, of which message in the queue (none before there is one), what."""

    time: datetime
    queue_id: str | None
    said: Said


def parse(text: str, now: datetime) -> Entry | None:
    """What a line says, None if nothing that we read; LogError for a broken line of Postfix's."""
    logged = syslog.split(text)
    if logged is None:
        if _CLAIM.search(text):
            raise LogError("does not begin with a time, a host and a program")
        return None
    says = _says(logged.program)
    if says is None:
        return None
    if says is milter_log.spf:
        passed = milter_log.spf(logged.said)
        return Entry(syslog.moment(logged.stamp, now), None, passed) if passed else None
    queue_id, _, rest = logged.said.partition(": ")
    said = says(rest) if rest and 5 <= len(queue_id) <= 25 and queue_id.isalnum() and queue_id.isascii() else None
    if said is None:
        return None
    return Entry(syslog.moment(logged.stamp, now), None if queue_id == "NOQUEUE" else queue_id, said)


_CLAIM = re.compile(r"(?:^|\s)postfix[^\s\[/]{0,32}/[a-z/-]{1,64}\[\d{1,10}\]: ")
_PEER = re.compile(
    r"[^\s\[\]]{0,255}\[(?P<address>[^\]\s]{1,64})\](?::\d{1,5})?"
    r"(?:: (?:(?P<smtp>[45]\d\d) )?(?:(?P<enhanced>[45]\.\d{1,3}\.\d{1,3}) )?)?(?P<rest>.*)"
)
_STAGE = re.compile(r"[A-Z-]{3,20}")
_FROM = re.compile(r"; from=<([^>]{0,512})>")
_OUTCOME = re.compile(r", dsn=(\d\.\d{1,3}\.\d{1,3}), status=([a-z]{1,20})\b")
_REMOVED = Removed()


def _peer(text: str) -> re.Match[str]:
    found = _PEER.match(text)
    if found is None:
        raise LogError(f"no client's address where one belongs: {text[:60]!r}")
    return found


def _smtpd(rest: str) -> Said | None:
    if rest.startswith("client="):
        peer = _peer(rest[7:])
        return Client(syslog.address(peer["address"]), ", sasl_username=" in peer["rest"])
    return _refused(rest)


def _refused(rest: str) -> Said | None:
    if not rest.startswith(("reject: ", "milter-reject: ")):
        return None
    stage, found, text = rest.partition(": ")[2].partition(" from ")
    if not found or not _STAGE.fullmatch(stage):
        return None
    peer = _peer(text)
    # Recipients stand here too, and a quoted one may look like a sender: two senders are none.
    senders = _FROM.findall(peer["rest"])
    sender = domain_of(senders[0]) if len(senders) == 1 else None
    is_own = " sasl_username=" in peer["rest"].rpartition(" helo=<")[2]
    return Refusal(stage, syslog.address(peer["address"]), peer["smtp"], peer["enhanced"], sender, is_own)


def _qmgr(rest: str) -> Said | None:
    if rest.startswith("from=<"):
        sender, found, _ = rest[6:].partition(">, size=")
        return Sender(domain_of(sender)) if found else None
    return _postsuper(rest)


def _postsuper(rest: str) -> Said | None:
    return _REMOVED if rest == "removed" else None


def _delivered(rest: str) -> Said | None:
    found = _OUTCOME.search(rest, 4) if rest.startswith("to=<") else None
    return Delivery(found[2], found[1]) if found else None


_Says = Callable[[str], Said | None]

# What each daemon's lines say after the queue id; policyd-spf speaks before there is one.
_DAEMONS: dict[str, _Says] = {
    "smtpd": _smtpd,
    "postscreen": _refused,
    "cleanup": _refused,
    "qmgr": _qmgr,
    "postsuper": _postsuper,
    **dict.fromkeys(("local", "virtual", "lmtp", "pipe", "smtp", "error"), _delivered),
}
_OTHERS: dict[str, _Says] = {"opendkim": milter_log.dkim, "opendmarc": milter_log.dmarc, "policyd-spf": milter_log.spf}


@lru_cache(maxsize=1024)
def _says(program: str) -> _Says | None:
    """Who reads `postfix/smtpd`, `postfix/submission/smtpd` and `postfix-in/smtpd`, or another program."""
    instance, slash, daemon = program.partition("/")
    if slash and instance.startswith("postfix"):
        return _DAEMONS.get(daemon.rpartition("/")[2])
    return _OTHERS.get(program)
