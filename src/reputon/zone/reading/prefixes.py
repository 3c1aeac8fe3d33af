"""Prefixes: how lists write addresses, ranges and names, and how we write them."""

from ipaddress import IPv4Address, IPv6Address
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton

from reputon.zone.content import LONGEST_LABEL, LONGEST_NAME, ContentError

FULL4 = 0xFFFF_FFFF
FULL6 = (1 << 128) - 1
NAME = "abcdefghijklmnopqrstuvwxyz0123456789-_/+="
DIGITS = "0123456789"


def range4(text: str) -> tuple[int, int, int]:
    """An IPv4 range as rbldnsd writes it: (first, last, length), both included; `length` is -1 for `a-b`.

    `a.b.c.d`, the leading octets alone (`a.b.c`), `/length` after either, or two of them with `-` between, whose
    second is filled up with 255 and may be the last octet alone (`127.16-31`).  Raises ContentError.
    """
    head, dash, tail = text.partition("-")
    if not dash:
        first, length = prefix4(text)
        return first, first | FULL4 >> length, length
    first, length = _octets(head)
    last, other = _octets(tail)
    if other == 8 and length > 8:
        last = last >> length - 8 | first & ~(FULL4 >> length - 8)
    elif other != length:
        raise ContentError(f"{text!r}: as many octets before the dash as after it, or the last octet alone")
    last |= FULL4 >> length
    if first > last:
        raise ContentError(f"{text!r} ends before it begins: write the lower address first")
    return first, last, -1


def prefix4(text: str) -> tuple[int, int]:
    """An IPv4 prefix as (first, length): `a.b.c.d`, `a.b.c`, or `/length` after either; raises ContentError."""
    head, slash, tail = text.partition("/")
    first, length = _octets(head)
    if slash:
        length = _length(tail, 32, text)
    elif length == 8:
        raise ContentError(f"{text!r} is a bare number: write {text}/8 or a whole address")
    if first & FULL4 >> length:
        right = f"{IPv4Address(first & ~(FULL4 >> length))}/{length}"
        raise ContentError(f"{text!r} has bits after its length: write {right}")
    return first, length


def prefix6(text: str) -> tuple[int, int]:
    """An IPv6 address or prefix as (first, length); leading words alone are a prefix; raises ContentError."""
    head, slash, tail = text.partition("/")
    words = head.split(":")
    short = len(words) < 8 and "" not in words
    try:
        first = int.from_bytes(inet_pton(AF_INET6, head + "::" if short else head), "big")
    except (OSError, ValueError):
        raise ContentError(f"{text!r} is no address, range or prefix: write 192.0.2.1 or 2001:db8::/32") from None
    length = 16 * len(words) if short else 128
    if slash:
        length = _length(tail, 128, text)
    elif length == 16:
        raise ContentError(f"{text!r} is a bare number: write {text}::/16")
    if first & FULL6 >> length:
        right = f"{IPv6Address(first & ~(FULL6 >> length))}/{length}"
        raise ContentError(f"{text!r} has bits after its length: write {right}")
    return first, length


def name(text: str, longest: int = LONGEST_NAME) -> str:
    """A domain name in lower case, without a last dot, of at most `longest` bytes on the wire; raises ContentError."""
    found = text.lower().removesuffix(".")
    if not found or found.strip(NAME + "."):
        raise ContentError(f"{text!r} is no name: write ASCII letters, digits and hyphens (others as xn--...)")
    if len(found) + 2 > longest:
        raise ContentError(f"{text[:80]!r} is longer than the {longest} bytes that are left in this zone")
    if "" in (labels := found.split(".")) or max(map(len, labels)) > LONGEST_LABEL:
        raise ContentError(f"{text!r}: a label is empty or longer than {LONGEST_LABEL}: write names like a.example.com")
    return found


def text4(first: int, length: int) -> str:
    """An IPv4 prefix as we write it; a single address without its length."""
    address = inet_ntop(AF_INET, first.to_bytes(4, "big"))
    return address if length == 32 else f"{address}/{length}"


def text6(first: int, length: int) -> str:
    """An IPv6 prefix as we write it; a single address without its length."""
    address = inet_ntop(AF_INET6, first.to_bytes(16, "big"))
    return address if length == 128 else f"{address}/{length}"


def _octets(text: str) -> tuple[int, int]:
    """One to four octets, decimal even with leading zeros, as rbldnsd reads them: (first, 8 to 32)."""
    octets = text.split(".")
    if len(octets) > 4 or not all(each and len(each) < 9 and not each.strip(DIGITS) for each in octets):
        raise ContentError(f"{text!r} is no address, range or prefix: write 192.0.2.1 or 2001:db8::/32")
    first = 0
    for position, octet in enumerate(octets):
        if int(octet) > 255:
            raise ContentError(f"{text!r}: no octet is larger than 255")
        first |= int(octet) << 24 - 8 * position
    return first, 8 * len(octets)


def _length(text: str, most: int, whole: str) -> int:
    if not text or len(text) > 3 or text.strip(DIGITS) or int(text) > most:
        raise ContentError(f"{whole!r}: the length after the slash is 0 to {most}")
    return int(text)
