"""Subjects: what a person asks to watch, and the addresses and domains that it stands for in a round."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from string import hexdigits
from typing import Literal

from reputon.authentication import spf_walk
from reputon.cause.provider import Provider
from reputon.resolver import Resolver
from reputon.subject import SubjectError, domain
from reputon.watch import sample
from reputon.watch.sample import Network

NAME_LENGTH = 100
LISTS = 100
_HOST = " (a host is watched by its addresses, or by its name as a domain)"
OWN = "pool:own"  # the addresses of inventory.toml

WatchKind = Literal["address", "prefix", "domain", "spf", "pool"]
Walk = Callable[[str, Resolver], Sequence[Network]]


class WatchError(ValueError):
    """A watch that cannot be kept as asked; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class Watch:
    """One thing that is watched; `subject` is canonical, `lists` are names (none: all that can be asked)."""

    subject: str
    kind: WatchKind
    name: str
    every: timedelta
    added: datetime
    lists: tuple[str, ...] = ()
    id: int = 0


def walk_spf(name: str, resolver: Resolver) -> Sequence[Network]:
    """The networks that a domain's SPF record names."""
    return spf_walk.walk(name, resolver).networks


@dataclass(frozen=True)
class Known:
    """What tells the addresses behind a name: own addresses, providers, DNS."""

    resolver: Resolver
    own: tuple[Network, ...] = ()
    providers: Mapping[str, Provider] = field(default_factory=dict)
    walk: Walk = walk_spf

    def networks(self, watch: Watch) -> tuple[Network, ...]:
        """The networks of a watch now; none for a domain, and where they cannot be told."""
        _, _, rest = watch.subject.partition(":")
        match watch.kind:
            case "address" | "prefix":
                return (ip_network(watch.subject),)
            case "spf":
                return sample.merged(self.walk(rest, self.resolver))
            case "pool":
                return sample.merged(self.pool(watch.subject))
            case "domain":
                return ()

    def pool(self, subject: str) -> tuple[Network, ...]:
        """The networks of `pool:own`, `pool:PROVIDER` or `pool:PROVIDER/POOL`; WatchError where there is none."""
        if subject == OWN:
            if not self.own:
                raise WatchError("pool:own: no addresses of your own are known: name them in cause.inventory")
            return self.own
        name, _, part = subject.removeprefix("pool:").partition("/")
        provider = self.providers.get(name)
        if provider is None:
            raise WatchError(f"{subject}: there is no such pool: own, {', '.join(sorted(self.providers))}")
        if not part:
            return provider.prefixes
        found = next((pool.prefixes for pool in provider.pools if pool.id == part), ())
        if not found:
            able = ", ".join(f"{name}/{pool.id}" for pool in provider.pools if pool.prefixes)
            raise WatchError(f"{subject}: no addresses are known of that pool ({able or 'of none'} they are)")
        return found


def parse(text: str) -> tuple[WatchKind, str]:
    """The kind and the canonical form of what a person asks to watch; WatchError."""
    text = text.strip()
    head, colon, rest = text.lower().partition(":")
    try:
        if colon and head == "spf":
            return "spf", f"spf:{_host(rest)}"
        if colon and head == "pool":
            return "pool", f"pool:{rest.strip()}"
        if "/" in text:
            network = ip_network(text, strict=False)
            single = network.num_addresses == 1
            return ("address", str(network.network_address)) if single else ("prefix", str(network))
        if colon or text.replace(".", "").isdecimal():
            return "address", str(_address(text, head))
        return "domain", _host(text)
    except ValueError as error:
        raise WatchError(f"{error}: give an address, a prefix, a domain, spf:DOMAIN or pool:NAME") from None


def chosen(text: str, watches: Sequence[Watch]) -> Watch | None:
    """The watch that a person means by its subject or, where only one is called so, by its name; WatchError."""
    named = [each for each in watches if each.name == text.strip()]
    try:
        _, subject = parse(text)
    except WatchError:
        if not named:
            raise
        subject = ""
    if found := next((each for each in watches if each.subject == subject), None):
        return found
    if len(named) > 1:
        raise WatchError(f"{text}: {len(named)} watches are called so: name one of {_some(named)}")
    return named[0] if named else None


def _some(watches: Sequence[Watch]) -> str:
    return ", ".join(each.subject for each in watches[:5]) + (", ..." if len(watches) > 5 else "")


def _address(text: str, head: str) -> object:
    if head.isalpha() and len(head) > 1 and not set(head) <= set(hexdigits):
        raise SubjectError(f"there is no form `{head}:` here" + (_HOST if head == "host" else ""))
    address = ip_address(text.strip("[]"))
    return getattr(address, "ipv4_mapped", None) or address


def _host(text: str) -> str:
    name = domain(text)
    if "." not in name:
        raise SubjectError(f"{text!r} has no dot in it")
    return name
