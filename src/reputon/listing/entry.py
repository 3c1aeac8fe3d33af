"""Entry: what an operator has said of a subject or a prefix: list it, spare it until then, never list it.

And the protection that follows from entries and settings: what can never be listed, and why.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Literal

from reputon.authentication.domains import is_suffix
from reputon.subject import Subject, SubjectError, is_reserved, parse

LONGEST = timedelta(days=366)  # an exemption: whoever still wants it then says so again
WORDS = 1000  # characters of a why or a who

Kind = Literal["manual", "exempt", "safety"]
Network = IPv4Network | IPv6Network


class ListingError(ValueError):
    """What cannot be listed or set so; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row.  `subject` is a subject's text, or a prefix as 192.0.2.0/24; `until` is None where it has no end."""

    kind: Kind
    subject: str
    since: datetime
    until: datetime | None
    who: str
    why: str
    id: int = 0

    def is_in_force(self, now: datetime) -> bool:
        """Whether it counts at this time."""
        return self.since <= now and (self.until is None or now < self.until)


@dataclass(frozen=True, slots=True)
class Protection:
    """What must not be listed.  Prefixes by their length, so that a million subjects are quickly looked up."""

    allowed: tuple[Network, ...] = ()
    _networks: dict[tuple[int, int], dict[int, str]] = field(default_factory=dict)
    _domains: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, allowed: Iterable[Network] = (), own: Iterable[Network] = (), entries: Iterable[Entry] = ()
    ) -> "Protection":
        """By the settings' prefixes and the entries in force; manual ones protect nobody."""
        made = cls(tuple(allowed))
        for network in own:
            made._protect(network, f"{network} is a network of our own (listing.own_networks)")
        for each in entries:
            if each.kind == "manual":
                continue
            until = f"until {each.until:%Y-%m-%d %H:%M} UTC " if each.until else ""
            word = "exempt" if each.kind == "exempt" else "on the safety list"
            why = f"{each.subject} is {word} {until}by {each.who}: {each.why}"
            prefix = _network(each.subject)
            made._protect(prefix, why) if prefix else made._domains.setdefault(each.subject, why)
        return made

    def why(self, subject: Subject) -> str:
        """Why a subject must not be listed; empty where it may be."""
        if subject.kind == "domain":
            if is_suffix(subject.text):
                return f"{subject} is a public suffix: whoever is below it would be listed too"
            labels = subject.text.split(".")
            names = (".".join(labels[at:]) for at in range(len(labels)))
            return next((self._domains[name] for name in names if name in self._domains), "")
        network = ip_network(subject.text)
        if is_reserved(subject.key) and not any(_holds(each, network) for each in self.allowed):
            return f"{subject} is reserved space, which no public sender uses (listing.allow_reserved names exceptions)"
        return next((why for (version, length), each in self._networks.items() if version == network.version
                     if (why := each.get(_cut(network, length)))), "")  # fmt: skip

    def _protect(self, network: Network, why: str) -> None:
        # A listing of an IPv6 /64 would hit what is narrower too.
        length = min(network.prefixlen, 64) if network.version == 6 else network.prefixlen
        self._networks.setdefault((network.version, length), {}).setdefault(_cut(network, length), why)


def entered(
    kind: Kind, text: str, since: datetime, until: datetime | None, who: str, why: str, protection: Protection
) -> Entry:
    """A new entry, checked; ListingError says what is wrong.  A manual one is of one subject that may be listed."""
    subject = canonical(text)
    if kind != "manual" and "." not in subject and ":" not in subject:
        raise ListingError(f"{subject} is a whole top-level domain: name a domain below it")
    if until is not None and until <= since:
        raise ListingError(f"{until:%Y-%m-%d %H:%M} UTC is over already: an end lies ahead")
    if kind != "safety" and until is None:
        raise ListingError(f"{subject}: an end is needed: --until or --for")
    if until is not None and kind != "safety" and until - since > LONGEST:
        raise ListingError(f"{subject}: a year at most, not until {until:%Y-%m-%d}: say it again then")
    if kind == "manual":
        if _is_prefix(subject):
            raise ListingError(
                f"{subject} is a prefix: one address, one IPv6 /64 or one domain is listed, never others"
            )
        if why_not := protection.why(parse(subject)):
            raise ListingError(f"{subject} cannot be listed: {why_not}")
    return Entry(kind, subject, since, until, worded(who, "who"), worded(why, "why"))


def worded(text: str, what: str) -> str:
    """Words that are kept for good: one line of printable text; ListingError where there is none or too much."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    if not line:
        raise ListingError(f"--{what} is empty: it is kept with the change, for whoever asks later")
    if len(line) > WORDS:
        raise ListingError(f"--{what} has {len(line)} characters: {WORDS} at most")
    return line


def covers(entry: Entry, subject: Subject) -> bool:
    """Whether an entry speaks of a subject: its own, one in its prefix, a domain or what is below it."""
    network = _network(entry.subject)
    if network is None or subject.kind == "domain":
        return subject.text == entry.subject or (network is None and subject.text.endswith(f".{entry.subject}"))
    return _holds(network, ip_network(subject.text)) or _holds(ip_network(subject.text), network)


def canonical(text: str) -> str:
    """The text of a subject or a prefix as entries and the audit trail have it; SubjectError, ListingError."""
    text = text.strip()
    if "/" not in text or text.endswith("/64"):
        return parse(text).text
    try:
        network = ip_network(text)
    except ValueError as error:
        raise SubjectError(f"{text!r} is no prefix: {error}: write it as 192.0.2.0/24 or 2001:db8::/48") from None
    if network.prefixlen < (8 if network.version == 4 else 16):
        raise ListingError(f"{network} is too wide: /8 of IPv4 and /16 of IPv6 at most")
    if network.version == 6 and network.prefixlen > 64:
        return parse(str(network.network_address)).text
    return str(network.network_address) if network.prefixlen == 32 and network.version == 4 else str(network)


def _is_prefix(subject: str) -> bool:
    return "/" in subject and not subject.endswith("/64")


def _network(subject: str) -> Network | None:
    try:
        return ip_network(subject)
    except ValueError:
        return None


def _holds(outer: Network, inner: Network) -> bool:
    return outer.version == inner.version and outer.prefixlen <= inner.prefixlen and (
        _cut(inner, outer.prefixlen) == int(outer.network_address)
    )  # fmt: skip


def _cut(network: Network, length: int) -> int:
    """The first address of the prefix of this length that holds a network."""
    rest = network.max_prefixlen - length
    return int(network.network_address) >> rest << rest
