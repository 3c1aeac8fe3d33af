"""Inventory: which domains and addresses are the sender's own, which providers it uses, what it really sent."""

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a sender says of itself.  Own addresses win over a provider's range."""

    domains: tuple[str, ...] = ()
    addresses: tuple[IPv4Network | IPv6Network, ...] = ()
    providers: tuple[str, ...] = ()
    tenant_ids: tuple[str, ...] = ()

    def owns(self, address: str) -> bool:
        """Whether the address is the sender's own, or dedicated to it."""
        found = ip_address(address)
        return any(found.version == network.version and found in network for network in self.addresses)


@dataclass(frozen=True, slots=True)
class Sent:
    """The Message-IDs that we really sent; `is_known` is false where nobody kept them."""

    message_ids: frozenset[str] = field(default_factory=frozenset)
    is_known: bool = False

    def has(self, message_id: str | None) -> bool | None:
        """Whether we sent this message; None where it cannot be told."""
        if not self.is_known or message_id is None:
            return None
        return bare(message_id) in self.message_ids


def bare(message_id: str) -> str:
    """A Message-ID without its angle brackets, which logs and headers write or leave out."""
    return message_id.strip().removeprefix("<").removesuffix(">")
