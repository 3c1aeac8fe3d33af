"""Sample: a few addresses of many networks, others in each round, until all have had their turn."""

from collections.abc import Sequence
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, collapse_addresses
from math import gcd

Network = IPv4Network | IPv6Network
_UNIT = 64  # an IPv6 network is taken by its /64s, since lists name whole ones


def merged(networks: Sequence[Network]) -> tuple[Network, ...]:
    """The same addresses without overlaps: IPv4 first, in order."""
    four = collapse_addresses(each for each in networks if isinstance(each, IPv4Network))
    six = collapse_addresses(each for each in networks if isinstance(each, IPv6Network))
    return (*four, *six)


def size(networks: Sequence[Network]) -> int:
    """How many addresses there are to look at; of an IPv6 network, one for each /64."""
    return sum(_size(each) for each in networks)


def addresses(networks: Sequence[Network], most: int, turn: int, seed: str = "") -> tuple[str, ...]:
    """At most `most` addresses for the turn with this number; all where there are no more than that.

    Turns walk through all addresses in steps that share no divisor with their number, so that each is taken once
    before any is taken again, and neighbours are not taken together.
    """
    total = size(networks)
    if total <= most:
        return tuple(_at(networks, place) for place in range(total))
    start = int.from_bytes(sha256(seed.encode()).digest()[:8]) % total
    step = _step(total)
    return tuple(_at(networks, (start + (turn * most + each) * step) % total) for each in range(most))


def _step(total: int) -> int:
    """About the golden section of the total: the steps of a few turns then lie far from each other."""
    step = max(1, total * 618 // 1000)
    while gcd(step, total) != 1:
        step += 1
    return step


def _size(network: Network) -> int:
    if network.version == 4 or network.prefixlen >= _UNIT:
        return int(network.num_addresses)
    return 1 << (_UNIT - network.prefixlen)


def _at(networks: Sequence[Network], place: int) -> str:
    for network in networks:
        if place < (size := _size(network)):
            first = int(network.network_address)
            if isinstance(network, IPv4Network):
                return str(IPv4Address(first + place))
            return str(IPv6Address(first + place if network.prefixlen >= _UNIT else first + (place << 64) + 1))
        place -= size
    raise IndexError(place)
