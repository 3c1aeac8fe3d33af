"""OpenSMTPD's log: what one line says of a session, a message, a refused command or a delivery.

Both forms are read: `smtp connected ...`, and `smtp event=connected ...` of the releases before 6.4.  Addresses stand
in it as clients gave them: a field is read only where nothing before it can imitate it.
"""

import re
from datetime import datetime
from typing import NamedTuple

from reputon.mail import syslog
from reputon.mail.envelope import MAILBOX, domain_of, enhanced
from reputon.mail.syslog import Address, LogError


class Connected(NamedTuple):
    """A session began.  No address: from this host."""

    address: Address | None


class LoggedIn(NamedTuple):
    """The session's client logged in: it is one of our users."""

    is_done: bool


class Message(NamedTuple):
    """A message was taken in this session."""

    message: str


class Envelope(NamedTuple):
    """A recipient of a message that was taken: the domain, which is one that we take mail for."""

    domain: str | None


class Refusal(NamedTuple):
    """A recipient or a message was refused for good.

    `recipient_domain`, where its words are `Invalid recipient`: nobody is there, or no rule takes mail for it.
    """

    enhanced: str | None
    recipient_domain: str | None


class Delivery(NamedTuple):
    """What became of one recipient of a message for good: taken, or failed with this enhanced code."""

    message: str
    is_taken: bool
    enhanced: str | None


class Disconnected(NamedTuple):
    """The session is over."""

    reason: str


Said = Connected | LoggedIn | Message | Envelope | Refusal | Delivery | Disconnected


class Entry(NamedTuple):
    """One line: when, in which session, what."""

    time: datetime
    session: str
    said: Said


def parse(text: str, now: datetime) -> Entry | None:
    """What a line says, None if nothing that we read; LogError for a broken line of OpenSMTPD's."""
    logged = syslog.split(text)
    if logged is None:
        if _CLAIM.search(text, 0, 300):
            raise LogError("does not begin with a time, a host and a program")
        return None
    found = _SAID.match(logged.said) if logged.program in _PROGRAMS else None
    if found is None:
        return None
    session, what, fields = found.groups()
    said = _READS[what](fields)
    return Entry(syslog.moment(logged.stamp, now), session, said) if said else None


_PROGRAMS = ("smtpd", "opensmtpd")
_CLAIM = re.compile(r"(?:^|\s)(?:open)?smtpd\[\d{1,10}\]: [0-9a-f]{16} (?:smtp|mda|mta) ")
_SAID = re.compile(
    r"([0-9a-f]{16}) (?:smtp|mda|mta) (?:event=)?"
    r"(connected|authentication|message|envelope|failed-command|delivery|disconnected|closed) (.*)"
)
_ADDRESS = re.compile(r"address=\[?([^\]\s]{1,64})\]? ")
_MESSAGE = re.compile(r"(?:address=\S{1,100} host=\S{1,300} )?msgid=([0-9a-f]{8}) ")
_COMMAND = re.compile(
    r"(?:address=\S{1,100} host=\S{1,300} )?"
    rf'command="(?P<command>MAIL FROM: ?<(?:{MAILBOX})?>|RCPT TO: ?<(?P<to>{MAILBOX})>|DATA\b)[^"]{{0,500}}" '
    r'result="(?P<reply>\d\d\d)(?P<words>.*)"',
    re.IGNORECASE,
)
_TRIED = re.compile(r'(?:address=\S{1,100} host=\S{1,300} )?command="(?:MAIL|RCPT|DATA)\b', re.IGNORECASE)
_DELIVERY = re.compile(
    rf"evpid=(?P<message>[0-9a-f]{{8}})[0-9a-f]{{8}} from=<(?:{MAILBOX})?> to=<(?:{MAILBOX})?> "
    rf'(?:rcpt=<(?:{MAILBOX})?> )?(?:(?:user|method|source|relay)=(?:"[^"]*"|[^\s"]\S*) )*+'
    r'delay=\S{1,40} result="?(?P<result>[A-Za-z]{1,20})"? stat="?(?P<words>.*)'
)


def _connected(fields: str) -> Connected:
    found = _ADDRESS.match(fields)
    if found is None:
        raise LogError("a session began and its client's address cannot be read")
    return Connected(None if found[1] == "local" else syslog.address(found[1]))


def _authentication(fields: str) -> LoggedIn | None:
    return LoggedIn(True) if fields.endswith(" result=ok") else None


def _message(fields: str) -> Message:
    found = _MESSAGE.match(fields)
    if found is None:
        raise LogError("a message was taken and its id cannot be read")
    return Message(found[1])


def _envelope(fields: str) -> Envelope:
    return Envelope(domain_of(fields.rpartition(" to=<")[2]))


def _refused(fields: str) -> Refusal | None:
    if not _TRIED.match(fields):
        return None  # before these, no mail was tried
    found = _COMMAND.fullmatch(fields)
    if found is None:
        raise LogError("a command failed, and its address or reply cannot be read")
    # 50x is for a client that cannot speak SMTP, not for its mail (RFC 5321 section 4.2.3).
    if not found["reply"].startswith("5") or found["reply"].startswith("50"):
        return None
    is_invalid = found["words"].lower().startswith(" invalid recipient")
    return Refusal(enhanced(found["reply"] + found["words"]), domain_of(found["to"] or "") if is_invalid else None)


def _delivery(fields: str) -> Delivery | None:
    found = _DELIVERY.match(fields)
    if found is None:
        raise LogError("a delivery's message or result cannot be read")
    result, words = found["result"], found["words"]
    if result == "Ok":
        return Delivery(found["message"], True, None)
    # As a message that Postfix let expire: nobody refused it.
    is_final = result == "PermFail" and not words.startswith("Envelope expired")
    return Delivery(found["message"], False, enhanced(words)) if is_final else None


_READS = {
    "connected": _connected,
    "authentication": _authentication,
    "message": _message,
    "envelope": _envelope,
    "failed-command": _refused,
    "delivery": _delivery,
    "disconnected": Disconnected,
    "closed": Disconnected,
}
