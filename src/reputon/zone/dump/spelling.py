"""Spelling: blocks of addresses, and names in wire format, as text."""

from collections.abc import Iterator
from socket import AF_INET6, inet_ntop

from reputon.zone.dump.aligned import NIBBLE, OCTET, Blocks
from reputon.zone.kernel.hashing import labels_of

_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-_*")


def owner_text(blocks: Blocks) -> Iterator[str]:
    """The owners relative to the apex, `4.3.2.1` or `*.3.2.1`."""
    wildcard = [] if blocks.is_whole else ["*"]
    for parts in _parts(blocks):
        yield ".".join(wildcard + parts[::-1])


def address_text(blocks: Blocks) -> Iterator[str]:
    """Whole addresses, as our own answers have them."""
    if blocks.version == 4:
        for number in blocks.lower.tolist():
            yield f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    else:
        for upper, lower in zip(blocks.upper.tolist(), blocks.lower.tolist(), strict=True):
            yield address6(upper << 64 | lower)


def address6(number: int) -> str:
    """An IPv6 address in groups alone (RFC 5952 section 4): no octets, which only some systems and versions write."""
    text = inet_ntop(AF_INET6, number.to_bytes(16, "big"))
    if "." not in text:
        return text
    return f"{text.rpartition(':')[0]}:{number >> 16 & 0xFFFF:x}:{number & 0xFFFF:x}"


def prefix_text(blocks: Blocks) -> Iterator[str]:
    """Prefixes, `1.2.3.0/24` or `2001:db8::/32`."""
    for parts in _parts(blocks):
        if blocks.version == 4:
            yield ".".join(parts + ["0"] * (4 - len(parts))) + f"/{OCTET * blocks.labels}"
        else:
            yield f"{address6(int(''.join(parts).ljust(32, '0'), 16))}/{NIBBLE * blocks.labels}"


def escaped(owner: bytes) -> str:
    """A relative name as in a zone file (RFC 1035 section 5.1); empty for the apex."""
    return ".".join("".join(map(_escaped, label[1:])) for label in labels_of(owner))


def _escaped(byte: int) -> str:
    if byte in _PLAIN:
        return chr(byte)
    return f"\\{chr(byte)}" if 33 <= byte <= 126 and not chr(byte).isdigit() else f"\\{byte:03d}"


def _parts(blocks: Blocks) -> Iterator[list[str]]:
    """The numbers of the known labels, the uppermost first."""
    if blocks.version == 4:
        for number in blocks.lower.tolist():
            yield [str(number >> shift & 255) for shift in (24, 16, 8, 0)[: blocks.labels]]
    else:
        for upper, lower in zip(blocks.upper.tolist(), blocks.lower.tolist(), strict=True):
            yield list(f"{upper:016x}{lower:016x}"[: blocks.labels])
