"""Provider: whose shared addresses these are, what its words and marks mean, and who may ask it for what."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address


@dataclass(frozen=True, slots=True)
class Pool:
    """A part of a provider's outbound addresses: `normal`, `high-risk`, `relay`; `means` is for people."""

    id: str
    words: tuple[str, ...]
    prefixes: tuple[IPv4Network | IPv6Network, ...]
    means: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A returned header field whose words say that the provider itself took the message for spam."""

    header: str
    words: tuple[str, ...]
    means: str


@dataclass(frozen=True, slots=True)
class Support:
    """How the provider is asked: where, by whom, and what a ticket must contain."""

    portal: str
    url: str
    who: str
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider.  `rotates`: a message sent again usually leaves from another address of the pool."""

    id: str
    name: str
    prefixes: tuple[IPv4Network | IPv6Network, ...]
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

    def prefix_of(self, address: str) -> IPv4Network | IPv6Network | None:
        """The provider's prefix in which the address lies, the pools' own prefixes first."""
        found = ip_address(address)
        every = (*(prefix for pool in self.pools for prefix in pool.prefixes), *self.prefixes)
        return next((prefix for prefix in every if prefix.version == found.version and found in prefix), None)

    def pool_of(self, address: str | None, words: str) -> Pool | None:
        """The pool that the address lies in, else the one that the provider's own words name."""
        found = ip_address(address) if address else None
        for pool in self.pools:
            if found and any(found.version == p.version and found in p for p in pool.prefixes):
                return pool
        lower = words.lower()
        return next((pool for pool in self.pools if any(word in lower for word in pool.words)), None)
