"""Postfix's log: what one line says of a client, a refusal, a delivery or a proof of who sent it.

Times are RFC 3339, or syslog's own (RFC 3164), which have neither year nor zone: the latest year that does not lie in
the future, and UTC.  Beside Postfix's own daemons, OpenDKIM, OpenDMARC and policyd-spf are read.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address

AHEAD = timedelta(days=1)  # how far a server's clock may be ahead of ours
_YEARS = 8  # the longest time between two 29ths of February


class PostfixLogError(ValueError):
    """A line of Postfix's that does not have Postfix's form; the message says where it departs."""


@dataclass(frozen=True, slots=True)
class Client:
    """A client began a message.  No address: it had gone.  `is_own`: it logged in, so it is one of our users."""

    address: IPv4Address | IPv6Address | None
    is_own: bool


@dataclass(frozen=True, slots=True)
class Sender:
    """The queue knows the domain of the envelope's sender; none for a bounce."""

    domain: str | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A recipient or a message was refused: at which stage, with which codes."""

    stage: str
    address: IPv4Address | IPv6Address | None
    smtp: str | None
    enhanced: str | None
    sender: str | None
    is_own: bool

    @property
    def is_final(self) -> bool:
        """Whether the client was told not to come again."""
        return (self.smtp or self.enhanced or "").startswith("5")


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one recipient: `sent`, `bounced`, `deferred`, `expired`, and the enhanced code."""

    status: str
    enhanced: str


@dataclass(frozen=True, slots=True)
class Removed:
    """The message has left the queue."""


@dataclass(frozen=True, slots=True)
class Verified:
    """OpenDKIM found a good signature; another line says whose."""


@dataclass(frozen=True, slots=True)
class Signed:
    """OpenDKIM checked this domain's signature, without an error."""

    domain: str


@dataclass(frozen=True, slots=True)
class DmarcPassed:
    """OpenDMARC found that the author's domain answers for the message."""

    domain: str


@dataclass(frozen=True, slots=True)
class SpfPassed:
    """policyd-spf found that this address may send for this domain."""

    address: IPv4Address | IPv6Address
    domain: str


Said = Client | Sender | Refusal | Delivery | Removed | Verified | Signed | DmarcPassed | SpfPassed


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: when, of which message in the queue (none before there is one), what."""

    time: datetime
    queue_id: str | None
    said: Said


def parse(text: str, now: datetime) -> Entry | None:
    """What a line says, None if nothing that we read; PostfixLogError for a broken line of Postfix's."""
    found = _LINE.match(text)
    if found is None:
        if _CLAIM.search(text):
            raise PostfixLogError("does not begin with a time, a host and a program")
        return None
    for pattern, made in _SAYS.get(_program(found["program"]), ()):
        if words := pattern.match(found["said"]):
            said = made(words)
            queue_id = words.groupdict().get("id")
            queue_id = None if queue_id == "NOQUEUE" else queue_id
            return Entry(_time(found["time"], now), queue_id, said) if said else None
    return None


_LINE = re.compile(
    r"(?:<\d{1,3}>)?"
    r"(?P<time>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\d[Tt ][\d:.]{8,18}(?:[Zz]|[+-]\d\d:?\d\d))"
    r" (?P<host>\S{1,255}) (?P<program>[^\s\[:]{1,64})(?:\[\d{1,10}\])?: (?P<said>.*)"
)
_CLAIM = re.compile(r"(?:^|\s)postfix[^\s\[/]{0,32}/[a-z/-]{1,64}\[\d{1,10}\]: ")


def _program(name: str) -> str:
    """`smtpd` of `postfix/smtpd`, `postfix/submission/smtpd` and `postfix-in/smtpd`."""
    instance, slash, daemon = name.partition("/")
    return daemon.rpartition("/")[2] if slash and instance.startswith("postfix") else f"{name}:"


def _time(text: str, now: datetime) -> datetime:
    try:
        if text[0].isdigit():
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
        return _with_year(text, now)
    except (ValueError, OverflowError):
        raise PostfixLogError(f"{text!r} is not a time") from None


def _with_year(text: str, now: datetime) -> datetime:
    for year in range(now.year + 1, now.year - _YEARS - 1, -1):
        try:
            moment = datetime.strptime(f"{year} {text}", "%Y %b %d %H:%M:%S").replace(tzinfo=UTC)
        except ValueError:
            continue  # the 29th of February of another year, or no day at all
        if moment <= now + AHEAD:
            return moment
    raise ValueError(text)


_ID = r"(?P<id>[0-9A-Za-z]{5,25}): "
_PEER = re.compile(
    r"[^\s\[\]]{0,255}\[(?P<address>[^\]\s]{1,64})\](?::\d{1,5})?"
    r"(?:: (?:(?P<smtp>[45]\d\d) )?(?:(?P<enhanced>[45]\.\d{1,3}\.\d{1,3}) )?)?(?P<rest>.*)"
)
_FROM = re.compile(r"; from=<([^>]{0,512})>")
_SPF = re.compile(r"identity=mailfrom; client-ip=(?P<address>[^;\s]{1,64}); ")


def _peer(text: str) -> re.Match[str]:
    found = _PEER.match(text)
    if found is None:
        raise PostfixLogError(f"no client's address where one belongs: {text[:60]!r}")
    return found


def _address(text: str) -> IPv4Address | IPv6Address | None:
    if text == "unknown":
        return None
    try:
        return ip_address(text.removeprefix("IPv6:"))
    except ValueError:
        raise PostfixLogError(f"{text!r} is not an IP address") from None


def _client(words: re.Match[str]) -> Client:
    peer = _peer(words["peer"])
    return Client(_address(peer["address"]), ", sasl_username=" in peer["rest"])


def _refusal(words: re.Match[str]) -> Refusal:
    peer = _peer(words["peer"])
    # Recipients stand here too, and a quoted one may look like a sender: two senders are none.
    senders = _FROM.findall(peer["rest"])
    sender = _domain(senders[0]) if len(senders) == 1 else None
    is_own = " sasl_username=" in peer["rest"].rpartition(" helo=<")[2]
    return Refusal(words["stage"], _address(peer["address"]), peer["smtp"], peer["enhanced"], sender, is_own)


def _spf(words: re.Match[str]) -> SpfPassed | None:
    found = _SPF.search(words["rest"])
    if found is None:
        return None
    # The envelope's sender may be quoted and hold anything; its domain is what stands before the last field.
    sender = words["rest"][found.end() :].partition("envelope-from=")[2].rpartition("; receiver=")[0]
    address, domain = _address(found["address"]), _domain(sender)
    return SpfPassed(address, domain) if address and domain else None


def _domain(mailbox: str) -> str | None:
    return mailbox.rpartition("@")[2].strip(" .\"'<>").lower() or None if "@" in mailbox else None


_Makers = tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Said | None]], ...]

_REFUSED = (re.compile(_ID + r"(?:milter-)?reject: (?P<stage>[A-Z-]{3,20}) from (?P<peer>.*)"), _refusal)
_REMOVED = (re.compile(_ID + r"removed$"), lambda _: Removed())
_DELIVERED = (
    re.compile(_ID + r"to=<.*?, dsn=(?P<enhanced>\d\.\d{1,3}\.\d{1,3}), status=(?P<status>[a-z]{1,20})\b"),
    lambda words: Delivery(words["status"], words["enhanced"]),
)

# Which daemon says what; those with a colon are not Postfix's own.
_SAYS: dict[str, _Makers] = {
    "smtpd": ((re.compile(_ID + r"client=(?P<peer>.*)"), _client), _REFUSED),
    "postscreen": (_REFUSED,),
    "cleanup": (_REFUSED,),
    "qmgr": (
        (re.compile(_ID + r"from=<(?P<from>.*?)>, size="), lambda words: Sender(_domain(words["from"]))),
        _REMOVED,
    ),
    "postsuper": (_REMOVED,),
    **dict.fromkeys(("local", "virtual", "lmtp", "pipe", "smtp", "error"), (_DELIVERED,)),
    "opendkim:": (
        (re.compile(_ID + r"DKIM verification successful\b"), lambda _: Verified()),
        # With an error after `SSL`, the same line says that the signature is bad.
        (re.compile(_ID + r"s=\S{1,64} d=(?P<domain>\S{1,253})(?: a=\S{1,32})? SSL\s*$"),
         lambda words: Signed(words["domain"].lower())),
    ),
    "opendmarc:": ((re.compile(_ID + r"(?P<domain>\S{1,253}) pass$"), lambda words: DmarcPassed(words["domain"])),),
    "policyd-spf:": ((re.compile(r"(?:prepend )?(?:Received-SPF: )?[Pp]ass\b(?P<rest>.*)"), _spf),),
}  # fmt: skip
