"""Exim's log: what one line of a main or reject log says of a client, a refusal, a delivery or a proof of who sent it.

A line begins with Exim's own time, without zone unless `log_timezone` is set (UTC then), or has syslog's head, or both.
Helo names, addresses and subjects stand in it as clients gave them: a field is read only where nothing before it can
imitate it (Exim specification, chapter "Log files").
"""

import re
from datetime import datetime
from typing import NamedTuple

from reputon.mail import syslog
from reputon.mail.envelope import MAILBOX, domain_of, enhanced
from reputon.mail.milter_log import DmarcPassed, Signed
from reputon.mail.syslog import Address, LogError


class Arrival(NamedTuple):
    """A message was taken (`<=`).  No address: from this host.  `signer`: whose DKIM signature was good."""

    address: Address | None
    sender: str | None
    signer: str | None
    is_own: bool


class Refusal(NamedTuple):
    """A recipient or a message was refused for good, by an ACL."""

    address: Address
    sender: str | None
    enhanced: str | None
    is_own: bool


class Delivery(NamedTuple):
    """What became of one recipient for good: taken, or failed with this enhanced code."""

    is_taken: bool
    enhanced: str | None


class Completed(NamedTuple):
    """The message has left the queue."""

    text: str


Said = Arrival | Refusal | Delivery | Completed | Signed | DmarcPassed


class Entry(NamedTuple):
    """One line: when, of which message (none before there is one), what."""

    time: datetime
    message: str | None
    said: Said


def parse(text: str, now: datetime) -> Entry | None:
    """What a line says, None if nothing that we read; LogError for a broken line of Exim's."""
    logged = syslog.split(text)
    if logged and not logged.program.startswith("exim"):
        return None
    found = _LINE.match(logged.said if logged else text)
    if found is None or not (logged or found["time"]):
        if _CLAIM.search(text, 0, 200):
            raise LogError("does not begin with a time")
        return None
    said = _said(found["said"])
    if said is None:
        return None
    return Entry(_time(logged.stamp if logged else "", found, now), found["message"], said)


_LINE = re.compile(
    r"(?:(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:[.,]\d{1,6})?)(?: (?P<zone>[+-]\d{4}))? )?(?:\[\d{1,10}\] )?"
    r"(?:(?P<message>[0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4}) )?(?P<said>.*)"
)
_CLAIM = re.compile(r"(?:^|\s)[0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4} (?:<=|=>|->|>>|\*\*) ")


def _time(stamp: str, found: re.Match[str], now: datetime) -> datetime:
    """Exim's own time, which has a year; syslog's where that has a zone, or is all there is."""
    if stamp[:1].isdigit() or not found["time"]:
        return syslog.moment(stamp, now)
    return syslog.moment(f"{found['time']}{found['zone'] or 'Z'}", now)


def _said(said: str) -> Said | None:
    flag = said[:3]
    if flag == "<= ":
        return _arrival(said)
    if flag in ("=> ", "-> ", ">> "):  # what an ACL discarded was not delivered
        return None if said.startswith("blackhole (", 3) else Delivery(True, None)
    if flag == "** ":
        return _failed(said)
    if said == "Completed" or said.startswith("Completed "):
        return Completed(said)
    if said.startswith("DKIM: "):
        return Signed(found[1].lower()) if (found := _SIGNED.fullmatch(said)) else None
    if said.startswith("DMARC results: "):
        return DmarcPassed(found[1]) if (found := _DMARC.match(said)) else None
    return _refused(said) if said.startswith("H=") and "rejected " in said else None


# `d=` is the client's: what follows has to have its form to the end, or it says nothing.
_SIGNED = re.compile(
    r"DKIM: d=(\S{1,253}) s=\S{1,253} +c=[a-z]{1,10}/[a-z]{1,10} a=[\w-]{1,30}(?: b=\d{1,6})?(?: [itxl]=\S{1,900})* +"
    r"\[verification succeeded\]"
)
_DMARC = re.compile(
    r"DMARC results: spf_domain=\S{0,253} dmarc_domain=(\S{1,253}) (?:spf_align=yes dkim_align=\w+|spf_align=no "
    r"dkim_align=yes) enforcement="
)
# A name that DNS gave, a helo name in parentheses, the address; a helo with blanks or parentheses could be anything.
_HOST = re.compile(
    r"H=(?:[\w.:-]{1,255} )?(?:\([^()\s]{0,255}\) )?\[(?P<address>[0-9A-Fa-f.:]{2,45})\](?::\d{1,5})?(?= |$)"
)
_ANOTHER = re.compile(r"\) \[[0-9A-Fa-f.:]{2,45}\]")
_SENDER = re.compile(rf"<= (?P<sender><>|{MAILBOX})(?: R=\S{{1,64}})?")
_PROTOCOL = re.compile(r" P=(\S{1,40})")
_DKIM = re.compile(r" DKIM=(\S{1,253})(?= [A-Za-z0-9]{1,4}=| ARC |$)")


def _arrival(said: str) -> Arrival:
    sender = _SENDER.match(said)
    if sender is None:
        raise LogError("a message was taken and its sender cannot be read")
    rest = said[sender.end() :]
    if not rest.startswith(" H="):
        return Arrival(None, None, None, is_own=True)
    address, end = _client(rest, 1)
    fields = rest[end:].partition(" id=")[0].partition('"')[0]  # beyond these, all is the client's
    protocol, signed = _PROTOCOL.search(fields), _DKIM.search(fields)
    is_own = " A=" in fields or (protocol is not None and protocol[1].endswith(("a", "asmtp")))
    return Arrival(address, domain_of(sender["sender"]), signed[1].lower() if signed else None, is_own)


def _client(said: str, start: int = 0) -> tuple[Address, int]:
    """The client's address and where what follows begins."""
    found = _HOST.match(said, start)
    address = syslog.address(found["address"]) if found else None
    if found is None or address is None:
        raise LogError("no client's address where one belongs: is its helo name none?")
    end = found.end()
    if _ANOTHER.search(said[end:].partition(' T="')[0].partition(" F=<")[0]):
        raise LogError("two clients' addresses where one belongs: is its helo name none?")
    return address, end


_FIELD = re.compile(rf' (?:(?P<name>[A-Z]{{1,4}})=(?P<value><(?:{MAILBOX})?>|"[^"]*"|[^\s"<]\S*)|[A-Z]\.?(?= ))')
_REJECTED = re.compile(r" (?P<soft>temporarily )?rejected (?P<stage>[^:<]{1,60})(?P<rest>.*)")
_STAGES = ("MAIL", "RCPT", "DATA", "after DATA", "after PRDR", "during MIME ACL", "by local_scan")
_NAMED = re.compile(rf"<?(?:{MAILBOX})>?: ")


def _refused(said: str) -> Refusal | None:
    address, end = _client(said)
    fields: dict[str, str] = {}
    while field := _FIELD.match(said, end):
        end = field.end()
        if field["name"]:
            fields.setdefault(field["name"], field["value"])
    found = _REJECTED.match(said, end)
    if found is None:
        raise LogError("something was rejected, and it cannot be told what")
    if found["soft"] or not found["stage"].startswith(_STAGES):
        return None
    words = found["rest"].lstrip(" ")
    recipient = _NAMED.match(words)
    code = _code(words[recipient.end() :] if recipient else words.removeprefix(": "))
    return Refusal(address, domain_of(fields.get("F", "")), code, "A" in fields)


_FAILED = re.compile(rf"\*\* (?P<to><?{MAILBOX}>?)(?: <[^>]{{0,320}}>)?")


def _failed(said: str) -> Delivery | None:
    found = _FAILED.match(said)
    if found is None:
        raise LogError("a delivery failed, and its recipient cannot be read")
    rest = said[found.end() :].replace(found["to"].strip("<>:"), "")  # a server's words quote the recipient
    fields, _, words = rest.partition(": ")
    # As a message that Postfix let expire: nobody refused it.
    return None if "retry timeout exceeded" in rest else Delivery(False, _code(words if "=" in fields else rest))


# Exim's words, and those that its administrators usually write, where a recipient is not there.
_UNKNOWN = ("unrouteable address", "unknown user", "user unknown", "no such user", "unknown recipient")


def _code(words: str) -> str | None:
    """The enhanced code of a refusal, where it has one or its words are known."""
    is_nobody = words.startswith("5.1.1 ") or words.lower().lstrip(": ").startswith(_UNKNOWN)
    return enhanced(words) or ("5.1.1" if is_nobody else None)
