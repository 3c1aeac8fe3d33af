"""Subjects: what a person may name, and the addresses and domains that lists are asked about for it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from itertools import islice

from reputon.authentication.domains import organizational
from reputon.lists.blocklist import SubjectKind
from reputon.resolver import Answer, Question, Resolver, Status, silence
from reputon.subject import SubjectError, domain

PREFIX = 4096  # addresses of one prefix
IP6_BITS = 120  # the shortest IPv6 prefix
HOST = 16  # addresses of one host name
_TOGETHER = 64  # names that are looked up at once
_HOST_MARK = "host:"


class CheckError(ValueError):
    """A subject, list or key that cannot be used; the message says what to write instead, and never holds a key."""


@dataclass(frozen=True, slots=True)
class Target:
    """A subject as lists are asked for it: `labels` go in front of a zone."""

    text: str
    kind: SubjectKind
    labels: str


@dataclass(frozen=True, slots=True)
class Named:
    """What a person named: the texts to ask lists about, and the host whose addresses are to be looked up too."""

    subjects: Sequence[str] | IPv4Network | IPv6Network
    host: str | None = None


def target(text: str) -> Target:
    """How lists are asked about what a person named; CheckError where it is neither an address nor a domain."""
    try:
        found = labelled(text.strip().strip("[]"))
    except SubjectError as error:
        raise CheckError(f"{error}: give an address, or a domain") from None
    if "." not in found.labels:
        raise CheckError(f"{text!r} is neither an IP address nor a domain name with a dot in it")
    return found


def labelled(text: str) -> Target:
    """An address or a name, of one label too; SubjectError."""
    try:
        address = ip_address(text.partition("%")[0])  # the interface of a link-local address is not DNS's business
    except ValueError:
        name = domain(text)
        return Target(name, "domain", name)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    labels = address.reverse_pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")
    return Target(str(address), "ip4" if address.version == 4 else "ip6", labels)


def named(text: str) -> Named:
    """What a person named: an address, a prefix, a domain, a host name or `host:NAME`; CheckError.

    A name below an organizational domain is a host's, whose addresses lists are asked about too; `host:` says so of
    any name.
    """
    text = text.strip()
    if "/" in text:
        return Named(_prefix(text))
    bare = text.removeprefix(_HOST_MARK)
    found = target(bare)
    if found.kind != "domain":
        return Named((found.text,))
    is_host = bare != text or organizational(found.text) != found.text
    return Named((found.text,), found.text if is_host else None)


def _prefix(text: str) -> IPv4Network | IPv6Network:
    try:
        network = ip_network(text, strict=False)
    except ValueError as error:
        raise CheckError(f"{text!r} is no prefix: {error}") from None
    if network.version == 6 and network.prefixlen < IP6_BITS:
        raise CheckError(
            f"{text} has too many addresses: IPv6 prefixes from /{IP6_BITS} on. Lists that list a whole /64 say so of"
            " any address in it: give one that sends"
        )
    if network.num_addresses > PREFIX:
        bits = 32 - (PREFIX - 1).bit_length()
        raise CheckError(f"{text} has more than {PREFIX} addresses: give prefixes from /{bits} on")
    return network


@dataclass(frozen=True, slots=True)
class Expanded:
    """One text to ask lists about; `host`: the host name whose address it is.

    `why`: the addresses of `subject` are unknown, and no list is asked; `note`: what else is to be said of it.
    """

    subject: str
    host: str | None = None
    why: str | None = None
    note: str | None = None


def expand(found: Iterable[Named], resolver: Resolver) -> Iterator[Expanded]:
    """Every address and domain that is meant, one after the other; hosts are looked up when their turn comes."""
    rest = iter(found)
    while some := list(islice(rest, _TOGETHER)):
        addresses = _addresses([each.host for each in some if each.host is not None], resolver)
        for each in some:
            for subject in each.subjects:
                yield Expanded(str(subject), note=_note(addresses[each.host]) if each.host is not None else None)
            if each.host is not None:
                yield from _of_host(each.host, addresses[each.host])


def _of_host(host: str, answers: Sequence[Answer]) -> Iterator[Expanded]:
    """At most HOST addresses of a host; addresses that could not be looked up are unknown, not missing."""
    yield from (Expanded(address, host) for address in _records(answers)[:HOST])
    unknown = [f"{answer.question.rdtype}: {silence(answer)}" for answer in answers if not answer.is_known]
    if unknown:
        yield Expanded(host, host, why=f"its addresses could not be looked up ({'; '.join(unknown)})")


def _note(answers: Sequence[Answer]) -> str | None:
    """What is to be said of the addresses of a host; None where all of them are asked about."""
    count = len(_records(answers))
    if count > HOST:
        return f"it has {count} addresses, of which the first {HOST} are asked about: name the others themselves"
    if count or not all(answer.is_known for answer in answers):
        return None
    absent = any(answer.status is Status.NXDOMAIN for answer in answers)
    return "the name does not exist, so no address is asked about" if absent else "it has no addresses to ask about"


def _addresses(hosts: Iterable[str], resolver: Resolver) -> dict[str, list[Answer]]:
    """What DNS says of the addresses of each host."""
    found: dict[str, list[Answer]] = {host: [] for host in hosts}
    questions = [Question(host, rdtype) for host in found for rdtype in ("A", "AAAA")]
    for answer in resolver.ask(questions) if questions else ():
        found[answer.question.name].append(answer)
    return found


def _records(answers: Iterable[Answer]) -> list[str]:
    return [record for answer in answers for record in answer.records if _is_address(record)]


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
