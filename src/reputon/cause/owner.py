"""Owner: which address and domain a refusal is about, and what shows whose they are: inventory, headers, DNS."""

import re
from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address

from reputon.authentication.domains import aligned
from reputon.authentication.judgement import Authentication
from reputon.bounce.report import Message, Report
from reputon.cause.case import Fact
from reputon.cause.incidents import domain_of
from reputon.cause.provider import Owners, Provider
from reputon.cause.world import World
from reputon.resolver import Question, Resolver

CONNECTING = "x-ms-exchange-crosstenant-originalattributedtenantconnectingip"
Names = Callable[[], tuple[str, ...]]  # the reverse names of the address, asked for when they are first wanted

_HOSTS = 40  # words with dots in a refusal that are looked at
_NAMES = 5  # reverse names of one address that are asked about

# Hosts are cut from short texts by one pass over characters; the bound keeps a hostile one from being slow.
_HOST = re.compile(r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,10}")
_BRACKETED = re.compile(r"[\[(]([0-9A-Fa-f:.]{2,45})[\])]")


def address(message: Message, report: Report) -> tuple[str | None, Fact | None]:
    """The listed address, else the one that the message left from, with where that was read."""
    if report.listed_ip is not None:
        return report.listed_ip, None
    if (egress := _as_address(message.egress)) is not None:
        return egress, Fact(f"the message left from {egress}", "the log or event that tells of the refusal")
    receivers = [name for name in (report.rhost, domain_of(report.recipient)) if name]
    for value in _values(message, "received"):
        given, _, by = value.partition(" by ")
        # Only the receiver saw the address that came to it; whoever wrote the other hops looked at inner ones.
        if by and any(aligned(by.partition(" ")[0], name) for name in receivers):
            found = next((a for each in _BRACKETED.findall(given[:500]) if (a := _as_address(each))), None)
            if found is not None:
                return found, Fact(f"the receiver took the message from {found}", "returned header Received")
    return None, None


def listed_domain(message: Message, report: Report, world: World) -> str | None:
    """The domain that is refused: the sender's own if it is named, else another that is, else the author's."""
    if report.subject_kind != "domain":
        return None
    author = domain_of(message.header("from")) or domain_of(message.header("return-path"))
    own = [name for name in (author, *world.inventory.domains) if name]
    receivers = [name for name in (report.rhost, domain_of(report.recipient), report.zone) if name]
    named = _hosts(report)
    mine = next((each for each in own for host in named if aligned(host, each)), None)
    if mine is not None:
        return mine
    others = (host for host in named if world.catalogue.by_words(host) is None and host.rpartition(".")[2].isalpha())
    removal = report.removal or ""
    other = next((host for host in others if host not in removal and not lies_below(host, receivers)), None)
    return other or author or next(iter(world.inventory.domains), None)


def own_domain(message: Message, report: Report, world: World) -> str | None:
    """The own domain of a refusal that returns no headers: one that it names, or the only one there is.

    The only one counts for what our own log or provider's event tells, not for what somebody pasted.
    """
    domains = world.inventory.domains
    named = next((each for host in _hosts(report) for each in domains if aligned(host, each)), None)
    told_by_us = message.kind != "pasted" and message.returned is None
    return named or (domains[0] if told_by_us and len(domains) == 1 else None)


def _hosts(report: Report) -> list[str]:
    """The names with dots in a refusal."""
    return [host.lower() for host in _HOST.findall(report.text or "")[:_HOSTS] if not _as_address(host)]


def proof(found: str | None, message: Message, world: World, names: Names) -> Fact | None:
    """What shows that an address is the sender's own; None where nothing does."""
    if found is None:
        return None
    if world.inventory.owns(found):
        return Fact(f"{found} is one of the sender's own addresses", "inventory.toml")
    for value in _values(message, CONNECTING):
        if f"ip=[{found.lower()}]" in value.lower().replace(" ", ""):
            said = f"{found} is the sender's own server, from which its provider took the message"
            return Fact(said, "returned header X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp")
    author = domain_of(message.header("from"))
    own = [name for name in (author, *world.inventory.domains) if name]
    name = next(iter(_confirmed(names, found, world.resolver, own)), None) if own else None
    if name is None:
        return None
    return Fact(f"{found} is called {name}, a name of the sender's own domain", f"DNS: PTR of {found} and back")


def provider(
    found: str | None, report: Report, message: Message, world: World, names: Names
) -> tuple[Provider | None, Fact | None]:
    """Whose range holds the address; without an address, whose server wrote a refusal of its own tenant."""
    holder = Owners.of(world.providers).find(found) if found is not None else None
    if holder is not None:
        each, prefix = holder
        where = f"{each.name}: outbound ranges as of {each.as_of}"
        return each, Fact(f"{found} lies in {prefix}, outbound addresses of {each.name}", where)
    for each in world.providers.values():
        if _speaks(each, report) and lies_below(message.reporter, each.hosts):
            return each, None
    if found is None:
        return None, None
    hosts = [host for each in world.providers.values() for host in each.hosts]
    for name in _confirmed(names, found, world.resolver, hosts):
        named = next(each for each in world.providers.values() if lies_below(name, each.hosts))
        return named, Fact(f"{found} is called {name}, a name of {named.name}", f"DNS: PTR of {found} and back")
    return None, None


def _speaks(each: Provider, report: Report) -> bool:
    """Whether a status is the provider's own word about its tenant, or about the pool that it used."""
    of_pools = (word for pool in each.pools for word in pool.words)
    return report.enhanced in each.tenant_codes or (report.wrapper_enhanced or "-") in of_pools


def silent_domain(authentication: Authentication, by: Provider | None) -> Fact | None:
    """That the author's domain has neither MX nor address, where a provider sends such mail through a pool apart."""
    if by is None or not any(pool.id == "high-risk" for pool in by.pools):
        return None
    fault = next((each for each in authentication.faults if each.id == "no-mx-no-a"), None)
    return None if fault is None else Fact(fault.words, f"DNS: MX and A of {fault.where}")


def reverse_names(found: str | None, resolver: Resolver) -> tuple[str, ...]:
    """What the reverse name of an address says; unproven until the name leads back."""
    if found is None:
        return ()
    (answer,) = resolver.ask([Question(ip_address(found).reverse_pointer, "PTR")])
    return tuple(name.rstrip(".").lower() for name in answer.records[:_NAMES])


def _confirmed(names: Names, found: str, resolver: Resolver, below: Sequence[str]) -> Iterable[str]:
    """The reverse names that lie below one of these and lead back to the address."""
    for name in names():
        if lies_below(name, below):
            (back,) = resolver.ask([Question(name, "AAAA" if ":" in found else "A")])
            if found in map(_as_address, back.records):
                yield name


def lies_below(host: str | None, names: Iterable[str]) -> bool:
    """Whether a host is one of these names, or lies below one."""
    lowered = (host or "").rstrip(".").lower()
    return bool(lowered) and any(lowered == name.lower() or lowered.endswith("." + name.lower()) for name in names)


def _as_address(text: str | None) -> str | None:
    try:
        return str(ip_address((text or "").strip("[]()").partition("%")[0]))
    except ValueError:
        return None


def _values(message: Message, name: str) -> Iterable[str]:
    return (value for key, value in (message.returned.headers if message.returned else ()) if key.lower() == name)
