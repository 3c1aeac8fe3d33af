"""Proof: that whoever asks owns an address or a domain, by a TXT record that only its owner can publish.

For an address: at `_reputon.` below the name that its PTR record gives, if that name gives the address back
(forward-confirmed reverse DNS), or in the reverse zone itself.  For a tenant: at `_reputon.` below its domain.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address, ip_address

from reputon.authentication.domains import organizational
from reputon.resolver import Answer, Question, Resolver, silence
from reputon.subject import Subject, SubjectError, domain

LABEL = "_reputon"
KEY = "reputon-token="
_NAMES = 4  # PTR records that are followed: an address has one, seldom more
_RECORDS = 50  # TXT records that are looked at


@dataclass(frozen=True, slots=True)
class Place:
    """Where a proof may stand, and whose it then is: the unit of the limits of removal."""

    name: str
    owner: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What DNS said.  `owner` is empty where nothing is proved; `unknown` are questions without an answer."""

    owner: str
    token_hash: str
    where: str
    looked: tuple[str, ...]
    unknown: tuple[str, ...]


def hashed(token: str) -> str:
    """What is kept of a token."""
    return sha256(token.encode()).hexdigest()


def prove(subject: Subject, is_token: Callable[[str], bool], resolver: Resolver, address: str | None = None) -> Proof:
    """Look for a token of ours; `is_token` tells whether a hash is one.

    `address`: which of an IPv6 /64's addresses to take the PTR record of.  What DNS cannot tell proves nothing.
    """
    found, unknown = places(subject, resolver, address)
    for place, answer in zip(found, resolver.ask(Question(each.name, "TXT") for each in found), strict=True):
        if not answer.is_known:
            unknown = (*unknown, f"{place.name}: {silence(answer)}")
        for token in _tokens(answer):
            if is_token(hashed(token)):
                return Proof(place.owner, hashed(token), place.name, tuple(each.name for each in found), unknown)
    return Proof("", "", "", tuple(each.name for each in found), unknown)


def places(subject: Subject, resolver: Resolver, address: str | None = None) -> tuple[list[Place], tuple[str, ...]]:
    """Where a proof may stand, and what could not be asked."""
    if subject.kind == "domain":
        return [Place(f"{LABEL}.{subject.text}", organizational(subject.text))], ()
    single = _single(subject, address)
    named, unknown = _names(single, resolver) if single is not None else ([], ())
    hosts = [Place(f"{LABEL}.{name}", organizational(name)) for name in named]
    zones = _zones(subject, single)
    return hosts + [Place(f"{LABEL}.{zone}", zones[-1]) for zone in zones], unknown


def _single(subject: Subject, address: str | None) -> IPv4Address | IPv6Address | None:
    """The one address that reverse DNS is asked about; a /64 has none of its own."""
    try:
        return ip_address(address if address is not None else subject.text)
    except ValueError:
        return None


def _names(address: IPv4Address | IPv6Address, resolver: Resolver) -> tuple[list[str], tuple[str, ...]]:
    """The names of an address that give it back."""
    (pointer,) = resolver.ask([Question(address.reverse_pointer, "PTR")])
    if not pointer.is_known:
        return [], (f"PTR of {address}: {silence(pointer)}",)
    names = list(_hosts(pointer.records))[:_NAMES]
    rdtype = "A" if address.version == 4 else "AAAA"
    answers = resolver.ask(Question(name, rdtype) for name in names)
    confirmed = [name for name, each in zip(names, answers, strict=True) if _gives(each, address)]
    return confirmed, tuple(f"{each.question.name}: {silence(each)}" for each in answers if not each.is_known)


def _hosts(records: Iterable[str]) -> Iterator[str]:
    for record in records:
        try:
            yield domain(record)
        except SubjectError:
            continue


def _gives(answer: Answer, address: IPv4Address | IPv6Address) -> bool:
    for record in answer.records:
        try:
            if ip_address(record) == address:
                return True
        except ValueError:
            continue
    return False


def _zones(subject: Subject, single: IPv4Address | IPv6Address | None) -> list[str]:
    """Names of the reverse tree whose holder holds the address: its own, then the zone that is usually delegated."""
    if single is not None and single.version == 4:
        own = single.reverse_pointer
        return [own, own.partition(".")[2]]
    network = ip_address(subject.text.removesuffix("/64"))
    nibbles = network.reverse_pointer.split(".")
    return [".".join(nibbles[32 - length // 4 :]) for length in (64, 48)]


def _tokens(answer: Answer) -> Iterator[str]:
    for record in answer.records[:_RECORDS]:
        text = record.strip().strip('"')
        if text.startswith(KEY):
            yield text.removeprefix(KEY).strip()
