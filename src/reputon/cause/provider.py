"""Provider: whose shared addresses these are, what its words and marks mean, and who may ask it for what."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Self

PREFIXES = 4096  # of one provider: those with the most name some fifty
WIDEST = {4: 8, 6: 20}  # bits of the widest prefix by version: a wider one would make half the world a provider's

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Pool:
    """A part of a provider's outbound addresses: `normal`, `high-risk`, `relay`; `means` is for people."""

    id: str
    words: tuple[str, ...]
    prefixes: tuple[Network, ...]
    means: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A returned header field whose words say that the provider itself took the message for spam.

    Any of `words` will do, but only in a field that holds all of `needs` (that it speaks of outbound mail, say).
    """

    header: str
    words: tuple[str, ...]
    means: str
    needs: tuple[str, ...] = ()

    def word_in(self, name: str, value: str) -> str | None:
        """The first of the mark's words that a header field holds; None where it does not speak."""
        if name.lower() != self.header:
            return None
        held = value.lower()
        if not all(need in held for need in self.needs):
            return None
        return next((word for word in self.words if word in held), None)


@dataclass(frozen=True, slots=True)
class Support:
    """How the provider is asked: where, by whom, and what a ticket must contain."""

    portal: str
    url: str
    who: str
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider.  `rotates`: a message sent again usually leaves from another address of the pool.

    `spf`: names whose SPF records hold its addresses; `refuses`: what it will not do; `reroute`: the way round a
    listed address that it offers; `trace`: how its customers look a message up.  Texts for people, empty if unknown.
    """

    id: str
    name: str
    prefixes: tuple[Network, ...]
    hosts: tuple[str, ...]
    seals: tuple[str, ...]
    pools: tuple[Pool, ...]
    marks: tuple[Mark, ...]
    tenant_codes: tuple[str, ...]
    ticket_headers: tuple[tuple[str, str], ...]
    rotates: bool
    who_may_delist: str
    support: Support
    origin: str
    as_of: str
    spf: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()
    reroute: str = ""
    trace: str = ""

    def every_prefix(self) -> Iterator[Network]:
        """Its prefixes, those of its pools first."""
        for pool in self.pools:
            yield from pool.prefixes
        yield from self.prefixes

    def prefix_of(self, address: str) -> Network | None:
        """The provider's prefix in which the address lies, the pools' own prefixes first."""
        found = ip_address(address)
        return next((prefix for prefix in self.every_prefix() if found in prefix), None)

    def pool_of(self, address: str | None, words: str) -> Pool | None:
        """The pool that the address lies in, else the one that the provider's own words name."""
        found = ip_address(address) if address else None
        for pool in self.pools:
            if found and any(found in prefix for prefix in pool.prefixes):
                return pool
        lower = words.lower()
        return next((pool for pool in self.pools if any(word in lower for word in pool.words)), None)


def bounded(prefixes: Iterable[Network]) -> tuple[Network, ...]:
    """The prefixes, each once and in their order; ValueError for too many, or one that is too wide."""
    found = tuple(dict.fromkeys(prefixes))
    if len(found) > PREFIXES:
        raise ValueError(f"more than {PREFIXES} prefixes")
    for prefix in found:
        if prefix.prefixlen < WIDEST[prefix.version]:
            raise ValueError(f"{prefix} is wider than /{WIDEST[prefix.version]}: no provider sends from all of it")
    return found


def refreshed(provider: Provider, networks: Iterable[Network], as_of: str) -> Provider:
    """The provider with the prefixes that its SPF records name on the day `as_of`; its pools keep theirs.

    ValueError for none, too many, or one that is too wide: a record that is gone or says `+all` teaches nothing.
    """
    found = bounded(networks)
    if not found:
        raise ValueError(f"no prefixes for {provider.id}: its SPF records name none")
    return replace(provider, prefixes=found, as_of=as_of)


class Owners:
    """Whose an address is, by its longest prefix: one dictionary for each length, asked longest first."""

    __slots__ = ("_by_length", "_providers")

    def __init__(self, providers: Iterable[Provider]) -> None:
        self._providers = tuple(providers)  # kept alive, so that their ids stay theirs
        lengths: dict[tuple[int, int], dict[int, tuple[Provider, Network]]] = {}
        for provider in self._providers:
            for prefix in provider.every_prefix():
                shift = prefix.max_prefixlen - prefix.prefixlen
                start = int(prefix.network_address) >> shift
                lengths.setdefault((prefix.version, shift), {}).setdefault(start, (provider, prefix))
        longest_first = sorted(lengths.items(), key=lambda item: item[0])
        self._by_length = {
            version: tuple((shift, found) for (its, shift), found in longest_first if its == version)
            for version in (4, 6)
        }

    @classmethod
    def of(cls, providers: Mapping[str, Provider]) -> Self:
        """The index of these providers, made once for the same ones."""
        key = tuple(map(id, providers.values()))
        kept = _KEPT.get(key)
        if not isinstance(kept, cls):
            if len(_KEPT) >= _KEEP:
                _KEPT.clear()
            kept = _KEPT[key] = cls(providers.values())
        return kept

    def find(self, address: str) -> tuple[Provider, Network] | None:
        """The provider and its prefix; of equal prefixes the first provider's.  ValueError for what is no address."""
        found = ip_address(address)
        number = int(found)
        for shift, starts in self._by_length[found.version]:
            owner = starts.get(number >> shift)
            if owner is not None:
                return owner
        return None

    def without_others(self, provider: Provider, networks: Iterable[Network]) -> Iterator[Network]:
        """The networks without those that lie in another provider's prefixes: SPF records include each other."""
        for each in networks:
            found = self.find(str(each.network_address))
            if found is None or found[0].id == provider.id or found[1].prefixlen > each.prefixlen:
                yield each


_KEEP = 8  # indexes: a run has one world, a test some
_KEPT: dict[tuple[int, ...], Owners] = {}
