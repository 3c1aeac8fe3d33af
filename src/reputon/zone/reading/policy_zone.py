"""Policy zone: how a response policy zone names what it is about (RPZ, draft-vixie-dnsop-dns-rpz)."""

from collections.abc import Iterator
from ipaddress import IPv6Address

ACTIONS = {
    "nxdomain": "CNAME .",
    "nodata": "CNAME *.",
    "passthru": "CNAME rpz-passthru.",
    "drop": "CNAME rpz-drop.",
    "tcp-only": "CNAME rpz-tcp-only.",
}


def owner4(first: int, length: int) -> str:
    """The owner of an IPv4 prefix: its length, and its octets, the last first."""
    return f"{length}.{first & 255}.{first >> 8 & 255}.{first >> 16 & 255}.{first >> 24}.rpz-ip"


def owner6(first: int, length: int) -> str:
    """The owner of an IPv6 prefix: its length, and its words, the last first, with `zz` for `::`."""
    head, zeros, tail = str(IPv6Address(first)).partition("::")
    words = [*filter(None, head.split(":")), *(["zz"] if zeros else []), *filter(None, tail.split(":"))]
    return f"{length}.{'.'.join(reversed(words))}.rpz-ip"


def prefixes(first: int, last: int, bits: int) -> Iterator[tuple[int, int]]:
    """The fewest prefixes that are the addresses from `first` to `last`; none of length 0, which RPZ has not."""
    while first <= last:
        size = min(first & -first or 1 << bits - 1, 1 << (last - first + 1).bit_length() - 1, 1 << bits - 1)
        yield first, bits + 1 - size.bit_length()
        first += size
