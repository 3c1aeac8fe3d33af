"""Spelling: blocks of addresses, and names in wire format, as text."""

from collections.abc import Iterator

from reputon.zone.aligned import NIBBLE, OCTET, Blocks
from reputon.zone.hashing import labels_of

_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-_*")


def owner_text(blocks: Blocks) -> Iterator[str]:
    """The owners relative to the apex, `4.3.2.1` or `*.3.2.1`."""
    wildcard = [] if blocks.is_whole else ["*"]
    for parts in _parts(blocks):
        yield ".".join(wildcard + parts[::-1])


def address_text(blocks: Blocks) -> Iterator[str]:
    """Whole addresses; those of IPv6 as eight groups without leading zeros, as our own answers have them."""
    if blocks.version == 4:
        for number in blocks.lower.tolist():
            yield f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    else:
        for parts in _parts(blocks):
            yield ":".join(_groups(parts))


def prefix_text(blocks: Blocks) -> Iterator[str]:
    """Prefixes, `1.2.3.0/24` or `2001:db8::/32`."""
    for parts in _parts(blocks):
        if blocks.version == 4:
            yield ".".join(parts + ["0"] * (4 - len(parts))) + f"/{OCTET * blocks.labels}"
        else:
            groups = ":".join(_groups(parts))
            yield f"{groups}{'::' if blocks.labels <= 28 else ''}/{NIBBLE * blocks.labels}"


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


def _groups(nibbles: list[str]) -> list[str]:
    text = "".join(nibbles).ljust(-(-len(nibbles) // 4) * 4, "0")
    return [text[at : at + 4].lstrip("0") or "0" for at in range(0, len(text), 4)]
