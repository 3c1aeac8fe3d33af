"""Sendmail's log: what one line says of a client, a login, a refusal or deliveries; OpenDKIM and OpenDMARC beside it.

Addresses stand in it as clients gave them: a field is read only where nothing before it can imitate it.
"""

import re
from datetime import datetime
from typing import NamedTuple

from reputon.mail import milter_log, syslog
from reputon.mail.envelope import MAILBOX, domain_of, enhanced
from reputon.mail.milter_log import Proof
from reputon.mail.syslog import Address, LogError, Logged


class Client(NamedTuple):
    """A message's envelope (`from=`).  No address: from this host.  `is_own`: its client had logged in."""

    address: Address | None
    sender: str | None
    is_own: bool


class Login(NamedTuple):
    """A client logged in: what its process receives is our users' mail."""

    address: Address


class Refusal(NamedTuple):
    """A recipient or a message was refused for good.  No address: the queue id says whose it was."""

    address: Address | None
    sender: str | None
    enhanced: str | None


class Delivery(NamedTuple):
    """What became of so many recipients for good: taken, or failed with this enhanced code."""

    recipients: int
    is_taken: bool
    enhanced: str | None


Said = Client | Login | Refusal | Delivery | Proof


class Entry(NamedTuple):
    """One line: when, by which process, of which message (none before there is one), what."""

    time: datetime
    process: str | None
    queue_id: str | None
    said: Said


def parse(text: str, now: datetime) -> Entry | None:
    """What a line says, None if nothing that we read; LogError for a broken line of sendmail's."""
    logged = syslog.split(text)
    if logged is None:
        if _CLAIM.search(text, 0, 300):
            raise LogError("does not begin with a time, a host and a program")
        return None
    queue_id, said = _said(logged)
    return Entry(syslog.moment(logged.stamp, now), logged.process, queue_id, said) if said else None


_CLAIM = re.compile(r"(?:^|\s)(?:sendmail|sm-mta)\[\d{1,10}\]: ")
_MILTERS = {"opendkim": milter_log.dkim, "opendmarc": milter_log.dmarc}


def _said(logged: Logged) -> tuple[str | None, Said | None]:
    milter = _MILTERS.get(logged.program)
    if milter is None and not logged.program.startswith(("sendmail", "sm-")):
        return None, None
    if logged.said.startswith("AUTH=server, "):
        return None, _login(logged.said)
    queue_id, _, rest = logged.said.partition(": ")
    if not (8 <= len(queue_id) <= 20 and queue_id.isalnum() and queue_id.isascii()):
        return None, None
    return queue_id, milter(rest) if milter else _spoken(rest)


def _spoken(rest: str) -> Said | None:
    """What sendmail says of a message."""
    if rest.startswith("from="):
        return _client(rest)
    if rest.startswith("to="):
        return _delivered(rest)
    if rest.startswith("ruleset=check_"):
        return _ruled(rest)
    if rest.startswith("Milter: "):
        return _milter(rest)
    return Refusal(None, None, "5.1.1") if _NOBODY.match(rest) else None


_NOBODY = re.compile(rf"<(?:{MAILBOX})>\.\.\. User unknown")
_LOGIN = re.compile(r"AUTH=server, relay=(?P<relay>[^,]{1,300}), authid=")
_ADDRESS = re.compile(r"\[([^\]\s]{2,64})\](?: \(may be forged\))?$")
_SENDER = re.compile(rf"from=<?(?P<sender>{MAILBOX})?>?, ")
_PROTOCOL = re.compile(r", proto=([A-Z0-9]{1,20}), (?:daemon=[^,]{1,100}, )?(?:tls_verify=\w{1,20}, )?relay=")


def _relay(text: str) -> Address | None:
    """The address in `mail.example.org [192.0.2.1] (may be forged)`; None where there is none."""
    found = _ADDRESS.search(text[-400:])
    return syslog.address(found[1]) if found else None


def _login(said: str) -> Login | None:
    found = _LOGIN.match(said)
    address = _relay(found["relay"]) if found else None
    return Login(address) if address else None


def _client(rest: str) -> Client | None:
    """The relay is the last field, and what a client writes stands before it."""
    found = _SENDER.match(rest)
    before, last, relay = rest.rpartition(", relay=")
    if found is None or not last:
        raise LogError("a message's sender or client cannot be read")
    protocol = _PROTOCOL.search(rest, max(0, len(before) - 200))
    is_own = protocol is not None and protocol[1].endswith("A")
    return Client(_relay(relay), domain_of(found["sender"] or ""), is_own)


_DELIVERED = re.compile(rf"to=(?P<to><?(?:{MAILBOX})>?(?:,<?(?:{MAILBOX})>?)*+), (?P<fields>.*)")
_DSN = re.compile(r"\bdsn=(\d\.\d{1,3}\.\d{1,3})$")


def _delivered(rest: str) -> Delivery | None:
    found = _DELIVERED.match(rest)
    fields, last, stat = found["fields"].partition(", stat=") if found else ("", "", "")
    if found is None or not last:
        raise LogError("a delivery's recipients or status cannot be read")
    count = len(re.findall(MAILBOX, found["to"]))
    status = _DSN.search(fields)
    code = status[1] if status else "5.1.1" if stat == "User unknown" else ""
    if stat.startswith("Sent") and not code.startswith(("4", "5")):
        return Delivery(count, True, None)
    return Delivery(count, False, code) if code.startswith("5") else None


_RULED = re.compile(
    rf"ruleset=check_(?P<stage>\w{{1,20}}), arg1=(?:<(?:{MAILBOX})?>|{MAILBOX}), (?:arg2=[^,]{{0,300}}, )?"
    r"relay=(?P<relay>[^,]{1,400}), reject=(?P<words>.*)"
)
_STAGES = ("mail", "rcpt", "compat", "data", "eoh", "eom")  # before these, no mail was tried
_MILTER = re.compile(rf"Milter: (?:data|to=<?(?:{MAILBOX})>?|from=<?(?:{MAILBOX})?>?), reject=(?P<words>.*)")


def _ruled(rest: str) -> Refusal | None:
    stage = rest[len("ruleset=check_") :].partition(",")[0]
    if stage not in _STAGES or ", reject=" not in rest:
        return None
    found = _RULED.match(rest)
    if found is None:
        raise LogError("a ruleset refused something, and it cannot be told what")
    address = _relay(found["relay"])
    return Refusal(address, None, enhanced(found["words"])) if address and found["words"].startswith("5") else None


def _milter(rest: str) -> Refusal | None:
    found = _MILTER.match(rest)
    return Refusal(None, None, enhanced(found["words"])) if found and found["words"].startswith("5") else None
