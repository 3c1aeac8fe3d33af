"""Transferring: who may have a zone, who is told that it changed, and the bounds of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address

from reputon.zone.transfer.signing import Key

ANY_ZONE = "*"  # as an apex: every zone that has no entry of its own
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Secondary:
    """A server that is told of changes; `key`: the name of the key that signs what it is told."""

    address: str
    port: int = 53
    key: str = ""

    def __post_init__(self) -> None:
        ip_address(self.address)  # a name would have to be asked for: ValueError
        if not 0 < self.port < 1 << 16:
            raise ValueError(f"{self.port} is no port of {self.address}")


def secondary(text: str) -> Secondary:
    """`ADDRESS:PORT`, and perhaps the name of a key; ValueError."""
    where, _, key = text.strip().partition(" ")
    host, colon, port = where.rpartition(":")
    try:
        return Secondary(host.strip("[]"), int(port), key.strip()) if colon else Secondary(where, key=key.strip())
    except ValueError:
        raise ValueError(f"{text!r} is no secondary: write it as 192.0.2.53:53, with the name of a key") from None


@dataclass(frozen=True, slots=True)
class Transfers:
    """One zone's secondaries.  Where both `clients` and `keys` are given, both must hold; without any it is nobody."""

    clients: tuple[Network, ...] = ()
    keys: tuple[str, ...] = ()
    notify: tuple[Secondary, ...] = ()

    def allow(self, client: str, key: str) -> bool:
        """Whether a client at this address, who signed by this key (empty: by none), may have the zone."""
        if not self.clients and not self.keys:
            return False
        if self.keys and key not in self.keys:
            return False
        address = ip_address(client.partition("%")[0])
        mapped = getattr(address, "ipv4_mapped", None)
        return not self.clients or any((mapped or address) in network for network in self.clients)


@dataclass(frozen=True, slots=True)
class TransferSettings:
    """All zones' secondaries, by apex in lower case without a last dot, or ANY_ZONE; ValueError: an unknown key.

    `at_once`: transfers at the same time.  `message_seconds`: within which a client must have taken a message;
    `seconds`: within which it must have taken all.  `journal_records`: of a zone's differences, those that are kept.
    """

    zones: Mapping[str, Transfers] = field(default_factory=dict)
    keys: tuple[Key, ...] = ()
    at_once: int = 4
    message_seconds: float = 30.0
    seconds: float = 600.0
    journal_records: int = 200_000

    def __post_init__(self) -> None:
        known = {key.name.rstrip(".").lower() for key in self.keys}
        if len(known) < len(self.keys):
            raise ValueError("two keys have one name: give each its own")
        for apex, each in self.zones.items():
            for name in (*each.keys, *(secondary.key for secondary in each.notify if secondary.key)):
                if name not in known:
                    raise ValueError(f"the transfers of {apex} name the key {name!r}, which is not among the keys")

    def of(self, apex: str) -> Transfers:
        """What is said of a zone."""
        return self.zones.get(apex) or self.zones.get(ANY_ZONE) or Transfers()

    def by_name(self) -> dict[str, Key]:
        """The keys by their names in lower case."""
        return {key.name.rstrip(".").lower(): key for key in self.keys}
